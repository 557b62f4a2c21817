"""Which database is meant: one URL, or the parts that libpq's variables name (PGHOST and its kin)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from shipper.errors import UsageError, shown
from shipper.serving.settings import certificates, choice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shipper.serving.settings import Given

POSTGRES = frozenset({"postgres", "postgresql"})
PARTS = ("pgport", "pguser", "pgpassword", "pgdatabase", "pgsslmode", "pgsslrootcert")
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SYSTEM = "system"
"""As a file of certificates: those that OpenSSL trusts by itself."""
_ROOTS = "~/.postgresql/root.crt"  # where libpq looks by itself
FORMS = "sqlite:///PATH or postgres://USER@HOST/DATABASE"


def database_url(
    given: Mapping[str, Given], environment: Mapping[str, str], secret_of: Callable[[Given], str] = lambda it: it.text
) -> str:
    """The URL that `given` names, else that of a SQLite file of this user.

    What the URL of a Postgres leaves out, the parts fill in. `secret_of` reads what stands in a file. The URL may
    hold a password: no message shows it. Raises UsageError.
    """
    url, host = given.get("database_url"), given.get("pghost")
    if url is not None and host is not None and layer(url) != layer(host):
        url, host = (None, host) if layer(host) > layer(url) else (url, None)
    if url is None and host is None:
        part = next((given[name] for name in PARTS if name in given), None)
        if part is not None:
            raise UsageError(
                f"{part.source} is set without PGHOST",
                hint="set PGHOST for a Postgres, or DATABASE_URL for any database",
            )
        return f"sqlite:///{quote(default_path(environment))}"
    if url is None:
        filled = _filled(urlsplit("postgres://"), host, given, secret_of)
        return _checked(filled, host.source if host else "")
    text = secret_of(url)
    try:
        split = urlsplit(text)
        _ = split.port
    except ValueError:
        raise UsageError(f"{url.source} is no URL", hint=f"it is {FORMS}; the value is not shown") from None
    if split.scheme == "sqlite":
        if host is not None:
            raise UsageError(f"{url.source} names a SQLite file, and {host.source} a Postgres: set one of them")
        return _checked(text, url.source)
    if split.scheme not in POSTGRES:
        raise UsageError(f"{url.source} is of no database that is known", hint=f"it is {FORMS}")
    if host is not None and split.hostname is not None and split.hostname != host.text:
        raise UsageError(f"{url.source} and {host.source} name different hosts: set one of them")
    return _checked(_filled(split, host, given, secret_of), url.source)


def layer(given: Given) -> int:
    """Flags before variables before a file."""
    return 2 if given.source.startswith("--") else 1 if given.source.isupper() else 0


def default_path(environment: Mapping[str, str]) -> str:
    """`$XDG_STATE_HOME/shipper/license-server.db`, else under `~/.local/state` (XDG Base Directory Specification).

    Raises UsageError where there is no home.
    """
    base = environment.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(environment.get("HOME", ""), ".local", "state")
    if not os.path.isabs(base):
        raise UsageError(
            "DATABASE_URL is not set, and there is no home for a file",
            hint="set it, such as sqlite:///var/lib/shipper/usage.db",
        )
    return os.path.join(base, "shipper", "license-server.db")


def _checked(text: str, source: str) -> str:
    """Raises UsageError that names the setting."""
    from shipper.storage.location import locate

    try:
        locate(text)
    except UsageError as error:
        error.message = f"{source}: {error.message}"
        raise
    return text


def _filled(
    split: SplitResult, host: Given | None, given: Mapping[str, Given], secret_of: Callable[[Given], str]
) -> str:
    """The URL of a Postgres, with what it leaves out from the parts."""
    parts = {name: secret_of(given[name]) for name in PARTS[:4] if name in given}
    port = parts.get("pgport", "")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise UsageError(f"{given['pgport'].source} takes a port from 1 to 65535, not {shown(port)}")
    user = split.username if split.username is not None else quote(parts.get("pguser", ""), safe="")
    password = split.password if split.password is not None else quote(parts.get("pgpassword", ""), safe="")
    account = f"{user}:{password}@" if password else f"{user}@" if user else ""
    name = split.hostname or (host.text if host else "")
    query = split.query
    if name.startswith("/"):  # the folder of a socket
        query = "&".join(part for part in (f"host={quote(name, safe='')}", query) if part)
        name = ""
    elif ":" in name:
        name = f"[{name}]"
    query = "&".join(part for part in (query, _tls(query, given)) if part)
    at = f"{name}:{split.port or port}" if split.port or port else name
    path = split.path if len(split.path) > 1 else f"/{quote(parts.get('pgdatabase', ''), safe='')}"
    return f"postgres://{account}{at}{path}" + (f"?{query}" if query else "")


def _tls(query: str, given: Mapping[str, Given]) -> str:
    """What of TLS is added to the query of a URL. Raises UsageError."""
    said = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    mode, root = given.get("pgsslmode"), given.get("pgsslrootcert")
    added = {}
    if mode is not None and "sslmode" not in said:
        added["sslmode"] = _mode(mode)
    if root is not None and "sslrootcert" not in said:
        added["sslrootcert"] = root.text if root.text == SYSTEM else certificates(root)
    elif added.get("sslmode") == "verify-full" and not os.path.exists(os.path.expanduser(_ROOTS)):
        import certifi

        added["sslrootcert"] = certifi.where()
    return urlencode(added)


def _mode(given: Given) -> str:
    """The mode, also where it is written without its dash, in whatever case: VerifyFull. Raises UsageError."""
    plain = given.text.replace("-", "").replace("_", "").lower()
    for mode in SSL_MODES:
        if mode.replace("-", "") == plain:
            return mode
    return choice(given, SSL_MODES)
