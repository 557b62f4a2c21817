"""Go's package regexp on RE2, whose syntax it has: where expressions match, and what `$1` stands for.

Works on the UTF-8 bytes, as Go does; what matches is cut between characters. A search is charged to the template's
budget before it begins, as if it had to look at all that is left of the text with every instruction of the
expression's program.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import re2

from shipper.context.registry import check_items, check_size
from shipper.errors import LimitError, TemplateError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.context.registry import Budget

MAX_PATTERN = 10_000
"""Characters of an expression."""
MAX_MEMORY = 1024 * 1024
"""Bytes of an expression's program; compiling one takes 30 ms at most."""
_SEARCH_SHIFT = 10
"""A step is charged for each 1,024 instructions on bytes of text: 12 microseconds where RE2 is slowest."""
_COMPILE_SHIFT = 4
_BYTE_CLASS = re.compile(r"\\Q(?:.*?\\E|.*)|\\(.)|[^\\]++|\\$", re.DOTALL)
_CONTINUATION = range(0x80, 0xC0)

Span = tuple[int, int]


class Expression(NamedTuple):
    """A compiled expression and what searching with it is charged to."""

    compiled: Any
    budget: Budget

    def search(self, text: bytes, start: int) -> Any:
        """RE2's first match from `start` on, or None. LimitError when the budget runs out."""
        while True:
            work = (len(text) - start) * self.compiled.programsize
            self.budget.steps_for(1 + (work >> _SEARCH_SHIFT))
            found = self.compiled.search(text, start)
            if found is None or not _inside(text, found.start()):
                return found
            # RE2 goes by bytes, Go by characters: \B is met between the bytes of one
            start = _next(text, found.start())


def compiled(budget: Budget, pattern: str, *, groups: bool = False) -> Expression:
    """The expression that `pattern` writes, with capturing groups if they are wanted.

    Raises TemplateError for one that Go doesn't take, LimitError for one that is too large.
    """
    if len(pattern) > MAX_PATTERN:
        raise LimitError(f"a regular expression has more than {MAX_PATTERN:,} characters")
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    options.never_capture = not groups
    if any(found.group(1) == "C" for found in _BYTE_CLASS.finditer(pattern)):
        raise TemplateError(rf"{shown(pattern)} is no regular expression: \C takes characters apart")
    try:
        made = re2.compile(pattern, options)
    except re2.error as problem:
        reason = problem.args[0].decode("utf-8", "replace") if problem.args else "bad syntax"
        if "too large" in reason:
            raise LimitError("a regular expression is too large") from None
        what, _, where = reason.partition(": ")
        why = f"{what}: {shown(where)}" if where else what
        raise TemplateError(f"{shown(pattern)} is no regular expression: {why}") from None
    except UnicodeEncodeError:
        raise TemplateError("the regular expression holds half a character (a lone surrogate)") from None
    budget.steps_for(1 + (made.programsize >> _COMPILE_SHIFT))
    return Expression(made, budget)


def matches(expression: Expression, text: bytes, limit: int = -1) -> Iterator[Span]:
    """Where the expression matches, from left to right, at most `limit` times if that isn't negative (FindAllIndex).

    An empty match right after another match doesn't count.
    """
    count, start, before = 0, 0, -1
    while start <= len(text) and (limit < 0 or count < limit):
        found = expression.search(text, start)
        if found is None:
            return
        first, end = found.span()
        accepted = end > start or first != before
        start = end if end > start else _next(text, start)
        before = end
        if accepted:
            count += 1
            check_items(count)
            yield first, end


def split(expression: Expression, text: bytes, limit: int) -> list[str]:
    """The texts between the matches: at most `limit` if it is positive, none if it is 0 (Split)."""
    if limit == 0:
        return []
    if not text and expression.compiled.pattern:
        return [""]
    parts: list[str] = []
    begin = end = 0
    for span in matches(expression, text, limit):
        if limit > 0 and len(parts) == limit - 1:
            break
        end = span[0]
        if span[1]:
            parts.append(text[begin:end].decode("utf-8"))
        begin = span[1]
    if end != len(text):
        parts.append(text[begin:].decode("utf-8"))
    return parts


def replace(expression: Expression, text: bytes, replacement: list[bytes | int]) -> str:
    """`text` with the pieces of `replacement` for each match, where a number is a group (ReplaceAll)."""
    out: list[bytes] = []
    size = copied = start = 0
    while start <= len(text):
        found = expression.search(text, start)
        if found is None:
            break
        first, end = found.span()
        made = [text[copied:first]]
        # An empty match right after another one stands for nothing
        if end > copied or first == 0:
            made += [piece if isinstance(piece, bytes) else found.group(piece) or b"" for piece in replacement]
        size += sum(map(len, made))
        check_size(size)
        check_items(len(out))
        out += made
        copied = end
        start = max(end, _next(text, start))
    out.append(text[copied:])
    return b"".join(out).decode("utf-8")


def expansion(expression: Expression, template: str) -> list[bytes | int]:
    """The pieces of a replacement in which `$1`, `${1}`, `$name` and `$$` stand for something (Expand).

    A name is as long as it can be: `$1x` is `${1x}`. One that isn't a group is nothing.
    """
    names, groups = expression.compiled.groupindex, expression.compiled.groups
    literal, *rest = template.split("$")
    pieces: list[bytes | int] = [literal.encode()]
    parts = iter(rest)
    for part in parts:
        if not part:
            # `$$`, or a dollar at the end
            following = next(parts, "")
            pieces.append(f"${following}".encode())
            continue
        name, after = _name(part)
        if not name:
            pieces.append(f"${part}".encode())
            continue
        number = _number(name)
        group = number if number >= 0 else names.get(name, -1)
        if 0 <= group <= groups:
            pieces.append(group)
        pieces.append(after.encode())
    return [piece for piece in pieces if piece != b""]


def _name(text: str) -> tuple[str, str]:
    """The name that `text` begins with, bare or in braces, and what follows it; no name if there is none."""
    brace = text.startswith("{")
    at = start = int(brace)
    while at < len(text) and (text[at].isalpha() or text[at].isdecimal() or text[at] == "_"):
        at += 1
    if at == start or (brace and not text.startswith("}", at)):
        return "", text
    return text[start:at], text[at + brace :]


def _number(name: str) -> int:
    """The group's number, or -1 for a name; there are no zeros before it, and not many digits."""
    if not (name.isascii() and name.isdecimal()) or len(name) > 9 or (name[0] == "0" and len(name) > 1):
        return -1
    return int(name)


def _inside(text: bytes, at: int) -> bool:
    """Whether `at` is within a character."""
    return at < len(text) and text[at] in _CONTINUATION


def _next(text: bytes, at: int) -> int:
    """Where the character after the one at `at` begins."""
    at += 1
    while _inside(text, at):
        at += 1
    return at
