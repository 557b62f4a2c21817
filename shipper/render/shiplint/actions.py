"""The rules about the actions of one template in repl."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jinja2 import nodes

from shipper.context.catalog import REPL_FUNCTIONS
from shipper.errors import ShipperError, shown
from shipper.render.shiplint.kinds import assigned, function_of, given, literal
from shipper.render.shiplint.model import DifferenceError
from shipper.template.trees import walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from shipper.context.facts import Facts
    from shipper.spec.model import ConfigItem
    from shipper.template.source import TemplateSource

OPTIONS = frozenset(
    {"ConfigOption", "ConfigOptionData", "ConfigOptionEquals", "ConfigOptionNotEquals", "ConfigOptionIndex"}
)
ENTITLEMENTS = frozenset({"EntitlementValue", "LicenseFieldValue"})
COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
CALCULATIONS = frozenset({"Add", "Sub", "Mult", "Div"})
PARSERS = {"ParseInt": "0", "ParseUint": "0", "ParseFloat": "0", "ParseBool": "false"}
TEXT_FIRST = {"Trim": 'write: Trim (…) "c", or … | trimAll "c"', "Split": 'write: Split (…) ","'}
BYTES = frozenset({"trunc", "substr", "abbrev", "abbrevboth"})
RANDOM = frozenset({
    "RandomString", "RandomBytes", "genCA", "genCAWithKey", "genPrivateKey", "genSelfSignedCert",
    "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey", "randAlpha", "randAlphaNum", "randAscii",
    "randBytes", "randInt", "randNumeric", "shuffle", "uuidv4", "encryptAES",
})  # fmt: skip
KEPT = frozenset({"GetCaCert", "GetCaKey", "GetCert", "GetKey"})
ALWAYS = {
    **dict.fromkeys(RANDOM, "random"),
    **dict.fromkeys(KEPT, "kept"),
    "ShipCustomerRelease": "secret",
    "ShipCustomerReleaseFull": "secret",
    "Entitlements": "entitlements",
    "ConfigOptionIndex": "index",
}


class Surroundings(NamedTuple):
    """What is known around a template: the spec's options, the license's entitlements (None if there is none)."""

    items: Mapping[str, ConfigItem]
    entitlements: Collection[str] | None
    facts: Facts


class Actions:
    """The differences in one template."""

    def __init__(self, source: TemplateSource, body: list[nodes.Node], subject: str, around: Surroundings) -> None:
        self.source = source
        self.subject = subject
        self.around = around
        self.found = list(walk(body))
        self.variables = assigned(self.found)

    def differences(self) -> Iterator[DifferenceError]:
        """All of them, in no order."""
        for node in self.found:
            if isinstance(node, nodes.If) and not _is_with(node):
                yield from self.truth(node.test)
            elif isinstance(node, nodes.And | nodes.Or):
                yield from self.truth(node.left)
                yield from self.truth(node.right)
            elif isinstance(node, nodes.Not):
                yield from self.truth(node.node)
            elif isinstance(node, nodes.Call):
                yield from self.call(node)
        yield from self.data()

    def differs(self, rule: str, node: nodes.Node, *about: str) -> DifferenceError:
        """A difference at `node`; a call stands where its function's name does."""
        offset = node.node.lineno if isinstance(node, nodes.Call) else node.lineno
        return DifferenceError(rule, self.source.position(offset), self.subject, *about)

    def truth(self, test: nodes.Node) -> Iterator[DifferenceError]:
        """Text that somebody said, taken for true or false."""
        if isinstance(test, nodes.And | nodes.Or):
            return  # each of its sides is looked at by itself
        found = given(test, self.variables)
        if found.kind == "text" and found.said:
            yield self.differs("truth", test)

    def call(self, node: nodes.Call) -> Iterator[DifferenceError]:
        """One call of a function."""
        name, args = function_of(node), node.args
        if name in ALWAYS:
            yield self.differs(ALWAYS[name], node)
        kinds = [given(each, self.variables) for each in args]
        if name in COMPARISONS and {"text", "number"} <= {each.kind for each in kinds}:
            yield self.differs("comparison", node)
        if name in CALCULATIONS and any(each.kind == "text" for each in kinds):
            yield self.differs("number", node)
        if name in TEXT_FIRST and len(args) == 2 and literal(args[0]) is not None and literal(args[1]) is None:
            yield self.differs("order", node, shown(literal(args[0]) or ""), TEXT_FIRST[name])
        if name in BYTES and any(each.said for each in kinds):
            yield self.differs("bytes", node)
        if name in PARSERS and args:
            yield from self.parsed(name, node)
        if name in {"Base64Decode", "b64dec"} and args:
            yield from self.unreadable("decode", "Base64Decode", node, self.text_of(args[0]))
        if name == "ConfigOptionData" and args:
            yield from self.unreadable("decode", "Base64Decode", node, self.default_of(literal(args[0])))
        if name == "RandomString" and len(args) == 2:
            yield from self.characters(node, literal(args[1]))
        yield from self.missing(name, node, literal(args[0]) if args else None)

    def missing(self, name: str, node: nodes.Call, asked: str | None) -> Iterator[DifferenceError]:
        """A name that nobody knows."""
        if asked is None:
            return
        if name in OPTIONS and asked not in self.around.items:
            empty = "false" if name.endswith("Equals") else "an empty text"
            yield self.differs("missing", node, f"option {shown(asked)}", empty)
        elif name in ENTITLEMENTS and self.around.entitlements is not None and len(node.args) == 1:
            if asked not in self.around.entitlements:
                yield self.differs("missing", node, f"entitlement {shown(asked)}", "an empty text")
        elif name == "Installation":
            from shipper.context.release import KEYS

            if asked not in KEYS and asked not in self.around.facts.release:
                yield self.differs("missing", node, shown(asked), "an empty text")

    def parsed(self, name: str, node: nodes.Call) -> Iterator[DifferenceError]:
        """A text that is no number, or no boolean."""
        text = self.text_of(node.args[0])
        if text is not None and not self.works(name, text):
            what = shown(text) if text else "an empty text"
            yield self.differs("parse", node, what, PARSERS[name])

    def unreadable(self, rule: str, function: str, node: nodes.Call, text: str | None) -> Iterator[DifferenceError]:
        if text is not None and not self.works(function, text):
            yield self.differs(rule, node, shown(text))

    def characters(self, node: nodes.Call, text: str | None) -> Iterator[DifferenceError]:
        """A class of characters that is none."""
        from shipper.context import classes

        if text is not None and (not classes.is_class(text) or (classes.is_ascii(text) and not classes.expand(text))):
            yield self.differs("class", node, shown(text))

    def works(self, name: str, text: str) -> bool:
        """Whether a function takes `text`."""
        spec = REPL_FUNCTIONS[name]
        facts = (self.around.facts._replace(missing="error"),) if spec.facts else ()
        try:
            spec.call(*facts, text)
        except ShipperError:
            return False
        return True

    def text_of(self, node: nodes.Expr) -> str | None:
        """The text of a literal, or of an option or entitlement as far as it is known."""
        name = function_of(node)
        if name == "ConfigOption" and isinstance(node, nodes.Call):
            return self.default_of(literal(node.args[0]) if node.args else None)
        if name in ENTITLEMENTS and isinstance(node, nodes.Call) and len(node.args) == 1:
            license = self.around.facts.license
            found = license.entitlements.get(literal(node.args[0]) or "") if license else None
            return found.value if found is not None and isinstance(found.value, str) else None
        return literal(node)

    def default_of(self, name: str | None) -> str | None:
        """What an option is unless the customer says otherwise; None where a template decides."""
        item = self.around.items.get(name or "")
        if item is None or item.type == "password":
            return None
        texts = [field.text for field in (item.value, item.default) if field is not None]
        return None if any("{" in text for text in texts) else next(filter(None, texts), "")

    def data(self) -> Iterator[DifferenceError]:
        """`.name` outside of `range` and `with`: in a field of a spec there is nothing behind the dot."""
        inside = {
            id(part)
            for node in self.found
            if isinstance(node, nodes.For) or _binds_dot(node)
            for part in walk(node.body)  # type: ignore[attr-defined]  # both have a body
        }
        for node in self.found:
            is_dot = isinstance(node, nodes.Name) and node.name in {".", "$"} and node.ctx == "load"
            if is_dot and id(node) not in inside:
                yield self.differs("no-value", node)


def _is_with(node: nodes.If) -> bool:
    """Whether `node` is the condition of a `with`, which asks for text on purpose."""
    return bool(node.body) and _binds_dot(node.body[0])


def _binds_dot(node: nodes.Node) -> bool:
    return isinstance(node, nodes.With) and any(
        isinstance(target, nodes.Name) and target.name == "." for target in node.targets
    )
