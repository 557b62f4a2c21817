"""A whole operator in this process, at rest: its application and parts, with a license server of a few lines."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from shipper.operator.app import Guarded, Parts, operator_app
from shipper.operator.callers import ServiceAccounts
from shipper.operator.run import assemble
from shipper.operator.settings import OperatorSettings
from tests.faulty import license_json
from tests.license.sample import VENDOR
from tests.operator.fakeserver import KEY, FakeServer, grant
from tests.serving.asking import ask

if TYPE_CHECKING:
    from pathlib import Path

    from shipper.operator.caps import RateLimit
    from shipper.operator.tokenreview import TokenReviewer
    from tests.serving.asking import Got, Header

HOST: Header = (b"host", b"127.0.0.1:3000")
LONG = {"not_before": "2020-01-01T00:00:00Z", "issued_at": "2020-01-01T00:00:00Z", "expires_at": "2999-01-01T00:00:00Z"}
"""Valid whenever the tests run."""


class Operator(NamedTuple):
    """`ask` sends a request as an app on this machine does, or with other headers."""

    app: Guarded
    parts: Parts
    server: FakeServer

    def ask(self, method: str, target: str, *headers: Header, data: Any = None, client: str = "127.0.0.1") -> Got:
        sent = headers if any(name == b"host" for name, _ in headers) else (HOST, *headers)
        return ask(self.app, method, target, headers=sent, data=data, client=(client, 1234))


class Assembly(contextlib.ExitStack):
    """Makes operators, and closes them at the end. `license` are changes to the sample license."""

    def __init__(self, folder: Path, **license: Any) -> None:
        super().__init__()
        self.folder = folder
        self.server = FakeServer()
        self.server.license = license_json(VENDOR, **{**LONG, **license})

    def __enter__(self) -> Self:
        self.enter_context(self.server)
        return super().__enter__()

    def operator(
        self,
        *,
        fetched: bool = True,
        api: TokenReviewer | None = None,
        allowed: tuple[str, ...] = (),
        limit: RateLimit | None = None,
        **settings: Any,
    ) -> Operator:
        """One more operator. With `api` its callers show tokens."""
        wanted = OperatorSettings(
            license_key=KEY,
            server=self.server.place,
            cluster_name="east",
            state_dir=str(self.folder),
            trust=(VENDOR.public,),
            **settings,
        )
        parts = assemble(wanted, self)
        if limit is not None:
            parts = parts._replace(limit=limit)
        if api is not None:
            accounts = ServiceAccounts(api, allowed)
            self.callback(accounts.close)
            parts = parts._replace(identify=accounts, with_tokens=True)
        if fetched:
            assert parts.keeper.refresh()
        return Operator(operator_app(parts), parts, self.server)


def granted(session: str) -> dict[str, Any]:
    """What the license server answers to a claim, with a seat."""
    seat = {
        "unit": "user", "identity": "alice", "rule": "username", "used": 3, "limit": 50, "allowed": 50, "free": 47,
        "new": True,
    }  # fmt: skip
    return {**grant(session), "seat": seat}
