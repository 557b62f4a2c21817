"""Licenses that are fetched: from a URL, or from a license server that asks for a license key.

A server is believed nothing but that it answered: what it gives is verified like a file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import LicenseError, NetworkError, Position, UsageError
from shipper.license import armor, cache, envelope
from shipper.license.cache import CacheError, Kept
from shipper.license.defects import DefectError
from shipper.license.times import format_time
from shipper.license.verify import require_trust, verify_envelope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shipper.license.envelope import Envelope
    from shipper.license.keys import PublicKey
    from shipper.license.urls import Place
    from shipper.license.verify import VerifiedLicense

SERVER_PATH = "/api/v1/license"
ACCEPT = "application/json, application/x-pem-file, */*;q=0.1"
KEY_HEADER = "x-license-key"
MAX_KEY = 4096


@dataclass(frozen=True)
class Remote:
    """A license that is asked for over HTTP: made by `from_url` and `from_server`.

    `timeout` is in seconds, for all attempts; without `cache_folder` nothing is kept.
    """

    place: Place
    key: str = field(default="", repr=False)
    timeout: float = 30.0
    ca_file: str | None = None
    cache_folder: str | None = None

    @property
    def name(self) -> str:
        """How messages call it."""
        return self.place.name

    @property
    def in_the_clear(self) -> bool:
        """Whether others on the way can read what is sent."""
        return self.place.origin[0] == "http"

    @property
    def cache_path(self) -> str | None:
        """The file in which the last good license is kept."""
        return cache.entry_path(self.cache_folder, self.place.url, self.key) if self.cache_folder else None


class Obtained(NamedTuple):
    """A verified license, whose time is still to be judged, and what has to be said about how it came."""

    license: VerifiedLicense
    warnings: tuple[str, ...] = ()


def from_url(url: str, *, timeout: float = 30.0, ca_file: str | None = None, cache_folder: str | None = None) -> Remote:
    """The license at `url`. Raises UsageError."""
    return Remote(_place(url, "--license-url"), "", timeout, ca_file, cache_folder)


def from_server(
    url: str, key: str, *, timeout: float = 30.0, ca_file: str | None = None, cache_folder: str | None = None
) -> Remote:
    """The license that the server at `url` (with the prefix it is under, if any) has for `key`. Raises UsageError."""
    return Remote(server_place(url, key, SERVER_PATH), key, timeout, ca_file, cache_folder)


def server_place(url: str, key: str, path: str) -> Place:
    """The place `path` of the license server at `url`, which may be asked with `key`. Raises UsageError."""
    flag = "--license-server"
    base = _place(url, flag)
    if base.query is not None:
        raise UsageError(f"{flag} takes the URL of a server, without a query", hint=f'"{path}" is added to it')
    require_key(key)
    return _place(base.url.rstrip("/") + path, flag)


def require_key(key: str, source: str = "") -> None:
    """Raise UsageError unless `key`, which `source` gives, can be a license key."""
    if not (key and len(key) <= MAX_KEY and all("!" <= char <= "~" for char in key)):
        what = f"a license key is one line of 1 to {MAX_KEY} letters, digits and signs, in ASCII"
        raise UsageError(f"{source}: {what}" if source else what, hint="the value is not shown")


def _place(url: str, flag: str) -> Place:
    from shipper.license import urls

    try:
        return urls.parse(url)
    except ValueError as error:
        raise UsageError(f"{flag}: this is no URL that can be used: {error}") from None


def fetch(remote: Remote) -> Envelope:
    """What the server gives now, not verified. Raises NetworkError, also where that is no license, and DefectError."""
    from shipper.license import http

    headers = {"Accept": ACCEPT, **({KEY_HEADER: remote.key} if remote.key else {})}
    try:
        body = http.get(http.Request(remote.place, headers, remote.timeout, remote.ca_file), max_bytes=armor.MAX_BYTES)
    except NetworkError as error:
        error.position = Position(remote.name)
        _explain_status(error, remote)
        raise
    return read_answer(body, remote.name)


def _explain_status(error: NetworkError, remote: Remote) -> None:
    status = getattr(error, "status", 0)
    if status in {401, 403}:
        error.message = f"the server refuses {'the license key' if remote.key else 'access'} ({status})"
        error.hint = "is the license key right, and for this server?" if remote.key else ""
    elif status == 404:
        error.message = "the server has no license there (404)"
        error.hint = "is the URL right, with the prefix that the server is under?"


def read_answer(body: bytes, name: str) -> Envelope:
    """The envelope in an answer: a license file, or JSON, in which spaces don't matter.

    Raises DefectError for what says that it is a license and isn't in order, NetworkError for anything else.
    """
    if body.startswith(armor.BEGIN):
        return envelope.parse(armor.dearmor(body, name), name)
    try:
        answer = json.loads(body.decode("ascii"))
        compact = json.dumps(answer, separators=(",", ":")).encode("ascii")
    except (ValueError, RecursionError):
        answer, compact = None, b""
    if not isinstance(answer, dict) or "payloadType" not in answer:
        raise NetworkError(
            "what the server answers is no license", position=Position(name), hint="is it the URL of a license server?"
        )
    return envelope.parse(compact, name)


def obtain(
    remote: Remote,
    trust: Sequence[PublicKey],
    *,
    product: str | None,
    now: datetime,
    at: datetime,
    offline: bool = True,
) -> Obtained:
    """The license of `remote`, verified, and kept for later; where the server is away, the kept one, if `offline`.

    `now` is the clock's time, `at` the one at which the license will be judged. Raises NetworkError, DefectError
    (also for a lower serial than the one that is kept), LimitError.
    """
    require_trust(trust, remote.name)
    kept, trouble = _kept(remote)
    try:
        signed = fetch(remote)
    except NetworkError as error:
        if not (offline and getattr(error, "away", False)):
            raise
        return _from_cache(error, kept, trouble, trust, product=product, now=now, at=at)
    verified = verify_envelope(signed, trust, product=product, file=remote.name)
    warnings = [f"{trouble}, and is left out" if kept is None and trouble else ""]
    if kept is not None:
        warnings.append(_require_no_older(verified, kept, trust, remote.name))
    if remote.cache_path is not None:
        try:
            cache.store(remote.cache_path, Kept(verified.envelope_json.encode("ascii"), now, remote.name))
        except CacheError as error:
            warnings = [f"the license is not kept for when the server is away: {error}"]
    return Obtained(verified, tuple(filter(None, warnings)))


def _kept(remote: Remote) -> tuple[Kept | None, str]:
    """What is kept of `remote`, and what is wrong with it."""
    if remote.cache_path is None:
        return None, ""
    try:
        return cache.load(remote.cache_path), ""
    except CacheError as error:
        return None, f"the license that was kept can't be used: {error}"


def _from_cache(
    error: NetworkError,
    kept: Kept | None,
    trouble: str,
    trust: Sequence[PublicKey],
    *,
    product: str | None,
    now: datetime,
    at: datetime,
) -> Obtained:
    """The kept license instead of what the server didn't give; raises `error` where it must not be used."""
    name = error.position.file if error.position else ""
    found: VerifiedLicense | None = None
    if kept is not None:
        try:
            found = verify_envelope(envelope.parse(kept.envelope, name), trust, product=product, file=name)
            trouble = cache.refusal(found.license, kept.fetched_at, now=now, at=at)
            trouble = f"the license that was kept can't be used: {trouble}" if trouble else ""
        except LicenseError as defect:
            trouble = f"the license that was kept can't be used: {defect.message}"
    if kept is None or found is None or trouble:
        error.hint = "; ".join(part for part in (error.hint, trouble) if part)
        raise error
    age, days = cache.ago(now - kept.fetched_at), found.license.offline_days
    warning = (
        f"{error.message}; using the license it gave {age} ago, at {format_time(kept.fetched_at)}, "
        f"which is good for {days} {'day' if days == 1 else 'days'} without the server"
    )
    return Obtained(found, (warning,))


def _require_no_older(verified: VerifiedLicense, kept: Kept, trust: Sequence[PublicKey], name: str) -> str:
    """Raise DefectError for a lower serial than that of the same license that is kept; return a warning or nothing.

    What is kept counts only if it is verified itself.
    """
    try:
        known = verify_envelope(envelope.parse(kept.envelope, name), trust, product=None, file=name).license
    except LicenseError as error:
        return f"the license that was kept can't be used, and is replaced: {error.message}"
    document = verified.license
    if known.id == document.id and document.serial < known.serial:
        raise DefectError(
            "older-serial",
            f"license {document.id} is older than the one that was given before: serial {document.serial}, "
            f"not {known.serial} or higher",
            file=name,
        )
    return ""
