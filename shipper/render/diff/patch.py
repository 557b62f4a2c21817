"""A comparison of files as a patch, with secrets masked unless that was not wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper.render.diff.lines import changed_blocks
from shipper.render.diff.unified import Version, as_text, file_patch, header, lines_of, text_hunks
from shipper.render.secrets import MASK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shipper.render.diff.masks import Masks
    from shipper.render.diff.sides import SideFile


class Patch(NamedTuple):
    """The text of a patch, where bytes that are no UTF-8 are lone surrogates; with `masked` it can't be applied."""

    text: str
    masked: bool


def patch(left: Mapping[str, SideFile], right: Mapping[str, SideFile], masks: Masks) -> Patch:
    """The patch that makes the files `right` of the files `left`, sorted by path; what is deleted goes first."""
    dests = [*sorted(left.keys() - right.keys()), *sorted(right)]
    parts = [
        one_file(dest, version(left.get(dest)), version(right.get(dest)), masks)
        for dest in dests
        if left.get(dest) != right.get(dest)
    ]
    return Patch("".join(part.text for part in parts), any(part.masked for part in parts))


def version(file: SideFile | None) -> Version | None:
    """What a patch looks at."""
    return file and Version(file.content, file.mode)


def one_file(dest: str, old: Version | None, new: Version | None, masks: Masks) -> Patch:
    """The patch of one file."""
    exact = file_patch(dest, old, new)
    if masks.show or not exact:
        return Patch(exact, masked=False)
    path = masks.text(dest)
    texts = [None if one is None else as_text(one.content) for one in (old, new)]
    if any(text is None and one is not None for text, one in zip(texts, (old, new), strict=True)):
        raw = "".join(one.content.decode("latin-1") for one in (old, new) if one is not None)
        if path == dest and masks.text(raw) == raw:
            return Patch(exact, masked=False)
        return unseen(path, old, new, "Binary files")
    hidden = masks.texts(dest, texts[0], texts[1])
    if hidden is None:
        return unseen(path, old, new, "Files that may hold Secrets,")
    if path == dest and hidden == (texts[0], texts[1]):
        return Patch(exact, masked=False)
    hunks = text_hunks(path, *concealed(*hidden))
    if not hunks:
        return unseen(path, old, new, "Secrets in")
    return Patch("".join(f"{line}\n" for line in [*header(path, old, new), *hunks]), masked=True)


def unseen(path: str, old: Version | None, new: Version | None, what: str) -> Patch:
    """A file whose contents are not shown."""
    names = f"a/{path}" if old is not None else "/dev/null", f"b/{path}" if new is not None else "/dev/null"
    lines = [*header(path, old, new), f"{what} {names[0]} and {names[1]} differ"]
    return Patch("".join(f"{line}\n" for line in lines), masked=True)


def concealed(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Two texts in which the lines that a masked one replaced, or was replaced by, are masked too.

    What a secret was before isn't known, but it stands there.
    """
    if old is None or new is None:
        return old, new
    left, right = lines_of(old), lines_of(new)
    for block in changed_blocks(left, right):
        ours, theirs = range(block.left, block.left_end), range(block.right, block.right_end)
        if _is_masked(left, ours) != _is_masked(right, theirs):
            for lines, numbers in ((left, ours), (right, theirs)):
                for number in numbers:
                    if MASK not in lines[number]:
                        lines[number] = _without_value(lines[number])
    return "".join(left), "".join(right)


def _is_masked(lines: Sequence[str], numbers: range) -> bool:
    return any(MASK in lines[number] for number in numbers)


def _without_value(line: str) -> str:
    """A line of which only its indentation and line break are left."""
    text = line.rstrip("\n")
    return text[: len(text) - len(text.lstrip())] + MASK + line[len(text) :]
