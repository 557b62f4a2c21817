"""The release as Ship tells it: its metadata as YAML, and the specs in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shipper.context.build import installation, payload_document
from shipper.context.registry import check_size, function
from shipper.context.serialize import yaml_string
from shipper.context.ship.known import text_fact
from shipper.context.values import YamlText, scalar_text
from shipper.errors import LimitError, TemplateError
from shipper.yamlio import Mapping, Sequence, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.context.facts import Facts

NO_TIME = "0001-01-01T00:00:00Z"
TYPE_LABEL = "entitlements.replicated.com/type"
SPECS = ("config_spec", "collect_spec", "analyze_spec")
SHIP_NAMES = {
    "entitlement_spec": "entitlementSpec",
    "config_spec": "configSpec",
    "collect_spec": "collectSpec",
    "analyze_spec": "analyzeSpec",
}
APP_METADATA = ("description", "version", "icon", "name", "readme", "url", "contentSHA", "releaseNotes")


@function(("{{repl ConfigSpec }}", "[]"), table="further")
def ConfigSpec(facts: Facts) -> str:
    """The text of the release's `config_spec`."""
    return _document(text_fact(facts, "config_spec"))


@function(("{{repl CollectSpec | quote }}", '"collect: {}"'), table="further")
def CollectSpec(facts: Facts) -> str:
    """The text of the release's `collect_spec`."""
    return _document(text_fact(facts, "collect_spec"))


@function(("{{repl AnalyzeSpec | quote }}", '"analyze: {}"'), table="further")
def AnalyzeSpec(facts: Facts) -> str:
    """The text of the release's `analyze_spec`."""
    return _document(text_fact(facts, "analyze_spec"))


@function(
    ('{{repl index (Split ShipCustomerRelease "\\n") 9 }}', 'semver: "1.2.3"'),
    ('{{ ShipCustomerRelease().split("\\n")[9] }}', 'semver: "1.2.3"'),
    table="further",
)
def ShipCustomerRelease(facts: Facts) -> str:
    """What is known of release, customer and entitlements, as YAML text with Ship's names in Ship's order.

    What Ship blanked is blank: images, contents from GitHub, and the specs. So is what others than the customer should
    not see, `registrySecret`, and Ship's signature, which nobody but Replicated can make: an app verifies `Entitlements`.
    """
    return YamlText("".join(_release(facts, full=False)))


@function(
    ('{{repl regexFind "configSpec:.*" ShipCustomerReleaseFull }}', 'configSpec: "[]"'),
    table="further",
)
def ShipCustomerReleaseFull(facts: Facts) -> str:
    """The same with the specs. Images and contents from GitHub are blank here, too."""
    return YamlText("".join(_release(facts, full=True)))


def _document(text: str) -> str:
    """`text`, which is a whole node of YAML where it can be read as a list or a map."""
    try:
        node = parse(text, "", error=TemplateError)
    except (TemplateError, LimitError):
        return text
    return YamlText(text) if isinstance(node, (Mapping, Sequence)) else text


def _release(facts: Facts, *, full: bool) -> Iterator[str]:
    """The lines. Only what is absent or a time is written without `yaml_string`."""
    license: Any = payload_document(facts.license.payload_json) if facts.license else {}
    known = {name: scalar_text(value) for name, value in facts.release.items()} | installation(facts)
    check_size(sum(map(len, known.values())))
    customer = license.get("customer") or {}
    yield _line("releaseId", known.get("release_id"))
    yield f"sequence: {known.get('sequence', '0')}\n"
    yield _line("customerId", known.get("customer_id"))
    yield _line("installation", facts.installation_id or known.get("installation_id"))
    yield _line("channelId", known.get("channel_id"))
    yield _line("appSlug", known.get("app_slug"))
    yield _line("licenseId", known.get("license_id"))
    yield _line("channelName", known.get("channel_name"))
    yield _line("channelIcon", known.get("channel_icon"))
    yield _line("semver", known.get("semver"))
    yield _line("releaseNotes", known.get("release_notes"))
    yield _line("created", known.get("created"))
    yield 'installed: ""\nregistrySecret: ""\nimages: []\ngithubContents: []\nshipAppMetadata:\n'
    yield from (f'  {name}: ""\n' for name in APP_METADATA)
    yield f"entitlements:\n  meta:\n    lastupdated: {license.get('issued_at') or NO_TIME}\n"
    yield _line("    customerid", known.get("customer_id"))
    yield '  serialized: ""\n  signature: ""\n'
    yield from _values(facts)
    yield "  utilizations: []\n"
    for name, written in SHIP_NAMES.items():
        yield _line(written, known.get(name) if full or name not in SPECS else "")
    yield 'type: ""\nlicense:\n'
    yield _line("  id", known.get("license_id"))
    yield _line("  assignee", customer.get("name"))
    yield f"  createdAt: {license.get('issued_at') or NO_TIME}\n"
    yield f"  expiresAt: {license.get('expires_at') or NO_TIME}\n"
    yield _line("  type", license.get("type"))


def _values(facts: Facts) -> Iterator[str]:
    entitlements = facts.license.entitlements if facts.license else {}
    yield "  values:\n" if entitlements else "  values: []\n"
    for name, entitlement in entitlements.items():
        yield _line("  - key", name)
        yield _line("    value", scalar_text(entitlement.value))
        yield f"    labels:\n    - key: {TYPE_LABEL}\n"
        yield _line("      value", entitlement.type)


def _line(name: str, text: str | None) -> str:
    return f"{name}: {yaml_string(text or '')}\n"
