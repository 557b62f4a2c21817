"""What the commands that start or use a service share."""

from __future__ import annotations

from importlib.util import find_spec

from shipper.errors import UsageError

NEEDED = ("starlette", "uvicorn", "httptools", "uvloop", "msgspec", "apsw", "psycopg", "prometheus_client")
INSTALL = 'pip install "shipper[server]"'


def require_services(command: str) -> None:
    """Raise UsageError unless all that the extra `server` brings is installed. Nothing of it is imported."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"{command} needs packages that are not installed: {', '.join(missing)}", hint=INSTALL)
