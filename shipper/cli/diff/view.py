"""How a comparison is shown to people, in 80 columns."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from shipper.cli.diff.text import WIDTH, columns, cut, in_one_line, path_text, scalar, values_below
from shipper.cli.funnel import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shipper.render.diff.compare import AssetChange, Comparison, Field, FileChange, ObjectChange
    from shipper.render.diff.sides import Side

MAX_FIELDS = 50
MARKS = {"added": "+", "removed": "-", "changed": "~", "reordered": "~"}
COLORS = {"+": 32, "-": 31, "~": 33}


class Page:
    """Lines, each with a mark in front that has a color."""

    def __init__(self, *, color: bool) -> None:
        self.color = color
        self.lines: list[str] = []

    def heading(self, text: str) -> None:
        self.lines += [""] if self.lines else []
        self.lines.append(f"\x1b[1m{text}\x1b[0m" if self.color else text)

    def add(self, indent: int, text: str, mark: str = "") -> None:
        """A line; `text` must be printable."""
        code = COLORS.get(mark)
        line = f"{mark} {text}" if mark else text
        self.lines.append(" " * indent + (f"\x1b[{code}m{line}\x1b[0m" if self.color and code else line))

    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


def as_text(found: Comparison, *, color: bool) -> str:
    """The comparison for people; empty where nothing differs."""
    page = Page(color=color)
    if not found.different:
        return ""
    page.add(0, f"--- {described(found.left)}")
    page.add(0, f"+++ {described(found.right)}")
    for side in (found.left, found.right):
        if side.refused:
            text = f"{side.name}: {side.refused}: render refuses it (exit 5)"
            page.heading("\n".join(wrap(printable(text), WIDTH)))
    groups = {"license": "License", "options": "Options", "": "Other inputs"}
    for key, heading in groups.items():
        fields = [by_its_value(field) for field in found.facts if group_of(field) == key]
        if fields:
            page.heading(heading)
            add_fields(page, 2, fields, skip=bool(key))
    if found.assets:
        page.heading("Assets")
        for asset in found.assets:
            add_asset(page, asset)
    if found.objects:
        page.heading("Documents")
        for one in found.objects:
            add_object(page, one)
    if found.files:
        page.heading("Files")
        for file in found.files:
            page.add(2, f"{printable(file.dest)}  ({about_file(file)})", MARKS[file.change])
    return page.text()


def summary(found: Comparison) -> str:
    """How much differs, in one line."""
    if not found.different:
        return "no differences"
    changes: dict[str, list[str]] = {
        "documents": [one.change for one in found.objects],
        "files": [one.change for one in found.files],
        "assets": [one.change for one in found.assets],
        "license": [field.change.change for field in found.facts if group_of(field) == "license"],
        "options": [field.change.change for field in found.facts if group_of(field) == "options"],
    }
    parts = []
    for name, kinds in changes.items():
        counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in MARKS if kind in kinds)
        parts += [f"{name}: {counts}"] if counts else []
    return "; ".join(parts) or "other inputs differ"


def described(side: Side) -> str:
    """A side: its name, its license and the state of that."""
    facts = side.facts or {}
    license = facts.get("license")
    if not isinstance(license, dict):
        return printable(side.name)
    state = str(license.get("state", "")).replace("_", " ")
    which = "unsigned" if license.get("unsigned") else f"serial {license.get('serial')}"
    about = ", ".join(filter(None, (which, state)))
    return printable(f"{side.name}: {license.get('id') or 'license'} ({about})")


def group_of(field: Field) -> str:
    """Under which heading a fact stands."""
    first = field.change.path[0]
    return first if first in {"license", "options"} and len(field.change.path) > 1 else ""


def by_its_value(field: Field) -> Field:
    """A change of an entitlement without the title and description that come with it."""
    change = field.change
    if change.path[:2] != ("license", "entitlements"):
        return field
    if len(change.path) == 4 and change.path[-1] == "value":
        return field._replace(change=change._replace(path=change.path[:-1]))
    if len(change.path) == 3 and change.change in {"added", "removed"}:
        old, new = (value.get("value") if isinstance(value, dict) else value for value in (change.old, change.new))
        return field._replace(change=change._replace(old=old, new=new))
    return field


def add_asset(page: Page, asset: AssetChange) -> None:
    """An asset, its condition, and the values that decided."""
    page.add(2, f"{printable(asset.dest)}  ({printable(asset.place)})", MARKS[asset.change])
    if asset.when is not None:
        page.add(6, cut(f"when {printable(' '.join(asset.when.split()))}", WIDTH - 6))
    for value in asset.values:
        same = value.old == value.new and type(value.old) is type(value.new)
        old, new = (scalar(one, 0, WIDTH // 2) for one in (value.old, value.new))
        both = new if same or value.old is None else f"{old} → {new}"
        page.add(8, cut(f"{printable(value.expression)} is {both}", WIDTH - 8))


def add_object(page: Page, one: ObjectChange) -> None:
    """A Kubernetes object and its fields that differ."""
    api_version, kind, namespace, name = map(printable, one.identity)
    dests = [printable(dest) for dest in dict.fromkeys((one.old_dest, one.new_dest)) if dest]
    full = f"{namespace}/{name}" if namespace else name
    page.add(2, f"{api_version} {kind} {full}  ({' → '.join(dests)})", MARKS[one.change])
    add_fields(page, 6, one.fields[:MAX_FIELDS])
    if len(one.fields) > MAX_FIELDS:
        page.add(6, f"… and {counted(len(one.fields) - MAX_FIELDS, 'field')} more; -o json has all")


def about_file(file: FileChange) -> str:
    """What is known of a file's change: lines, mode."""
    parts = []
    if file.content == "binary":
        parts.append("binary")
    elif file.added or file.removed:
        changed = ((file.added, "added"), (file.removed, "removed"))
        text = ", ".join(f"{counted(count, 'line')} {word}" for count, word in changed if count)
        parts.append(f"{text}, in comments or layout only" if file.content == "manifest" else text)
    elif file.change != "changed":
        parts.append("empty")
    if file.change == "changed" and file.old_mode != file.new_mode:
        parts.append(f"mode {file.old_mode:04o} → {file.new_mode:04o}")
    return "; ".join(parts)


def add_fields(page: Page, indent: int, fields: Iterable[Field], *, skip: bool = False) -> None:
    """Fields, each in a line if it fits, else its values below; `skip` leaves out the first step of the paths."""
    for field in fields:
        change = field.change
        mark = MARKS[change.change]
        path = path_text(change.path[1:] if skip else change.path)
        room = WIDTH - indent - 2
        line = in_one_line(field, path)
        if line is not None and columns(line) <= room:
            page.add(indent, line, mark)
            continue
        page.add(indent, path, mark)
        for sign, text in values_below(change, room - 6):
            page.add(indent + 4, cut(text, room - 6), sign)
