"""Running a case: rendering what it gives, and looking at what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import LicenseError, ShipperError, TemplateError
from shipper.render.about import About
from shipper.render.cases.expect import Rendered, mismatches
from shipper.render.cases.golden import compare_golden, update_golden
from shipper.render.cases.model import Failure, Outcome, Updated
from shipper.render.run import render

if TYPE_CHECKING:
    from datetime import datetime

    from shipper.license.keys import PublicKey
    from shipper.license.unsigned import AnyLicense
    from shipper.render.cases.model import Case, ExpectedError, GivenLicense
    from shipper.render.settings import RenderOptions
    from shipper.spec.model import LicensePin, Spec


def run_case(
    case: Case,
    spec: Spec,
    options: RenderOptions,
    *,
    pinned: tuple[PublicKey, ...],
    judged: datetime,
    update: bool = False,
) -> Outcome:
    """Render `spec` as the case says and compare. `pinned` are the keys that the spec trusts.

    The license is judged at the case's time, else at `judged`. `update` writes golden output instead of comparing.
    Raises OutputError where that can't be written.
    """
    try:
        rendered = _rendered(case, spec, options, pinned, judged)
    except ShipperError as error:
        return Outcome(case, _failed(case, error))
    if case.expected.error is not None:
        return Outcome(case, (Failure(case.expected.error.position, "this renders, and an error is expected"),))
    failures = list(mismatches(case.expected, rendered))
    updated = Updated()
    golden = case.expected.golden
    if golden is not None:
        try:
            if update:
                updated = update_golden(case, golden, rendered)
            else:
                failures += compare_golden(case, golden, rendered)
        except TemplateError as error:  # a file that should be a manifest, and is none
            failures.append(Failure(golden.position, str(error)))
    masked = rendered.rendering.secrets.masked
    shown = (failure._replace(text=masked(failure.text), detail=masked(failure.detail)) for failure in failures)
    return Outcome(case, tuple(shown), updated)


def _rendered(
    case: Case, spec: Spec, options: RenderOptions, pinned: tuple[PublicKey, ...], judged: datetime
) -> Rendered:
    license = _license(case, spec, pinned, case.at or judged)
    options = options._replace(
        now=case.at or options.now,
        given=case.values,
        release=case.release,
        installation_id=case.installation_id,
        missing=case.missing,
        state=case.state,
    )
    rendering = render(spec, license, options)
    with About("", rendering.secrets):
        return Rendered(rendering, {file.dest: file for file in rendering.files})


def _license(case: Case, spec: Spec, pinned: tuple[PublicKey, ...], judged: datetime) -> AnyLicense | None:
    """The case's license, verified unless it is said to be unsigned.

    Raises LicenseError, also where the spec needs one and the case has none.
    """
    from shipper.license.state import require_valid
    from shipper.license.verify import verify

    pin = spec.license
    given = case.license
    if given is None:
        if pin is not None:
            raise LicenseError(f'the spec needs a license for the product "{pin.product}"', position=pin.position)
        return None
    if given.unsigned:
        return _unsigned(given, pin, judged)
    trust = pinned if given.trust is None else given.trust
    license = verify(given.data, trust, product=pin.product if pin else None, file=given.name)
    require_valid(license.license, judged, given.name)
    return license


def _unsigned(given: GivenLicense, pin: LicensePin | None, judged: datetime) -> AnyLicense:
    """What a file of Replicated Ship says. Raises LicenseError, also where the spec asks for a signed license."""
    from shipper.license.state import require_valid
    from shipper.license.unsigned import parse_unsigned

    if pin is not None:
        raise LicenseError(
            f'the spec asks for a signed license for the product "{pin.product}", and takes no unsigned one',
            position=pin.position,
        )
    license = parse_unsigned(given.data, given.name)
    require_valid(license.license, judged, given.name)
    return license


def _failed(case: Case, error: ShipperError) -> tuple[Failure, ...]:
    """What is wrong if rendering ends with `error`: nothing where the case expects it."""
    expected = case.expected.error
    if expected is None:
        return (Failure(case.position, f"rendering fails with the exit code {error.exit_code}: {error}"),)
    return tuple(_differences(expected, error))


def _differences(expected: ExpectedError, error: ShipperError) -> list[Failure]:
    found = []
    if expected.exit_code is not None and expected.exit_code != error.exit_code:
        text = f"the exit code is {error.exit_code}, not {expected.exit_code}: {error}"
        found.append(Failure(expected.position, text))
    if expected.message is not None and expected.message.text not in str(error):
        text = f'the message doesn\'t have "{expected.message.text}" in it: {error}'
        found.append(Failure(expected.message.position, text))
    return found
