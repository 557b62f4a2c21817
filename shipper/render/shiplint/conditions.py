"""The rules about `when`: Ship took for true what it couldn't read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import nodes

from shipper.context.values import FALSE_TEXTS, TRUE_TEXTS
from shipper.errors import shown
from shipper.render.shiplint.kinds import assigned, function_of, given, literal
from shipper.render.shiplint.model import DifferenceError
from shipper.template.trees import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shipper.render.shiplint.actions import Surroundings
    from shipper.template.source import TemplateSource

READABLE = TRUE_TEXTS | FALSE_TEXTS


class Condition:
    """The differences of one `when` in repl."""

    def __init__(self, source: TemplateSource, subject: str, around: Surroundings) -> None:
        self.source = source
        self.subject = subject
        self.around = around
        self.variables: Mapping[str, nodes.Expr] = {}

    def differences(self, body: list[nodes.Node]) -> Iterator[DifferenceError]:
        """What may be neither true nor false, of a `when` with these statements; without any it is plain text."""
        if not body:
            text = self.source.text
            if text not in READABLE and text.strip() not in TRUE_TEXTS:
                yield self.differs("when-text", 0, shown(text))
            return
        found = list(walk(body))
        self.variables = assigned(found)
        if self.source.text != self.source.text.strip():
            yield self.differs("when-blanks", 0)
        for node in found:
            text = literal(node) or ""
            if "{{repl " in text:
                yield self.differs("again", node.lineno, shown(text))
        yield from self.decided(body)

    def differs(self, rule: str, offset: int, *about: str) -> DifferenceError:
        return DifferenceError(rule, self.source.position(offset), self.subject, *about)

    def decided(self, body: list[nodes.Node]) -> Iterator[DifferenceError]:
        """What the statements print, each branch by itself."""
        pending = [body]
        while pending:
            parts = printed(pending.pop())
            if len(parts) != 1:
                if parts:
                    yield self.differs("when-value", _offset(parts[0]))
                else:
                    yield self.differs("when-text", 0, "an empty text")
                continue
            part = parts[0]
            if isinstance(part, nodes.If):
                pending += [part.body, *(branch.body for branch in part.elif_), part.else_]
            elif isinstance(part, nodes.With):
                pending.append(part.body)
            elif isinstance(part, nodes.TemplateData):
                if part.data.strip() not in READABLE:
                    yield self.differs("when-text", part.lineno, shown(part.data.strip()))
            elif not self.is_clear(part):
                yield self.differs("when-value", _offset(part))

    def is_clear(self, node: nodes.Node) -> bool:
        """Whether what `node` prints is true or false, whatever the customer says."""
        if given(node, self.variables).kind == "boolean":
            return True
        if isinstance(node, nodes.Const):
            return str(node.value) in READABLE
        asked = literal(node.args[0]) if isinstance(node, nodes.Call) and node.args else None
        if function_of(node) == "ConfigOption" and asked is not None:
            item = self.around.items.get(asked)
            texts = [field.text for field in (item.value, item.default) if field] if item else []
            return item is not None and item.type == "bool" and any(text in READABLE for text in texts)
        if function_of(node) in {"EntitlementValue", "LicenseFieldValue"} and asked is not None:
            license = self.around.facts.license
            found = license.entitlements.get(asked) if license else None
            return found is not None and found.type == "boolean"
        return False


def printed(body: list[nodes.Node]) -> list[nodes.Node]:
    """What `body` prints, or decides, without blanks and without what sets variables."""
    parts: list[nodes.Node] = []
    for node in body:
        if isinstance(node, nodes.Output):
            parts += [each for each in node.nodes if not isinstance(each, nodes.TemplateData) or each.data.strip()]
        elif not isinstance(node, nodes.Assign):
            parts.append(node)
    return parts


def _offset(node: nodes.Node) -> int:
    return node.node.lineno if isinstance(node, nodes.Call) else node.lineno
