"""Facts into the plain data that templates see: `entitlements`, `config`, `license` and `installation`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shipper.context.facts import NO_LICENSE, Entitlement, LicenseFacts, Registry, Scope
from shipper.context.numbers import parse_int, parse_number
from shipper.context.values import FALSE_TEXTS, TRUE_TEXTS, scalar_text
from shipper.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shipper.context.facts import Facts, Option

LICENSE_FIELDS = (
    "id", "serial", "product", "channel", "type", "customer", "issued_at", "not_before", "expires_at", "grace_days",
    "offline_days", "seats",
)  # fmt: skip
INSTALLATION_NAMES = (
    "app_slug", "channel_id", "channel_name", "customer_id", "installation_id", "license_id", "release_id",
    "release_notes", "semver", "state_file_path",
)  # fmt: skip


def license_facts(payload_json: str, envelope_json: str) -> LicenseFacts:
    """The facts of a license from its *verified* payload and its envelope, both compact JSON text.

    An unsigned one has no envelope, and its payload only what is known.
    """
    payload = payload_document(payload_json)
    entitlements = {
        name: Entitlement(
            value=field["value"],
            type=field["type"],
            title=field.get("title") or "",
            description=field.get("description") or "",
            hidden=bool(field.get("hidden")),
        )
        for name, field in (payload.get("entitlements") or {}).items()
    }
    account = payload.get("registry")
    registry = Registry(account["server"], account["username"], account["password"]) if account else None
    return LicenseFacts(payload.get("id", ""), entitlements, envelope_json, payload_json, registry)


@lru_cache(maxsize=4)
def payload_document(payload_json: str) -> Mapping[str, Any]:
    """The payload as plain data, parsed once; nobody changes it."""
    import json

    document: dict[str, Any] = json.loads(payload_json)
    return document


def build_scope(facts: Facts) -> Scope:
    """The scope of all templates of one run. Templates have nothing that changes a value, so they share it.

    Raises TemplateError for an option whose text isn't of its type.
    """
    entitlements = license = NO_LICENSE
    if facts.license:
        document = payload_document(facts.license.payload_json)
        entitlements = {name: entitlement.value for name, entitlement in facts.license.entitlements.items()}
        license = {name: document[name] for name in LICENSE_FIELDS if name in document}
        if facts.license.registry:
            license["registry"] = {"server": facts.license.registry.server}
    data: dict[str, object] = {
        "entitlements": entitlements,
        "config": {name: option_value(option) for name, option in facts.options.items()},
        "license": license,
        "installation": installation(facts),
    }
    return Scope(data, facts)


def installation(facts: Facts) -> dict[str, str]:
    """What is known about this installation, by the names of Ship's `Installation`.

    What a signed license says about itself and its customer wins over the release; `installation_id` and
    `license_id` stand in for each other, as in Ship.
    """
    document = payload_document(facts.license.payload_json) if facts.license else {}
    is_signed = facts.license is not None and bool(facts.license.envelope_json)
    named = {
        "app_slug": document.get("product"),
        "channel_name": document.get("channel"),
        **{name: scalar_text(value) for name, value in facts.release.items() if "." not in name},
    }
    signed = {
        "license_id": facts.license.id if facts.license and is_signed else None,
        "customer_id": (document.get("customer") or {}).get("id") if is_signed else None,
        "installation_id": facts.installation_id,
    }
    named.update({name: value for name, value in signed.items() if value})
    for name, other in (("installation_id", "license_id"), ("license_id", "installation_id")):
        if not named.get(name) and named.get(other):
            named[name] = named[other]
    return {name: value for name, value in sorted(named.items()) if value is not None}


def option_value(option: Option) -> str | float | None:
    """The typed value of an option. Empty text is no value: None for numbers, false for a boolean."""
    text = option.text
    if option.type == "string":
        return text
    if option.type == "boolean":
        if text in TRUE_TEXTS:
            return True
        if text in FALSE_TEXTS or not text:
            return False
    elif not text:
        return None
    else:
        try:
            return parse_int(text) if option.type == "integer" else parse_number(text)
        except ValueError:
            pass
    raise TemplateError(f'the text of option "{option.name}" doesn\'t fit its type {option.type}')
