"""The license document: the signed payload, read strictly (docs/license-format.md lists the fields).

Fields that this version doesn't know are left alone, so that a newer issuer may add some; a field that some
other language could take for a known one ("Product", or "seats" with a long s) is refused.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from shipper.errors import MASK, LicenseError, LimitError, Position
from shipper.license.defects import DefectError
from shipper.license.fields import Fields, encodable, fail, fold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shipper.license.defects import Path

VERSION = 1
MAX_DAYS = 36_500
Unit = Literal["user", "machine"]
EntitlementType = Literal["integer", "boolean", "string"]

LICENSE_FIELDS = (
    "version",
    "id",
    "serial",
    "product",
    "channel",
    "type",
    "customer",
    "issued_at",
    "not_before",
    "expires_at",
    "grace_days",
    "offline_days",
    "seats",
    "entitlements",
    "registry",
)
CUSTOMER_FIELDS = ("id", "name", "email")
SEATS_FIELDS = ("limit", "unit", "window", "billing_day", "overage")
REGISTRY_FIELDS = ("server", "username", "password")
MAX_PASSWORD = 16_384
ENTITLEMENT_FIELDS = ("type", "value", "title", "description", "hidden")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_ENTITLEMENT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")
# A key of Docker's config.json: host, port and path, some with a scheme
_SERVER = re.compile(
    r"(?:https?://)?(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:]{2,45}\])(?::[0-9]{1,5})?"
    r"(?:/[A-Za-z0-9._/-]{0,255})?"
)
_COUNTED = re.compile(r"([a-z-]+):([1-9][0-9]{0,4})")
_UNITS: Mapping[str, Unit] = {"user": "user", "machine": "machine"}
_TYPES: Mapping[type, EntitlementType] = {bool: "boolean", int: "integer", str: "string"}


class Customer(NamedTuple):
    id: str
    name: str
    email: str = ""


class Seats(NamedTuple):
    """`window` is `billing-month`, `rolling-days:N` or `concurrent`; `overage` is `deny`, `warn` or `percent:N`.

    `billing_day` (1 to 28, UTC) is set for `billing-month` only.
    """

    limit: int
    unit: Unit
    window: str
    billing_day: int | None
    overage: str


class Entitlement(NamedTuple):
    name: str
    type: EntitlementType
    value: int | bool | str
    title: str = ""
    description: str = ""
    hidden: bool = False


class Registry(NamedTuple):
    """A container registry and the account that pulls from it; the password is a secret, and not shown."""

    server: str
    username: str
    password: str

    def __repr__(self) -> str:
        return f"Registry(server={self.server!r}, username={self.username!r}, password=...)"


class License(NamedTuple):
    """Times are in UTC; `expires_at` is the first instant that is no longer valid, None for never."""

    id: str
    serial: int
    product: str
    channel: str
    type: str
    customer: Customer
    issued_at: datetime
    not_before: datetime
    expires_at: datetime | None
    grace_days: int
    offline_days: int
    seats: Seats | None
    entitlements: Mapping[str, Entitlement]
    registry: Registry | None = None


def is_id(text: str) -> bool:
    """Whether `text` has the form of a license's id."""
    return _NAME.fullmatch(text) is not None


def parse_payload(payload: bytes, file: str) -> License:
    """The license in a signed payload. Raises DefectError `unsupported-version` or `bad-payload`."""
    try:
        return license_from(payload_data(payload, file))
    except DefectError as error:
        error.position = error.position or Position(file)
        raise


def payload_data(payload: bytes, file: str) -> object:
    """The payload as plain data. Raises DefectError where it is no JSON that all readers take alike."""
    from shipper import yamlio

    try:
        return yamlio.load_json(payload, file, error=LicenseError, limits=yamlio.Limits.LICENSE)
    except (LicenseError, LimitError) as error:
        raise DefectError("bad-payload", f"the license's payload: {error.message}", file=file) from error


def shown_data(payload: bytes) -> dict[str, Any]:
    """A payload that was read, as plain data to be shown: its password is masked."""
    import json

    data: dict[str, Any] = json.loads(payload)
    if data.get("registry"):
        data["registry"]["password"] = MASK
    return data


def license_from(raw: object) -> License:
    """The license that plain data says. Raises DefectError with the path of the field at fault."""
    fields = Fields.of(raw, (), LICENSE_FIELDS)
    version = fields.integer("version", 1, MAX_DAYS)
    if version != VERSION:
        raise DefectError(
            "unsupported-version",
            f"the license is of version {version}, only version {VERSION} is known",
            path=("version",),
        )
    expires_at = fields.time_or_none("expires_at")
    document = License(
        id=fields.matching("id", _NAME),
        serial=fields.integer("serial", 1),
        product=fields.matching("product", _NAME),
        channel=fields.text("channel"),
        type=fields.text("type"),
        customer=_customer(fields.of(fields.need("customer"), ("customer",), CUSTOMER_FIELDS)),
        issued_at=fields.time("issued_at"),
        not_before=fields.time("not_before"),
        expires_at=expires_at,
        grace_days=fields.integer("grace_days", 0, MAX_DAYS),
        offline_days=fields.integer("offline_days", 0, MAX_DAYS),
        seats=_seats(fields.raw.get("seats")),
        entitlements=_entitlements(fields.need("entitlements")),
        registry=_registry(fields.raw.get("registry")),
    )
    if expires_at is not None and expires_at <= document.not_before:
        raise fail(("expires_at",), "a license must expire after it becomes valid")
    return document


def _customer(fields: Fields) -> Customer:
    return Customer(
        id=fields.text("id", empty=False), name=fields.text("name", empty=False), email=fields.text("email", default="")
    )


def _seats(raw: object) -> Seats | None:
    if raw is None:
        return None
    fields = Fields.of(raw, ("seats",), SEATS_FIELDS)
    window = fields.text("window")
    if window not in {"billing-month", "concurrent"}:
        _count(fields, "window", "rolling-days", "billing-month, rolling-days:N or concurrent")
    overage = fields.text("overage")
    if overage not in {"deny", "warn"}:
        _count(fields, "overage", "percent", "deny, warn or percent:N")
    unit = _UNITS.get(fields.text("unit"))
    if unit is None:
        raise fields.wrong("unit", "user or machine")
    billing_day = fields.integer("billing_day", 1, 28) if window == "billing-month" else None
    return Seats(limit=fields.integer("limit", 0), unit=unit, window=window, billing_day=billing_day, overage=overage)


def _registry(raw: object) -> Registry | None:
    if raw is None:
        return None
    fields = Fields.of(raw, ("registry",), REGISTRY_FIELDS)
    server = fields.text("server")
    if not _SERVER.fullmatch(server):
        raise fields.wrong("server", "a registry such as registry.example.com")
    username = fields.text("username", empty=False)
    if len(username) > 255 or ":" in username or not username.isprintable():
        raise fields.wrong("username", "at most 255 printable characters without a colon")
    # Its value is in no message
    password = fields.need("password")
    if not isinstance(password, str) or not 0 < len(password) <= MAX_PASSWORD or not encodable(password):
        limit = f"text of 1 to {MAX_PASSWORD:,} characters without NUL and lone surrogates"
        raise fail(("registry", "password"), f"must be {limit}", hint="the value is not shown")
    return Registry(server, username, password)


def _count(fields: Fields, name: str, word: str, allowed: str) -> None:
    """Check that the text of a field is `word:N`."""
    match = _COUNTED.fullmatch(fields.text(name))
    if not match or match[1] != word:
        raise fields.wrong(name, allowed)


def _entitlements(raw: object) -> Mapping[str, Entitlement]:
    path: Path = ("entitlements",)
    entries = Fields.of(raw, path, ()).raw
    seen: dict[str, str] = {}
    found: dict[str, Entitlement] = {}
    for name, value in entries.items():
        if not _ENTITLEMENT_NAME.fullmatch(name):
            raise fail(
                (*path, name),
                "an entitlement's name begins with a letter and has letters, digits and _ . - (at most 63 characters)",
            )
        twin = seen.setdefault(fold(name), name)
        if twin != name:
            raise fail((*path, name), f'some languages can\'t tell "{name}" from "{twin}"')
        found[name] = _entitlement(name, Fields.of(value, (*path, name), ENTITLEMENT_FIELDS))
    return MappingProxyType(found)


def _entitlement(name: str, fields: Fields) -> Entitlement:
    value = fields.need("value")
    kind = _TYPES.get(type(value))
    if kind is None or not isinstance(value, int | str):
        raise fields.wrong("value", "an integer, a boolean or a string")
    declared = fields.text("type")
    if declared not in _TYPES.values():
        raise fields.wrong("type", "integer, boolean or string")
    if declared != kind:
        raise fields.wrong("value", f"of its type {declared}", hint=_quote_hint(declared))
    if kind == "integer":
        fields.integer("value")
    elif kind == "string":
        fields.text("value")
    return Entitlement(
        name=name,
        type=kind,
        value=value,
        title=fields.text("title", default=""),
        description=fields.text("description", default=""),
        hidden=fields.boolean("hidden", default=False),
    )


def _quote_hint(declared: str) -> str:
    return "write text in quotes" if declared == "string" else ""
