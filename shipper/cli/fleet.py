"""`shipper render --licenses DIR`: a folder for each license."""

from __future__ import annotations

import json
import os
import re
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from shipper.cli.fleetview import Totals, failure, in_words, item, lines_of, summary, tell
from shipper.cli.funnel import say
from shipper.cli.inputs import build_time, require_outside
from shipper.cli.output import write_chunks
from shipper.cli.progress import Progress
from shipper.errors import LimitError, OutputError, ShipperError, UsageError
from shipper.license.verify import require_trust
from shipper.render import fleet as fleets
from shipper.render import workers
from shipper.render.fleet import Fleet
from shipper.render.publish.staging import sweep_all
from shipper.render.settings import Trust
from shipper.render.stream import Spool
from shipper.template.shared import for_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from shipper.cli.options import FleetOptions, LicenseOptions
    from shipper.cli.session import Session
    from shipper.license.keys import PublicKey
    from shipper.render.fleet import Member, Shard
    from shipper.render.overlay import Overlay
    from shipper.render.validate import Validator

MAX_JOBS = 1_000
HELD_BYTES = 512 * 1024
"""Of the summary, in memory; the rest waits in a private file."""
_SHARD = re.compile(r"([0-9]{1,6})/([1-9][0-9]{0,5})")


class Round(NamedTuple):
    """What one run is about: the licenses of its part, and how many there are in all."""

    fleet: Fleet
    members: Sequence[Member]
    all_members: Sequence[Member]
    others: Sequence[str]
    jobs: int


def run(
    options: FleetOptions,
    opened: Callable[..., Session],
    output_dir: str,
    *,
    overlay: Overlay | None,
    validate: Validator | None,
    states: str | None = None,
) -> int:
    """Render for all licenses, say what happened, and return the exit code. `opened` reads everything else.

    `states` is the folder of the licenses' state files.

    Raises what that raises, UsageError, LicenseError, OutputError; what is wrong with one license is counted, and said at the end.
    """
    trust: list[Trust] = []

    def read(_license: LicenseOptions, keys: Sequence[PublicKey], product: str | None, at: datetime) -> None:
        trust.append(Trust(keys, product, at))

    session = opened(renders=False, read=read)
    settings = session.options._replace(overlay=overlay, validate=validate, shared=for_many())
    if states is not None:
        prepare_states(states, output_dir)
    this = begin(options, partial(Fleet, session.spec, trust[0], settings, states=states), output_dir)
    totals = Totals()
    form = options.output.value
    with Spool(HELD_BYTES) as errors, Spool(HELD_BYTES) as listed:
        with Progress(len(this.members)) as progress:
            for record in in_order(this):
                totals.add(record)
                if record["error"] is not None:
                    errors.write(failure(record, this.fleet).encode("utf-8", "backslashreplace"))
                if form != "text":
                    listed.write(item(record, form, first=not listed.size))
                progress.step(failed=totals.failed)
        sweep_all(output_dir)  # a worker that was killed has left what it was building
        tell(this, totals)
        for line in lines_of(errors):
            say(line)
        write_chunks(
            [f"{in_words(this, totals)}\n".encode()] if form == "text" else summary(this, totals, listed, form)
        )
    return totals.exit_code


def begin(options: FleetOptions, fleet_of: Callable[[str, str, int | None], Fleet], output_dir: str) -> Round:
    """Look at everything that can be wrong before the first license. Raises UsageError, LicenseError, OutputError."""
    shard = shard_of(options.shard)
    folder = options.licenses or ""
    found = fleets.find(folder)
    jobs = workers.usable_cpus() if options.jobs is None else options.jobs
    if not 1 <= jobs <= MAX_JOBS:
        raise UsageError(f'--jobs takes a number from 1 to {MAX_JOBS:,}, not "{jobs}"')
    fleet = fleet_of(folder, output_dir, build_time())
    require_trust(fleet.trust.keys, folder)
    prepare_output(output_dir)
    all_members = fleets.members(folder, found.files)
    members = fleets.in_shard(all_members, shard)
    return Round(fleet, members, all_members, found.others, max(1, min(jobs, len(members))))


def shard_of(text: str | None) -> Shard | None:
    """The part that `--shard` names. Raises UsageError."""
    if not text:
        return None
    match = _SHARD.fullmatch(text)
    if match is None:
        raise UsageError(f'--shard takes I/N, such as 1/4, not "{text}"')
    number, count = int(match[1]), int(match[2])
    if not 1 <= number <= count:
        raise UsageError(
            f"--shard {text}: there are the parts 1/{count} to {count}/{count}",
            hint="what counts from 0, such as an indexed Job, adds 1: $((JOB_COMPLETION_INDEX + 1))",
        )
    return fleets.Shard(number, count)


def prepare_output(output_dir: str) -> None:
    """Make the folder that will hold the licenses' own ones. Raises OutputError."""
    try:
        os.makedirs(output_dir, 0o755, exist_ok=True)
    except OSError as error:
        raise cannot_write(output_dir, error) from None
    if not os.access(output_dir, os.W_OK | os.X_OK):
        raise OutputError(f'cannot write "{output_dir}": permission denied')
    sweep_all(output_dir)
    if fleets.is_published(output_dir):
        raise OutputError(
            f'"{output_dir}" holds one rendering, and can\'t hold a fleet', hint="choose an empty folder, or a new one"
        )


def prepare_states(states: str, output_dir: str) -> None:
    """Make the folder of the state files, for its owner alone. Raises UsageError, OutputError."""
    require_outside(states, output_dir)
    if os.path.lexists(states) and not os.path.isdir(states):
        raise UsageError(
            f'--state "{states}" is no folder', hint="with --licenses it is one, which holds a file for each license"
        )
    try:
        os.makedirs(states, 0o700, exist_ok=True)
    except OSError as error:
        raise cannot_write(states, error) from None


def cannot_write(output_dir: str, error: OSError) -> OutputError:
    """The error for a folder of a fleet."""
    return OutputError(f'cannot write "{output_dir}": {os.strerror(error.errno or 0).lower()}')


def in_order(this: Round) -> Iterator[dict[str, Any]]:
    """The record of each license, in the order of the files, as soon as all before it are there."""
    fleet, members = this.fleet, this.members

    def work(numbers: Sequence[int]) -> list[tuple[int, bytes]]:
        outcomes = fleets.render_all(fleet, [members[number] for number in numbers])
        return [
            (number, json.dumps(fleets.record(outcome)).encode())
            for number, outcome in zip(numbers, outcomes, strict=True)
        ]

    fleets.prepare(fleet)
    early: dict[int, dict[str, Any]] = {}
    following = 0
    with closing(workers.run(this.jobs, range(len(members)), work)) as answers:
        for number, answer in answers:
            if isinstance(answer, workers.Died):
                early[number] = fleets.record(fleets.Outcome(members[number], "", error=death(answer)))
            else:
                early[number] = json.loads(answer)
            while following in early:
                yield early.pop(following)
                following += 1


def death(died: workers.Died) -> ShipperError:
    """The error for a license whose worker is gone."""
    if died.status == -9:
        return LimitError("its worker process was killed: the memory may be exhausted", hint="fewer --jobs need less")
    what = f"by signal {-died.status}" if died.status < 0 else f"with {died.status}"
    return ShipperError(f"bug: its worker process ended {what}")
