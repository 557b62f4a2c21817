"""What is known when a template is rendered: the license, the configuration, the release and the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from shipper.context.values import ValueType


NO_LICENSE: dict[str, object] = {}
"""What `entitlements` and `license` are where no license was given: this very map, so that a look into it says so."""


class Entitlement(NamedTuple):
    """A named right from the license; `value` has the Python type that `type` declares."""

    value: str | float
    type: ValueType
    title: str = ""
    description: str = ""
    hidden: bool = False


class Option(NamedTuple):
    """A resolved configuration option. `text` is what `ConfigOption` gives; `secret` marks passwords."""

    name: str
    text: str
    type: ValueType = "string"
    hidden: bool = False
    secret: bool = False


class Registry(NamedTuple):
    """A container registry and the account that pulls from it."""

    server: str
    username: str
    password: str


class LicenseFacts(NamedTuple):
    """A verified license: its entitlements, and the payload and signed envelope as compact JSON text.

    With a `registry`, whose password is a secret, so are the payload and the envelope.
    """

    id: str
    entitlements: Mapping[str, Entitlement]
    envelope_json: str
    payload_json: str
    registry: Registry | None = None

    def secrets(self) -> tuple[str, ...]:
        """The texts that must not be shown."""
        if self.registry is None:
            return ()
        from shipper.context.docker import account, docker_config

        password, pair, config = self.registry.password, account(self.registry), docker_config(self.registry)
        return password, pair, config, self.payload_json, self.envelope_json


class Facts(NamedTuple):
    """Everything that templates may ask for. `now` is UTC and the only clock.

    `missing` decides what an unknown entitlement, option or installation name is: an error, or empty text as
    in Replicated Ship. `secrets` are the names of the options that are secret.
    """

    license: LicenseFacts | None
    options: Mapping[str, Option]
    release: Mapping[str, str]
    installation_id: str
    now: datetime
    missing: Literal["error", "empty"] = "error"
    secrets: AbstractSet[str] = frozenset()


class Scope(NamedTuple):
    """What one template sees: `data` by name, and the facts that functions ask."""

    data: dict[str, object]
    facts: Facts
