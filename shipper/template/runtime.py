"""The values that only templates make: undefined, namespace, loop, macro, module, and things to call."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from shipper.errors import TemplateError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jinja2 import nodes

    from shipper.errors import ShipperError
    from shipper.template.source import TemplateSource


class Frame:
    """One scope: its names, and the scope around it."""

    __slots__ = ("names", "outer")

    def __init__(self, names: dict[str, Any], outer: Frame | None) -> None:
        self.names = names
        self.outer = outer

    def known(self) -> set[str]:
        """All the names that can be seen from here."""
        found: set[str] = set()
        frame: Frame | None = self
        while frame is not None:
            found.update(frame.names)
            frame = frame.outer
        return found


class Undefined:
    """A name or key that doesn't exist. Any use of it raises its error, except to ask whether it is defined.

    With `lenient` (`--missing empty`) it prints as an empty text, is false and has no items.
    """

    __slots__ = ("error", "hint", "lenient", "message")

    def __init__(
        self,
        message: str,
        hint: Callable[[], str] | str = "",
        *,
        lenient: bool = False,
        error: type[ShipperError] = TemplateError,
    ) -> None:
        self.error = error
        self.message = message
        self.hint = hint
        self.lenient = lenient

    def fail(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise self.error(self.message, hint=self.hint if isinstance(self.hint, str) else self.hint())

    def __str__(self) -> str:
        return "" if self.lenient else self.fail()

    def __bool__(self) -> bool:
        return False if self.lenient else self.fail()

    def __len__(self) -> int:
        return 0 if self.lenient else self.fail()

    def __iter__(self) -> Any:
        return iter(()) if self.lenient else self.fail()

    def __eq__(self, other: object) -> bool:
        return type(other) is Undefined if self.lenient else self.fail()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(Undefined) if self.lenient else self.fail()

    def __repr__(self) -> str:
        return "undefined"

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = fail
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __pos__ = __neg__ = fail
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __getitem__ = __call__ = fail
    __int__ = __float__ = __index__ = __round__ = __abs__ = fail


class Namespace:
    """What `namespace()` makes: the one thing a template may change."""

    __slots__ = ("values",)

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values


class Module(NamedTuple):
    """What `import` gives: the names that another template set at its top level."""

    name: str
    names: dict[str, Any]


class Group(NamedTuple):
    """One group of the filter `groupby`."""

    grouper: Any
    list: Any


class Function:
    """A registered function: call it with `Facts` first if its specification asks for them."""

    __slots__ = ("name", "spec")

    def __init__(self, name: str, spec: Any) -> None:
        self.name = name
        self.spec = spec


class Builtin(NamedTuple):
    """`range`, `dict`, `namespace`: takes the evaluator first."""

    name: str
    run: Callable[..., Any]


class Method(NamedTuple):
    """A listed method of a value, not yet called."""

    owner: Any
    name: str
    run: Callable[..., Any]


class Macro(NamedTuple):
    """A macro, or the body of a `call` block."""

    name: str
    node: nodes.Macro | nodes.CallBlock
    frame: Frame
    source: TemplateSource
    arguments: tuple[str, ...]
    caller: bool
    catch_kwargs: bool
    catch_varargs: bool


class Loop:
    """`loop` inside a `for`."""

    __slots__ = ("depth0", "frame", "index0", "items", "last_changed", "node", "source")

    def __init__(
        self, items: Sequence[Any], node: nodes.For, frame: Frame, source: TemplateSource, depth0: int
    ) -> None:
        self.items = items
        self.node = node
        self.frame = frame
        self.source = source
        self.depth0 = depth0
        self.index0 = -1
        self.last_changed: object = Loop

    def cycle(self, *values: Any) -> Any:
        if not values:
            raise TemplateError("loop.cycle needs values to cycle through")
        return values[self.index0 % len(values)]

    def changed(self, *values: Any) -> bool:
        if self.last_changed is not Loop and self.last_changed == values:
            return False
        self.last_changed = values
        return True


LOOP_ATTRIBUTES: dict[str, Callable[[Loop], Any]] = {
    "index": lambda loop: loop.index0 + 1,
    "index0": lambda loop: loop.index0,
    "revindex": lambda loop: len(loop.items) - loop.index0,
    "revindex0": lambda loop: len(loop.items) - loop.index0 - 1,
    "first": lambda loop: loop.index0 == 0,
    "last": lambda loop: loop.index0 == len(loop.items) - 1,
    "length": lambda loop: len(loop.items),
    "depth": lambda loop: loop.depth0 + 1,
    "depth0": lambda loop: loop.depth0,
    "previtem": lambda loop: loop.items[loop.index0 - 1] if loop.index0 else Undefined("there is no previous item"),
    "nextitem": lambda loop: (
        loop.items[loop.index0 + 1] if loop.index0 + 1 < len(loop.items) else Undefined("there is no next item")
    ),
    "cycle": lambda loop: Method(loop, "cycle", Loop.cycle),
    "changed": lambda loop: Method(loop, "changed", Loop.changed),
}

MACRO_ATTRIBUTES: dict[str, Callable[[Macro], Any]] = {
    "name": lambda macro: macro.name,
    "arguments": lambda macro: macro.arguments,
    "caller": lambda macro: macro.caller,
    "catch_kwargs": lambda macro: macro.catch_kwargs,
    "catch_varargs": lambda macro: macro.catch_varargs,
}

GROUP_ATTRIBUTES: dict[str, Callable[[Group], Any]] = {
    "grouper": lambda group: group.grouper,
    "list": lambda group: group.list,
}


def suggest(name: str, known: Iterable[Any]) -> str:
    """`did you mean …?`, unless there are too many names or too long ones to compare in a moment."""
    names = [key for key in islice(known, 1_001) if isinstance(key, str) and len(key) <= 100]
    return did_you_mean(name, names) if len(name) <= 100 and len(names) <= 1_000 else ""


def kind(value: object) -> str:
    """What `value` is, in a user's words, for messages; never its contents."""
    if value is None:
        return "none"
    if isinstance(value, str):
        return "text"
    found = _KINDS.get(dict if isinstance(value, dict) else type(value))
    return found or "a value of an unknown kind"


_KINDS: dict[type, str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    list: "a list",
    tuple: "a list",
    Group: "a list",
    range: "a range",
    dict: "a map",
    datetime: "a time",
    Undefined: "undefined",
    Namespace: "a namespace",
    Module: "an imported template",
    Function: "a function",
    Builtin: "a function",
    Method: "a method",
    Macro: "a macro",
    Loop: "a loop",
}
