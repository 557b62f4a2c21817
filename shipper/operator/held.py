"""The license that an operator goes by, where it is from, and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from shipper.usage.decide import Denied

if TYPE_CHECKING:
    from shipper.license.document import License
    from shipper.license.state import State
    from shipper.license.verify import VerifiedLicense
    from shipper.usage.decide import Allowed

NO_FILE = Denied(
    "NO_LICENSE", "There is no license yet. Ask your administrator whether the operator's license file is in place."
)
"""Where there is no server that could give one."""

Contact = Literal["never", "ok", "away", "key_refused", "license_refused", "alone"]
Origin = Literal["server", "file"]


class Held(NamedTuple):
    """A verified license, and from when on it counts as unconfirmed, in microseconds.

    That is when the server answered last; for one of a file, when the file was seen first, if that was later.
    """

    verified: VerifiedLicense
    confirmed: int

    @property
    def license(self) -> License:
        return self.verified.license


def newer(given: Held | None, filed: Held | None) -> tuple[Held | None, Origin]:
    """The license to go by: the server's, or that of the file as long as it is newer, or there is no other."""
    if filed is None or (given is not None and not _renews(filed.license, given.license)):
        return given, "server"
    return filed._replace(confirmed=max(filed.confirmed, given.confirmed if given else 0)), "file"


def _renews(document: License, older: License) -> bool:
    return document.id == older.id and document.serial > older.serial


class LicenseStatus(NamedTuple):
    """For metrics, /ready and people. What there is only with a license is None without one.

    `contact` is how the last attempt to get the license ended (`alone`: there is no server), and `problem` says what
    went wrong with it. `offline` is for how long the server has been away, `behind` by how much the clock is behind the
    highest time seen, `reached` when the server gave or confirmed a license last (None for never), in microseconds.
    `origin` is where the license is from; `file_problem` says why what is in the license file is not used.
    """

    held: Held | None
    state: State | None
    verdict: Allowed | Denied
    contact: Contact
    problem: str
    offline: int
    behind: int
    reached: int | None = None
    origin: Origin = "server"
    file_problem: str = ""
