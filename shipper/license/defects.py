"""What can be wrong with a license, each defect with a name of its own."""

from __future__ import annotations

from shipper import errors
from shipper.errors import LicenseError, Position

Path = tuple[str | int, ...]


class DefectError(LicenseError):
    """A refused license: `defect` names the reason for programs and tests, the message says it to people.

    `path` leads to the field at fault inside the payload, where there is one.
    """

    def __init__(
        self,
        defect: str,
        message: str,
        *,
        file: str = "",
        hint: str = "",
        path: Path = (),
    ) -> None:
        super().__init__(message, position=Position(file) if file else None, hint=hint)
        self.defect = defect
        self.path = path


def shown(value: object) -> str:
    """`value` in double quotes, short and without control characters, for a message."""
    import json

    return errors.shown(value if isinstance(value, str) else json.dumps(value, default=repr))
