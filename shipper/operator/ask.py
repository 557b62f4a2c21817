"""The status of an operator from outside: from its API where it runs, else from its folder."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec

from shipper import __version__
from shipper.errors import LicenseError, NetworkError, UsageError, shown
from shipper.license import cache, envelope
from shipper.license.cache import CacheError
from shipper.license.document import parse_payload
from shipper.license.faults import RequestError
from shipper.license.http import Line, Request
from shipper.license.urls import parse as parse_url
from shipper.license.verify import VerifiedLicense
from shipper.operator.book import read_entries
from shipper.operator.held import Held, newer
from shipper.operator.licenseview import license_shown
from shipper.operator.spool import read_depth
from shipper.operator.state import CLUSTER, FOLDER, INSTANCE, LICENSE, LICENSE_FILE, MARKS, SPOOL, load_marks
from shipper.operator.status import (
    OperatorStatus,
    ServerShown,
    problems,
    seats_used,
    sessions_shown,
    spool_shown,
)
from shipper.serving.addresses import Address, bracketed, parse_address
from shipper.storage.sqlite import SqliteSession
from shipper.usage.clock import Clock
from shipper.usage.times import SECOND, instant, micros

if TYPE_CHECKING:
    from shipper.license.http import Reply
    from shipper.operator.licenseview import Source

DEFAULT = "127.0.0.1:3000"
PATH = "/api/v1/status"
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask, not to listen
_MAX_ANSWER = 64 * 1024 * 1024


def obtain(listen: str | None, state_dir: str | None, timeout: float) -> dict[str, Any]:
    """The status as plain data. Raises UsageError, NetworkError, StorageError."""
    address = parse_address(listen or DEFAULT, name="address of the operator")
    try:
        return asked(address, timeout)
    except NetworkError as error:
        if state_dir is None:
            error.hint = "; ".join(
                part for part in (error.hint, "is it running? --state-dir DIR reads its folder") if part
            )
            raise
    found: dict[str, Any] = msgspec.to_builtins(from_folder(state_dir))
    return found


def asked(address: Address, timeout: float) -> dict[str, Any]:
    """What the operator that listens at `address` says. Raises NetworkError."""
    host = _EVERYWHERE.get(address.host, address.host)
    place = parse_url(f"http://{bracketed(host)}:{address.port}{PATH}")
    with closing(Line()) as line:
        try:
            reply = line.ask(Request(place, {"Accept": "application/json"}, timeout), max_bytes=_MAX_ANSWER)
        except RequestError as error:
            raise NetworkError(f"no operator answers at {place.site}: {error.message}") from None
    if reply.status != 200:
        raise NetworkError(f"what answers at {place.site} gives no status ({reply.status}{_code(reply)})")
    try:
        return dict(msgspec.to_builtins(msgspec.json.decode(reply.body, type=OperatorStatus)))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NetworkError(f"what answers at {place.site} is no operator of this version") from None


def _code(reply: Reply) -> str:
    """The code of a problem, if that is what it is."""
    try:
        code = msgspec.json.decode(reply.body, type=_Code).code
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return f", {shown(code)}" if code else ""


class _Code(msgspec.Struct):
    code: str = ""


def from_folder(path: str) -> OperatorStatus:
    """How the operator that keeps `path` stood when it wrote to it last. Raises UsageError, StorageError."""
    folder = os.path.join(path, FOLDER)
    file = os.path.join(folder, SPOOL)
    if not os.path.isfile(file):
        raise UsageError(f"{shown(path)} is no folder of an operator", hint="--state-dir is what `operator run` had")
    clock = Clock(load_marks(os.path.join(folder, MARKS)).clock)
    now = clock.now()
    with closing(SqliteSession(file, writes=False)) as session:
        tx = session.begin()
        depth, entries = read_depth(tx), [entry.in_time(now) for entry in read_entries(tx)]
        session.commit()
    given, trouble = _kept(os.path.join(folder, LICENSE))
    filed, more = _kept(os.path.join(folder, LICENSE_FILE))
    held, origin = newer(given, filed)
    license = None
    if held is not None:
        # One that was never asked for may have had no server
        offline = max(1, clock.judged() - held.confirmed) if given else None
        source: Source = "kept" if origin == "server" else "file"
        license = license_shown(held, clock.judged(), offline, source=source, verified=False)
    unit = license.seats.unit if license and license.seats else "user"
    server = ServerShown(url="", contact="never", problem="", reached=instant(given.confirmed) if given else None)
    spool = spool_shown(depth)
    note = [f"No operator answers; this is what {shown(path)} holds.", *trouble, *more]
    return OperatorStatus(
        running=False,
        version=__version__,
        operator=_text(os.path.join(folder, INSTANCE)),
        cluster="",
        cluster_id=_text(os.path.join(folder, CLUSTER)),
        at=instant(now),
        server=server,
        license=license,
        seats=seats_used(entries),
        sessions=sessions_shown((each for each in entries if each.is_open(now)), unit),
        spool=spool,
        secrets=[],
        clock_behind_seconds=clock.behind() // SECOND,
        problems=[*note, *problems(license, server, spool, clock.behind())],
    )


def _kept(path: str) -> tuple[Held | None, list[str]]:
    """The license that is kept at `path`, not verified here, and what is wrong with it."""
    try:
        kept = cache.load(path)
        if kept is None:
            return None, []
        signed = envelope.parse(kept.envelope, path)
        license = parse_payload(signed.payload, path)
    except (CacheError, LicenseError) as error:
        return None, [f"The license that was kept can't be used: {error}"]
    return Held(VerifiedLicense(license, signed.payload, signed.to_json(), ""), micros(kept.fetched_at)), []


def _text(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            return stream.read(100).decode("ascii", "replace").strip()
    except OSError:
        return ""
