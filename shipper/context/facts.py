"""What is known when a template is rendered: the license, the configuration, the release and the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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
    """A resolved configuration option. `text` is what `ConfigOption` gives; `secret` marks passwords.

    `filename` is the name of the file that it was read from.
    """

    name: str
    text: str
    type: ValueType = "string"
    hidden: bool = False
    secret: bool = False
    filename: str = ""


class Registry(NamedTuple):
    """A container registry and the account that pulls from it."""

    server: str
    username: str
    password: str


class LicenseFacts(NamedTuple):
    """A license: its entitlements, and the payload and signed envelope as compact JSON text.

    It is verified, unless `envelope_json` is empty; then `id` may be, too. With a `registry`, whose password is a
    secret, so are the payload and the envelope.
    """

    id: str
    entitlements: Mapping[str, Entitlement]
    envelope_json: str
    payload_json: str
    registry: Registry | None = None

    @property
    def called(self) -> str:
        """How messages call it."""
        unsigned = "" if self.envelope_json else "the unsigned "
        return f"{unsigned}license {self.id}".rstrip()

    def secrets(self) -> tuple[str, ...]:
        """The texts that must not be shown."""
        if self.registry is None:
            return ()
        from shipper.context.docker import account, docker_config

        password, pair, config = self.registry.password, account(self.registry), docker_config(self.registry)
        return password, pair, config, self.payload_json, self.envelope_json


Key = tuple[object, ...]
"""What a kept value is known by: plain data, the same in each run."""


class Keeper(Protocol):
    """Makes certificates, keys and random values once, and gives the same ones in each later run (docs/state.md)."""

    @property
    def now(self) -> datetime:
        """The clock, UTC: from here on a certificate is valid, whatever time `--at` pretends."""
        ...

    def here(self, *arguments: object) -> Key:
        """The key of this very call: where a template asks, with which arguments, and the how-many-th time."""
        ...

    def find(self, kind: str, key: Key) -> str | None:
        """What is kept under `key`, whatever its state."""
        ...

    def keep(
        self, kind: str, key: Key, make: Callable[[], str], good: Callable[[str], bool] | None = None, work: int = 0
    ) -> str:
        """What is kept under `key`, else what `make` makes, which is kept from now on; as well where it isn't `good`.

        `work` is charged before something is made: milliseconds, as an estimate. Raises LimitError, and what can
        go wrong with a file.
        """
        ...

    def charge(self, work: int) -> None:
        """Charge work that makes nothing. Raises LimitError."""
        ...


class Facts(NamedTuple):
    """Everything that templates may ask for. `now` is UTC and the only clock.

    `release` is what is known of the release and of the cluster, by the names of `context.release`; `namespace` is the
    one that objects are put into. `missing` decides what an unknown entitlement, option or installation name is: an
    error, or empty text as in Replicated Ship. `secrets` are the names of the options that are secret.
    """

    license: LicenseFacts | None
    options: Mapping[str, Option]
    release: Mapping[str, str | int]
    installation_id: str
    now: datetime
    missing: Literal["error", "empty"] = "error"
    secrets: AbstractSet[str] = frozenset()
    namespace: str = ""
    keeper: Keeper | None = None

    def secret_texts(self) -> tuple[str, ...]:
        """What of the license and of the cluster's registry must not be shown."""
        of_license = self.license.secrets() if self.license else ()
        local = self.local_registry()
        if local is None or not local.password:
            return of_license
        from shipper.context.docker import account, docker_config

        return *of_license, local.password, account(local), docker_config(local)

    def local_registry(self) -> Registry | None:
        """The container registry of the cluster, and the account for it as far as it is known."""
        host, *account = (self.release.get(f"local_registry.{name}", "") for name in ("host", "username", "password"))
        return Registry(str(host), *map(str, account)) if host else None


class Scope(NamedTuple):
    """What one template sees: `data` by name, and the facts that functions ask."""

    data: dict[str, object]
    facts: Facts
