"""The highest serial of each license that was ever served: an older one is refused, after a restart as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import UsageError, shown

if TYPE_CHECKING:
    from shipper.storage.database import Database, Transaction

PREFIX = "license-serial:"


def raised(tx: Transaction, license_id: str, serial: int) -> int:
    """The highest serial of `license_id`, now that `serial` was seen as well."""
    rows = tx.execute(
        "INSERT INTO marks (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE"
        " SET value = CASE WHEN excluded.value > marks.value THEN excluded.value ELSE marks.value END RETURNING value",
        (PREFIX + license_id, serial),
    )
    return int(rows[0][0])


def serials(tx: Transaction) -> dict[str, int]:
    """The highest serial by license id."""
    rows = tx.execute("SELECT name, value FROM marks WHERE name LIKE ? ORDER BY name", (f"{PREFIX}%",))
    return {name.removeprefix(PREFIX): int(value) for name, value in rows}


def report(database: Database, reset: str | None) -> str:
    """The serials as text; with `reset`, that of this license is forgotten first. Raises UsageError, StorageError."""
    if reset is not None:
        name = PREFIX + reset
        gone = database.write(lambda tx: tx.execute("DELETE FROM marks WHERE name = ? RETURNING value", (name,)))
        if not gone.result():
            raise UsageError(f"no license {shown(reset)} was served")
        return f"{reset}: serial {gone.result()[0][0]} is forgotten\n"
    found = database.read(serials).result()
    return "".join(f"{name}: serial {value}\n" for name, value in found.items()) or "no license was served yet\n"
