"""The run of `setup`: what it was given becomes values, and these become manifests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from shipper.cli.funnel import describe, note, say, warn
from shipper.cli.inputs import file_name, is_unicode, license_data, one_standard_input, set_file_paths
from shipper.errors import Position, ShipperError, UsageError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shipper.cli.setupoptions import ValuesOptions
    from shipper.kubernetes.typed import Path
    from shipper.license.keys import PublicKey
    from shipper.license.verify import VerifiedLicense
    from shipper.setup.charts import Name
    from shipper.setup.values import Merged

KEY = ("license", "key")
SERVER = ("license", "licenseServer")
LICENSE = ("license", "file", "data", "license.pem")
TRUST = ("license", "trustKey")
_OTHER_KEYS = ("key", "keyRef", "existingSecret")
SERVER_VARIABLE = "OPERATOR_LICENSE_SERVER"


class Sources(NamedTuple):
    """Where key, license and trust come from: the flag of the key and the variable that stands in for it, files."""

    license_key: str | None
    variable: str
    license_path: str | None
    trust_key: Sequence[str]


def run(name: Name, options: ValuesOptions, sources: Sources, flags: Mapping[Path, object], *, accepted: bool) -> None:
    """Print the manifests of `name`. Raises UsageError, SpecError, TemplateError, LicenseError, LimitError."""
    from shipper.cli.output import write_chunks
    from shipper.setup.terms import terms

    if not accepted:
        note(terms(name))
        raise UsageError("the terms above are not accepted yet", hint="--accept-tos accepts them")
    require_validator(name)
    from shipper.setup.manifests import manifests

    check_arguments(options, sources)
    values, license = gathered(name, options, sources, flags)
    with manifests(name, values, license) as made:
        tell(name, values)
        write_chunks(made.spool.chunks())


def require_validator(name: Name) -> None:
    """Raise UsageError unless what checks values is installed. It is not imported."""
    from importlib.util import find_spec

    from shipper.cli.services import INSTALL

    if find_spec("jsonschema_rs") is None:
        raise UsageError(f"{name} setup needs a package that is not installed: jsonschema-rs", hint=INSTALL)


def check_arguments(options: ValuesOptions, sources: Sources) -> None:
    """Raise UsageError for text that is no UTF-8, and for two inputs that are standard input."""
    for flag, texts in (("--set", options.set), ("--set-string", options.set_string), ("--set-file", options.set_file)):
        if not all(map(is_unicode, texts)):
            raise UsageError(f"{flag} takes UTF-8 text")
    key = sources.license_key
    key_file = key[1:] if key and key.startswith("@") else None
    one_standard_input(
        *options.values, key_file, sources.license_path, *sources.trust_key, *set_file_paths(options.set_file)
    )


def gathered(
    name: Name, options: ValuesOptions, sources: Sources, flags: Mapping[Path, object]
) -> tuple[dict[str, Any], VerifiedLicense | None]:
    """All values, checked, and the license among them. What is wrong with several values is said at once."""
    from shipper.setup.charts import chart
    from shipper.setup.check import check
    from shipper.setup.extras import without_templates
    from shipper.setup.values import Given, merge, read_values

    folder = chart(name)
    defaults = read_values(str(folder / "values.yaml")).data
    given = dict(flags)
    if options.namespace is not None:
        given["namespace",] = namespace(options.namespace)
    if sources.license_key is not None:
        given[KEY] = key_text(sources.license_key, "--license-key")
    if SERVER in given:
        check_server(str(given[SERVER]), "--license-server")
    keys, given_trust = read_trust(sources.trust_key)
    if keys:
        given[TRUST] = given_trust
    license = None
    if sources.license_path is not None:
        license, given[LICENSE] = read_vendors(sources.license_path, keys)
    said = Given(options.values, options.set, options.set_string, options.set_file, given)
    merged = merge(defaults, said)
    add_variables(name, merged, sources)
    errors: list[ShipperError] = list(check(merged, folder))
    for error in errors[:-1]:
        say(describe(error))
    if errors:
        raise errors[-1]
    return {**merged.values, "extraObjects": without_templates(merged)}, license or known_license(merged.values)


def namespace(name: str) -> str:
    """`name`, if it can be a namespace. Raises UsageError."""
    from shipper.kubernetes.names import why_no_namespace

    reason = why_no_namespace(name)
    if reason:
        raise UsageError(f"--namespace {shown(name)} can't be a namespace", hint=reason)
    return name


def key_text(given: str, source: str) -> str:
    """The license key: itself, or what the file after `@` holds. Raises UsageError, which doesn't show it."""
    from shipper.cli.remote import license_key
    from shipper.license.sources import require_key

    key = license_key(given) if given else ""
    require_key(key, source)
    return key


def check_server(url: str, source: str) -> None:
    """Raise UsageError unless operators can ask the license server at `url`."""
    from shipper.license import urls

    try:
        place = urls.parse(url)
    except ValueError as error:
        raise UsageError(
            f"{source}: this is no URL that can be used: {error}",
            hint="such as https://licenses.example.com, with the prefix that the server is under, if any",
        ) from None
    if place.query is not None or "/api/v1" in place.path:
        raise UsageError(f"{source} takes the URL of a server, without a query or the path of its API")


def read_trust(files: Sequence[str]) -> tuple[list[PublicKey], str]:
    """The keys in the files of --trust-key, and all of them as one PEM text. Raises UsageError."""
    from shipper.license.keys import MAX_BYTES, parse_public_keys
    from shipper.yamlio import read_file

    keys: list[PublicKey] = []
    text = ""
    for path in files:
        data = read_file(path, max_bytes=MAX_BYTES)
        keys += parse_public_keys(data, file_name(path))
        text += data.decode("utf-8-sig", "replace").replace("\r\n", "\n").strip() + "\n"
    return keys, text


def read_vendors(path: str, keys: Sequence[PublicKey]) -> tuple[VerifiedLicense, str]:
    """The license in a file, valid now and verified if there are `keys`, and its text. Says its warnings.

    Raises UsageError, LicenseError, LimitError.
    """
    from datetime import UTC, datetime

    from shipper.license.state import require_valid
    from shipper.license.verify import verify

    name = file_name(path)
    data = license_data(path)
    license = verify(data, keys, product=None, file=name) if keys else parsed(data, name)
    warning = require_valid(license.license, datetime.now(UTC), name)
    if warning:
        warn(warning, Position(name))
    if not keys:
        warn("the license was not verified; --trust-key PUB does it", Position(name))
    return license, data.decode("ascii").replace("\r\n", "\n")


def parsed(data: bytes, name: str) -> VerifiedLicense:
    """What a license says, whoever signed it: who uses it verifies it. Raises LicenseError, LimitError."""
    from shipper.license import envelope
    from shipper.license.armor import dearmor
    from shipper.license.document import parse_payload
    from shipper.license.verify import VerifiedLicense

    signed = envelope.parse(dearmor(data, name), name)
    return VerifiedLicense(parse_payload(signed.payload, name), signed.payload, signed.to_json(), "")


def known_license(values: Mapping[str, Any]) -> VerifiedLicense | None:
    """The license in the values; None if there is none that can be read."""
    from shipper.setup.values import value_at

    text = value_at(values, LICENSE)
    if not isinstance(text, str) or not text:
        return None
    # As the chart takes it: blanks around it, and ends of lines, are those of the values file
    text = text.replace("\r\n", "\n").strip() + "\n"
    try:
        return parsed(text.encode(), "license.pem")
    except ShipperError:
        return None


def add_variables(name: Name, merged: Merged, sources: Sources) -> None:
    """Put in what variables say where no flag does. A key that is elsewhere by the values stays there."""
    from shipper.setup.values import put, value_at

    values = merged.values
    key = os.environ.get(sources.variable)
    elsewhere = any(value_at(values, ("license", other)) for other in _OTHER_KEYS)
    if key and sources.license_key is None and not elsewhere:
        put(values, KEY, key_text(key, sources.variable))
    server = os.environ.get(SERVER_VARIABLE) if name == "operator" else None
    if server and not value_at(values, SERVER):
        check_server(server, SERVER_VARIABLE)
        put(values, SERVER, server)


def tell(name: Name, values: Mapping[str, Any]) -> None:
    """Say what the one who installs it should know."""
    from shipper.setup.values import value_at

    server = value_at(values, SERVER)
    if isinstance(server, str) and server.lower().startswith("http://"):
        warn("the license key and the reports are sent in the clear over http; use https")
    if name == "operator" and not any(value_at(values, ("license", key)) for key in ("trustKey", "trustKeyRef")):
        warn("no trust key is given, with --trust-key PUB: the operator's image must hold the vendor's")
    secret = value_at(values, ("license", "file", "secret"))
    if name == "license-server" and secret and not value_at(values, LICENSE):
        existing = value_at(values, ("license", "file", "existingSecret")) or secret
        note(f"no license is given, with --license-path FILE: the Secret {existing} must have it, as license.pem")
    if not values.get("createNamespace"):
        where = values.get("namespace")
        note(f"the namespace {where} must exist, or be made with --set createNamespace=true")
