"""`shipper render --licenses DIR`: a folder for each license."""

from __future__ import annotations

import json
import os
import re
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from shipper.cli.funnel import colored, counted, note, printable, say, warn
from shipper.cli.inputs import build_time
from shipper.cli.output import write_chunks
from shipper.cli.progress import Progress
from shipper.errors import LimitError, OutputError, ShipperError, UsageError
from shipper.render import fleet as fleets
from shipper.render import workers
from shipper.render.fleet import Fleet
from shipper.render.settings import Trust
from shipper.render.staging import sweep_all
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
SHOWN_NAMES = 5
HELD_BYTES = 512 * 1024
"""Of the summary, in memory; the rest waits in a private file."""
MAX_TOLD = 100
"""Different warnings and messages that are said; the summary has all."""
_SHARD = re.compile(r"([0-9]{1,6})/([1-9][0-9]{0,5})")


class Totals:
    """What is known about all licenses so far, of which little is kept for each."""

    def __init__(self) -> None:
        self.rendered = 0
        self.files = 0
        self.codes: dict[int, int] = {}
        self.told: dict[tuple[str, str], tuple[str, int]] = {}
        self.untold = 0

    @property
    def failed(self) -> int:
        """How many licenses failed."""
        return sum(self.codes.values())

    @property
    def exit_code(self) -> int:
        """0, the one code of all failures, or else the smallest of them."""
        return min(self.codes, default=0)

    def add(self, record: dict[str, Any]) -> None:
        """Count one license in."""
        if record["error"] is None:
            self.rendered += 1
            self.files += record["files"]
        else:
            code = record["error"]["exit_code"]
            self.codes[code] = self.codes.get(code, 0) + 1
        for level, text in remarks(record):
            first, count = self.told.get((level, text), (record["file"], 0))
            if count or len(self.told) < MAX_TOLD:
                self.told[level, text] = first, count + 1
            else:
                self.untold += 1


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
) -> int:
    """Render for all licenses, say what happened, and return the exit code. `opened` reads everything else.

    Raises what that raises, UsageError, OutputError; what is wrong with one license is counted, and said at the end.
    """
    trust: list[Trust] = []

    def read(_license: LicenseOptions, keys: Sequence[PublicKey], product: str | None, at: datetime) -> None:
        trust.append(Trust(keys, product, at))

    session = opened(renders=False, read=read)
    settings = session.options._replace(overlay=overlay, validate=validate, shared=for_many())
    this = begin(options, partial(Fleet, session.spec, trust[0], settings), output_dir)
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
    """Look at everything that can be wrong before the first license. Raises UsageError, OutputError."""
    shard = shard_of(options.shard)
    folder = options.licenses or ""
    found = fleets.find(folder)
    jobs = workers.usable_cpus() if options.jobs is None else options.jobs
    if not 1 <= jobs <= MAX_JOBS:
        raise UsageError(f'--jobs takes a number from 1 to {MAX_JOBS:,}, not "{jobs}"')
    prepare_output(output_dir)
    all_members = fleets.members(folder, found.files)
    members = fleets.in_shard(all_members, shard)
    fleet = fleet_of(folder, output_dir, build_time())
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


def lines_of(spool: Spool) -> Iterator[str]:
    """The lines of what was written, wherever its chunks end."""
    rest = b""
    for chunk in spool.chunks():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode()


def death(died: workers.Died) -> ShipperError:
    """The error for a license whose worker is gone."""
    if died.status == -9:
        return LimitError("its worker process was killed: the memory may be exhausted", hint="fewer --jobs need less")
    what = f"by signal {-died.status}" if died.status < 0 else f"with {died.status}"
    return ShipperError(f"bug: its worker process ended {what}")


def remarks(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is to be said about a license that was rendered, each with its level."""
    for text in record["warnings"]:
        yield "warning", text
    for text in record["notes"]:
        yield "note", text
    for message in record["messages"]:
        level, text = message["level"], message["text"].rstrip("\n")
        if level in {"warn", "error"}:
            yield "warning", text
        elif level == "info" or os.environ.get("SHIPPER_DEBUG"):
            yield "note", text


def failure(record: dict[str, Any], fleet: Fleet) -> str:
    """A failed license: a line for each finding of validation, and one for the error."""
    label = "\x1b[31;1merror\x1b[0m" if colored() else "error"
    lines = []
    for error in (*record["findings"], record["error"]):
        place = ""
        if error["file"] and error["file"] != os.path.join(fleet.licenses, record["file"]):
            place = ":".join(str(part) for part in (error["file"], error["line"], error["column"]) if part)
        parts = [record["file"], place, error["subject"], error["message"]]
        text = ": ".join(printable(part) for part in parts if part)
        hint = f" ({printable(error['hint'])})" if error["hint"] else ""
        lines.append(f"{label}: {text}{hint}\n")
    return "".join(lines)


def tell(this: Round, totals: Totals) -> None:
    """Say on standard error what people should know besides the result; what many licenses have in common once."""
    if this.others:
        note(f"no license files in {this.fleet.licenses}: {names(this.others)}")
    for (level, text), (first, count) in totals.told.items():
        more = f" (and {counted(count - 1, 'license')} more)" if count > 1 else ""
        if level == "warning":
            warn(f"{first}: {text}{more}")
        else:
            note(f"{first}: {text}{more}")
    if totals.untold:
        note(f"and {counted(totals.untold, 'remark')} more; -o json has all")
    left = fleets.leftovers(this.fleet.output, this.all_members)
    if left:
        note(f"no license is there any more for what stays in {this.fleet.output}: {names(left)}")


def names(all_names: Sequence[str]) -> str:
    """The first few of some names."""
    more = f" and {len(all_names) - SHOWN_NAMES:,} more" if len(all_names) > SHOWN_NAMES else ""
    return ", ".join(map(printable, all_names[:SHOWN_NAMES])) + more


def in_words(this: Round, totals: Totals) -> str:
    """The summary as a line."""
    all_of = counted(len(this.members), "license")
    part = f" of {len(this.all_members)}" if len(this.members) != len(this.all_members) else ""
    failed = f", {totals.failed} failed" if totals.failed else ""
    return f"{all_of}{part}: {totals.rendered} rendered to {this.fleet.output}, {counted(totals.files, 'file')}{failed}"


def summary(this: Round, totals: Totals, listed: Spool, form: str) -> Iterator[bytes]:
    """The summary for other programs."""
    figures = {
        "rendered": totals.rendered,
        "failed": totals.failed,
        "skipped": len(this.all_members) - len(this.members),
        "files": totals.files,
        "exit_code": totals.exit_code,
    }
    if form == "json":
        head = json.dumps(figures, indent=2)[:-2]
        yield f'{head},\n  "licenses": ['.encode()
        yield from listed.chunks()
        yield b"\n  ]\n}\n" if listed.size else b"]\n}\n"
    else:
        yield "".join(f"{name}: {value}\n" for name, value in figures.items()).encode()
        yield b"licenses:\n" if listed.size else b"licenses: []\n"
        yield from listed.chunks()


def item(record: dict[str, Any], form: str, *, first: bool) -> bytes:
    """One license in the list of the summary: a line of JSON, or an item of YAML."""
    if form == "json":
        text = json.dumps(record, ensure_ascii=False)
        return f"{'' if first else ','}\n    {text}".encode("utf-8", "backslashreplace")
    import yaml

    text = yaml.safe_dump([record], sort_keys=False, allow_unicode=True, width=4096)
    return str(text).encode("utf-8", "backslashreplace")
