"""The two sides of `diff`, from what it was given."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from shipper.cli.funnel import warn
from shipper.cli.inputs import (
    file_name,
    license_data,
    one_standard_input,
    parse_moment,
    read_unsigned,
    set_file_paths,
    state_file,
    times,
)
from shipper.cli.overlays import overlay_of
from shipper.cli.remote import obtained, remote_source
from shipper.cli.session import open_session
from shipper.errors import ShipperError, UsageError
from shipper.license.defects import DefectError
from shipper.license.state import require_valid
from shipper.license.times import format_time
from shipper.license.verify import verify
from shipper.render.diff.sides import in_the_way, published_side, refused_side, rendered_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shipper.cli.diff.command import TwoLicenses
    from shipper.cli.options import ConfigOptions, FactOptions, LicenseOptions, OverlayOptions
    from shipper.cli.session import Session
    from shipper.license.keys import PublicKey
    from shipper.license.unsigned import AnyLicense
    from shipper.license.verify import VerifiedLicense
    from shipper.render.diff.sides import Side

BY_TIME = frozenset({"expired", "not-yet-valid"})
NOTHING_TO_COMPARE = "diff needs something to compare with"
THREE_WAYS = "give two licenses (--license twice), --against DIR, or --at TIME"


class Moment(NamedTuple):
    """What it is called, the time of `Now`, and the time at which the license is judged."""

    name: str
    now: datetime
    judged: datetime


def sides(
    spec: str,
    license: TwoLicenses,
    config: ConfigOptions,
    facts: FactOptions,
    overlay: OverlayOptions,
    templates: str | None,
    against: str | None,
    contents: Sequence[str] = (),
) -> tuple[Side, Side]:
    """Both sides, read and rendered. Raises what these raise, with the side's name in the error."""
    first, *others = (
        map(str, license.license or license.unsigned_license) if license.license or license.unsigned_license else [""]
    )
    second = others[0] if others else None
    if second is not None and against is not None:
        raise UsageError("--against compares with one license, not with two")
    if second is None and against is None and facts.at is None:
        raise UsageError(NOTHING_TO_COMPARE, hint=THREE_WAYS)
    moment = None if facts.at is None else parse_moment(facts.at)
    licenses = [*license.license, *license.unsigned_license]
    paths = [*map(str, licenses), *map(str, license.trust_key), *map(str, config.values)]
    one_standard_input(spec, facts.release, *paths, *set_file_paths(config.set_file))
    changes = overlay_of(overlay)
    found: list[AnyLicense | None] = [None, None]

    def read(
        options: LicenseOptions, keys: Sequence[PublicKey], product: str | None, _at: datetime
    ) -> AnyLicense | None:
        if second is None:
            found[0] = any_time(options, keys, product, moment)
        else:
            for number, (which, path) in enumerate((("left", first), ("right", second))):
                with naming(which, file_name(path)):
                    unsigned = options.unsigned_license is not None
                    found[number] = read_unsigned(path) if unsigned else file_license(path, keys, product)
        return found[0]

    session = open_session(
        spec, license.one(), config, facts._replace(at=None), templates=templates, contents=contents, read=read
    )
    state = state_file(facts.state, keeps=False)
    session = session._replace(options=session.options._replace(overlay=changes, output=against, state=state))
    now, judged = times(None)
    what_if = Moment("now", now, judged) if moment is None else Moment(f"at {format_time(moment)}", moment, moment)
    if second is not None:
        return (
            side("left", file_name(first), session, found[0], what_if, answers=moment is not None),
            side("right", file_name(second), session, found[1], what_if, answers=moment is not None),
        )
    if against is not None:
        left = published_side(against)
        right = side("right", what_if.name, session, found[0], what_if, answers=moment is not None)
        for dest in in_the_way(against, left, right):
            warn(f'"{dest}" in "{against}" is not one of our files, and is in the way of a new one')
        return left, right
    return (
        side("left", "now", session, found[0], Moment("now", now, judged), answers=True),
        side("right", what_if.name, session, found[0], what_if, answers=True),
    )


def side(which: str, name: str, session: Session, license: AnyLicense | None, moment: Moment, *, answers: bool) -> Side:
    """What is rendered at a moment. That the license is refused then is an error, unless it `answers` what was asked."""
    with naming(which, name):
        if license is not None:
            try:
                grace = require_valid(license.license, moment.judged)
            except DefectError as error:
                if not answers or error.defect not in BY_TIME:
                    raise
                return refused_side(name, license, moment.judged, error.message)
            if grace:
                warn(f"{name}: {grace}")
        return rendered_side(name, session.spec, license, session.options._replace(now=moment.now), moment.judged)


def any_time(
    options: LicenseOptions, keys: Sequence[PublicKey], product: str | None, moment: datetime | None
) -> AnyLicense | None:
    """The license from wherever it comes, whatever its time; verified, unless it was asked for as unsigned."""
    if options.license is not None:
        return file_license(options.license, keys, product)
    if options.unsigned_license is not None:
        return read_unsigned(options.unsigned_license)
    remote = remote_source(options)
    return None if remote is None else obtained(remote, keys, product, moment or datetime.now(UTC))


def file_license(path: str, keys: Sequence[PublicKey], product: str | None) -> VerifiedLicense:
    """The verified license in a file, whatever its time."""
    return verify(license_data(path), keys, product=product, file=file_name(path))


@contextmanager
def naming(which: str, name: str) -> Iterator[None]:
    """Say in an error which side it is about."""
    try:
        yield
    except ShipperError as error:
        here = f"{which} side ({name})"
        error.subject = f"{here}: {error.subject}" if error.subject else here
        raise
