"""Reading the fields of one map of the spec: what is known, what has no effect, what is a mistake."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast, get_args

from shipper.errors import ShipperError, SpecError, did_you_mean, shown
from shipper.spec.model import Note, Templating, Text
from shipper.yamlio import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_Choice = TypeVar("_Choice", bound=str)
_Made = TypeVar("_Made")

TRUE_BEFORE = frozenset({"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})
FALSE_BEFORE = frozenset({"n", "N", "no", "No", "NO", "off", "Off", "OFF"})
"""Booleans of YAML 1.1 only, which Ship read; they decide nothing but fields that can be nothing else."""
TRUE = frozenset({"true", "True", "TRUE", "1"}) | TRUE_BEFORE
FALSE = frozenset({"false", "False", "FALSE", "0"}) | FALSE_BEFORE


class Report:
    """Where problems and notes go. With `collect`, errors that leave the rest readable are put there."""

    def __init__(self, collect: list[ShipperError] | None) -> None:
        self.collect = collect
        self.notes: list[Note] = []

    def attempt(self, make: Callable[[], _Made | None]) -> _Made | None:
        """What `make` gives; None if it fails and errors are collected."""
        if self.collect is None:
            return make()
        try:
            return make()
        except SpecError as problem:
            self.collect.append(problem)
            return None

    def each(self, items: Iterator[Node] | list[Node], make: Callable[[Node], _Made | None]) -> tuple[_Made, ...]:
        """What `make` gives for each item, without what failed or gave nothing."""
        made = (self.attempt(partial(make, item)) for item in items)
        return tuple(one for one in made if one is not None)


class Fields:
    """The fields of one map. `what` names it in messages; a null stands for an empty map.

    Keys in `known` are read by the caller, keys in `ignored` are Ship's and have no effect; any other is an
    error. Raises SpecError for this and for every field of the wrong kind.
    """

    def __init__(
        self,
        node: Node,
        what: str,
        report: Report,
        known: Collection[str],
        ignored: Collection[str] = (),
        *,
        strict: bool = True,
    ) -> None:
        self.node = node
        self.what = what
        self.report = report
        self.nodes = _map(node, what).nodes if not is_null(node) else {}
        for name in self.nodes:
            if name in known:
                continue
            if name in ignored:
                report.notes.append(Note(self.key(name).position, f'{what}: "{name}" has no effect'))
            elif strict:
                hint = did_you_mean(name, [*known, *ignored]) or f"known: {', '.join(known)}"
                raise self.key(name).error(f"{what}: unknown key {shown(name)}", hint=hint)

    def key(self, name: str) -> Scalar:
        """The scalar of a key that is there."""
        return _map(self.node, self.what).key(name)

    def get(self, name: str) -> Node | None:
        """The value of `name`; None if it is absent or null."""
        node = self.nodes.get(name)
        return None if node is None or is_null(node) else node

    def need(self, name: str) -> Node:
        """The value of a field that must be there."""
        node = self.get(name)
        if node is None:
            raise self.node.error(f'{self.what}: "{name}" is missing')
        return node

    def scalar(self, name: str) -> Scalar | None:
        """The scalar of any type in `name`, if there is one; its text is what counts."""
        node = self.get(name)
        return None if node is None else scalar_of(node, f'{self.what}: "{name}"')

    def text(self, name: str) -> Text | None:
        scalar = self.scalar(name)
        return None if scalar is None else Text(scalar.text, scalar)

    def need_text(self, name: str) -> Text:
        """A text that must be there; it may be empty."""
        self.need(name)
        return cast("Text", self.text(name))

    def words(self, name: str) -> str:
        """A text for people; empty if absent."""
        scalar = self.scalar(name)
        return "" if scalar is None else scalar.text

    def condition(self) -> Text | None:
        """`when`; None if absent, null or empty: always. Whoever wrote an empty one may have meant never."""
        when = self.text("when")
        if when is not None and when.text:
            return when
        if "when" in self.nodes and self.report.collect is not None:
            text = f'{self.what}: an empty "when" includes always; remove it or write true'
            self.report.notes.append(Note(self.key("when").position, text))
        return None

    def boolean(self, name: str) -> bool:
        """A boolean as YAML writes it, or 1 and 0; false if absent."""
        scalar = self.scalar(name)
        if scalar is None:
            return False
        if scalar.text in TRUE or scalar.text in FALSE:
            value = scalar.text in TRUE
            if self.report.collect is not None and scalar.text in TRUE_BEFORE | FALSE_BEFORE:
                text = f'{self.what}: "{name}" is {str(value).lower()}; write that instead of "{scalar.text}"'
                self.report.notes.append(Note(scalar.position, text))
            return value
        raise scalar.error(f'{self.what}: "{name}" is no boolean: {shown(scalar.text)}', hint="true or false")

    def choice(self, name: str, choices: object, default: _Choice) -> _Choice:
        """One of the texts of the Literal `choices`; `default` where there is none, or an empty one."""
        scalar = self.scalar(name)
        if scalar is None or not scalar.text:
            return default
        options: tuple[str, ...] = get_args(choices)
        if scalar.text not in options:
            raise scalar.error(f'{self.what}: "{name}" is {shown(scalar.text)}', hint=f"one of {', '.join(options)}")
        return cast("_Choice", scalar.text)

    def templating(self) -> Templating | None:
        """The declared dialect, if any."""
        default: Templating = "jinja"
        scalar = self.scalar("templating")
        return None if scalar is None or not scalar.text else self.choice("templating", Templating, default)

    def items(self, name: str) -> list[Node]:
        """The items of a list; none if absent."""
        node = self.get(name)
        return [] if node is None else items_of(node, f'{self.what}: "{name}"')


def items_of(node: Node, what: str) -> list[Node]:
    """The items of a list; a null is an empty one."""
    if is_null(node):
        return []
    if not isinstance(node, Sequence):
        raise node.error(f"{what} must be a list, not a {node.kind}")
    return node.items


def scalar_of(node: Node, what: str) -> Scalar:
    """A scalar of any type: its text is what counts."""
    if not isinstance(node, Scalar):
        raise node.error(f"{what} must be a text, not a {node.kind}")
    return node


def is_null(node: Node) -> bool:
    """Whether nothing stands there, or a plain null."""
    return isinstance(node, Scalar) and not node.style and node.text in {"", "~", "null", "Null", "NULL"}


def _map(node: Node, what: str) -> Mapping:
    if not isinstance(node, Mapping):
        raise node.error(f"{what} must be a map, not a {node.kind}")
    return node
