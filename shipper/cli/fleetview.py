"""What `shipper render --licenses` says: failures and remarks on standard error, the summary for people and programs."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from shipper.cli.funnel import colored, counted, note, printable, warn
from shipper.render import fleet as fleets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shipper.cli.fleet import Round
    from shipper.render.fleet import Fleet
    from shipper.render.stream import Spool

SHOWN_NAMES = 5
MAX_TOLD = 100
"""Different warnings and messages that are said; the summary has all."""


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


def lines_of(spool: Spool) -> Iterator[str]:
    """The lines of what was written, wherever its chunks end."""
    rest = b""
    for chunk in spool.chunks():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode()
