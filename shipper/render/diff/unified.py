"""Two versions of a file as a patch that `git apply` and `patch -p1` take.

What git doesn't record isn't there: of the mode only whether the file can be run. A file with a NUL byte is binary:
its new content stands there whole, in the form that `git apply` takes and `patch` doesn't.
"""

from __future__ import annotations

import hashlib
from base64 import b85encode
from typing import TYPE_CHECKING, NamedTuple
from zlib import adler32

from shipper.render.diff.lines import Block, changed_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CONTEXT = 3
_NO_NEWLINE = "\\ No newline at end of file"
_BINARY_LINE = 52
_STORED = 65_535
_ABSENT = "0" * 40


class Version(NamedTuple):
    """A file as it was or will be: its bytes and permission bits."""

    content: bytes
    mode: int


def as_text(content: bytes) -> str | None:
    """The text of a file, with bytes that are no UTF-8 as lone surrogates; None for a binary file."""
    return None if b"\0" in content else content.decode("utf-8", "surrogateescape")


def lines_of(text: str) -> list[str]:
    """The lines of `text` as git counts them: only LF ends one."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def header(path: str, old: Version | None, new: Version | None) -> list[str]:
    """The lines of a file's patch that name it and say what becomes of its mode."""
    lines = [f"diff --git {_quoted(f'a/{path}')} {_quoted(f'b/{path}')}"]
    if old is None and new is not None:
        lines.append(f"new file mode {_git_mode(new.mode)}")
    elif new is None and old is not None:
        lines.append(f"deleted file mode {_git_mode(old.mode)}")
    elif old is not None and new is not None and _git_mode(old.mode) != _git_mode(new.mode):
        lines += [f"old mode {_git_mode(old.mode)}", f"new mode {_git_mode(new.mode)}"]
    return lines


def text_hunks(path: str, old: str | None, new: str | None) -> list[str]:
    """The hunks that make the text `new` of `old`, below the lines that name both; None where there is no file."""
    left, right = lines_of(old or ""), lines_of(new or "")
    blocks = changed_blocks(left, right)
    if not blocks:
        return []
    lines = [
        f"--- {_named('a', path)}" if old is not None else "--- /dev/null",
        f"+++ {_named('b', path)}" if new is not None else "+++ /dev/null",
    ]
    for group in _groups(blocks):
        lines += _hunk(left, right, group)
    return lines


def binary_hunk(old: bytes | None, new: bytes | None) -> list[str]:
    """The new content as a git binary patch, which git takes only for the file that had the old one."""
    data = new or b""
    stream = _stored(data)
    lines = [f"index {_blob(old)}..{_blob(new)}", "GIT binary patch", f"literal {len(data)}"]
    for start in range(0, len(stream), _BINARY_LINE):
        part = stream[start : start + _BINARY_LINE]
        length = chr(64 + len(part)) if len(part) <= 26 else chr(70 + len(part))
        lines.append(length + b85encode(part, pad=True).decode())
    return [*lines, ""]


def file_patch(path: str, old: Version | None, new: Version | None) -> str:
    """The patch of one file with its last line break, empty where git would see no change.

    Bytes that are no UTF-8 are lone surrogates in it, as `surrogateescape` writes them.
    """
    head = header(path, old, new)
    if old is not None and new is not None and old.content == new.content:
        return _joined(head) if len(head) > 1 else ""
    before, after = (None if version is None else as_text(version.content) for version in (old, new))
    if (old is not None and before is None) or (new is not None and after is None):
        return _joined(head + binary_hunk(old and old.content, new and new.content))
    return _joined(head + text_hunks(path, before, after))


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _groups(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """The blocks of each hunk: those with so few lines between them that their contexts would touch."""
    group: list[Block] = []
    for block in blocks:
        if group and block.left - group[-1].left_end > 2 * CONTEXT:
            yield group
            group = []
        group.append(block)
    yield group


def _hunk(left: Sequence[str], right: Sequence[str], group: Sequence[Block]) -> list[str]:
    start, end = max(0, group[0].left - CONTEXT), min(len(left), group[-1].left_end + CONTEXT)
    other, other_end = group[0].right - (group[0].left - start), group[-1].right_end + (end - group[-1].left_end)
    lines = [f"@@ -{_range(start, end)} +{_range(other, other_end)} @@"]
    done = start
    for block in group:
        lines += _marked(" ", left[done : block.left])
        lines += _marked("-", left[block.left : block.left_end])
        lines += _marked("+", right[block.right : block.right_end])
        done = block.left_end
    return lines + _marked(" ", left[done:end])


def _marked(mark: str, lines: Sequence[str]) -> list[str]:
    marked = [mark + line.removesuffix("\n") for line in lines]
    if lines and not lines[-1].endswith("\n"):
        marked.append(_NO_NEWLINE)
    return marked


def _range(start: int, end: int) -> str:
    """A hunk's place: the first line from 1 and their number; of no lines, the line before."""
    if end - start == 1:
        return str(start + 1)
    return f"{start + 1 if end > start else start},{end - start}"


def _named(side: str, path: str) -> str:
    """The name in a `---` or `+++` line; behind a blank in it a tab says where it ends."""
    name = _quoted(f"{side}/{path}")
    return f"{name}\t" if " " in name and not name.startswith('"') else name


def _quoted(path: str) -> str:
    """`path` as git quotes it: bytes beyond ASCII in octal. A dest has neither quotes nor control characters."""
    if path.isascii():
        return path
    return '"' + "".join(chr(byte) if byte < 0x80 else f"\\{byte:03o}" for byte in path.encode()) + '"'


def _git_mode(mode: int) -> str:
    return "100755" if mode & 0o100 else "100644"


def _blob(content: bytes | None) -> str:
    """The name that git gives a file's content."""
    if content is None:
        return _ABSENT
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _stored(data: bytes) -> bytes:
    """`data` in zlib's format, not compressed (RFC 1950, 1951): the same bytes whichever zlib is installed."""
    parts = [data[start : start + _STORED] for start in range(0, len(data), _STORED)] or [b""]
    stream = b"\x78\x01"
    for number, part in enumerate(parts, start=1):
        size = len(part).to_bytes(2, "little")
        flipped = (len(part) ^ 0xFFFF).to_bytes(2, "little")
        stream += bytes([number == len(parts)]) + size + flipped + part
    return stream + adler32(data).to_bytes(4, "big")
