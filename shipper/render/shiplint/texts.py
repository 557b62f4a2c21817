"""The rules about the text around and between actions."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from jinja2 import nodes

from shipper.errors import LimitError, shown
from shipper.render.shiplint.kinds import function_of, given, literal
from shipper.render.shiplint.model import DifferenceError
from shipper.template.limits import MAX_TOKENS
from shipper.template.repl.lexer import COMMENT_END, OPENING, tokens
from shipper.template.trees import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shipper.template.source import TemplateSource

LEFTOVER = re.compile(r"(?:\{\{repl|repl\{\{)\S{0,8}")
MACHINE = frozenset({"env", "expandenv", "getHostByName"})
DEFINITIONS = frozenset({"block", "define", "template"})
KUBECONFIG = frozenset({"AmazonEKS", "AzureAKS", "GoogleGKE"})
REPLACES = frozenset({"regexReplaceAll", "regexReplaceAllLiteral", "replace"})
# What was meant to be a block of lines
LINES = frozenset({"indent", "nindent", "toYaml"})
NEAR = 1_000
"""Characters that are looked at beside a value."""
# The header of a block scalar
_HEADER = re.compile(r"(?:\A|[\s:?-])[|>][-+1-9]{0,2}[ \t]*(?:[ \t]#.*)?\Z")


def openings(source: TemplateSource, subject: str) -> Iterator[DifferenceError]:
    """How actions begin, what was meant to be one, and functions that are gone. Works on what can't be parsed, too."""
    text, position, left = source.text, 0, MAX_TOKENS
    while opening := OPENING.search(text, position):
        yield from leftovers(source, subject, position, opening.start())
        start = opening.start()
        written = text[start : start + len("{{repl ")]
        if written != "{{repl ":
            yield DifferenceError("opening", source.position(start), subject, shown(written))
        position = opening.end()
        if opening["comment"]:
            end = COMMENT_END.search(text, position)
            if end is None:
                return
            position = end.end()
            continue
        try:
            found, position = tokens(text, position, left)
        except LimitError:
            return
        left -= len(found)
        if found[0][1] in DEFINITIONS:
            yield DifferenceError("define", source.position(found[0][2]), subject, found[0][1])
        for kind, word, at, _ in found:
            if kind == "name" and word in MACHINE | KUBECONFIG:
                rule = "machine" if word in MACHINE else "kubeconfig"
                yield DifferenceError(rule, source.position(at), subject)
        if found[-1][0] == "other":
            return  # what is behind it means nothing
    yield from leftovers(source, subject, position, len(text))


def leftovers(source: TemplateSource, subject: str, begin: int, end: int) -> Iterator[DifferenceError]:
    """What looks like an action in the raw text from `begin` to `end`, and is none."""
    for match in LEFTOVER.finditer(source.text, begin, end):
        yield DifferenceError("leftover", source.position(match.start()), subject, shown(match[0]))


def structures(
    source: TemplateSource, body: list[nodes.Node], subject: str, variables: Mapping[str, nodes.Expr]
) -> Iterator[DifferenceError]:
    """Values that stand on a line of YAML alone, or bring lines of their own: they were part of the YAML."""
    blocks: list[tuple[int, int]] | None = None
    for output in walk(body):
        if not isinstance(output, nodes.Output):
            continue
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData) or not given(node, variables).said:
                continue
            at = node.node.lineno if isinstance(node, nodes.Call) else node.lineno
            before, after = _beside(source.text, at)
            if before.count('"') % 2 and _escapes(node):
                yield DifferenceError("backslash", source.position(at), subject)
            if _HEADER.search(before) or (function_of(node) not in LINES and (before.strip() or after.strip())):
                continue
            blocks = _blocks(source.text) if blocks is None else blocks
            nearest = bisect_right(blocks, (at, len(source.text))) - 1
            if nearest < 0 or at >= blocks[nearest][1]:
                yield DifferenceError("structure", source.position(at), subject)


def _escapes(node: nodes.Node) -> bool:
    """Whether a call puts a backslash into a text."""
    return function_of(node) in REPLACES and any("\\" in (literal(each) or "") for each in node.args[1:])  # type: ignore[attr-defined]  # a call


def _beside(text: str, at: int) -> tuple[str, str]:
    """What stands on the line before and behind the action that `at` is in, as far as it is near."""
    opening = max(text.rfind("{{repl", 0, at), text.rfind("repl{{", 0, at))
    end = text.find("}}", at)
    end = len(text) if end < 0 else end + 2
    before, after = text[max(0, opening - NEAR) : opening], text[end : end + NEAR]
    return before.rpartition("\n")[2], after.partition("\n")[0]


def _blocks(text: str) -> list[tuple[int, int]]:
    """Where the lines are that are text of block scalars: their beginnings and ends."""
    found: list[tuple[int, int]] = []
    header, begin = -1, 0
    for line in text.splitlines(keepends=True):
        indent = len(line) - len(line.lstrip(" "))
        if header >= 0 and (not line.strip() or indent > header):
            found.append((begin, begin + len(line)))
        else:
            header = indent if _HEADER.search(line[-NEAR:].rstrip("\n")) else -1
        begin += len(line)
    return found
