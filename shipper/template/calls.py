"""How filters, tests and functions meet the evaluator: two tables, and what a call may ask for.

A filter is a function of plain values; the first one is the piped value:

    @filter_("upper")
    def upper(value: object) -> object: ...

One that needs more than its values takes a `Call` first:

    @filter_("map", context=True)
    def map_(call: Call, value: object, *args: object, **kwargs: object) -> object: ...

A test is the same with `@test` and gives a bool. Errors are `TemplateError` and `LimitError` without a
position: the evaluator knows where it is. A filter never sees an undefined value or argument unless it is
registered with `undefined=True` (`default`, `defined`, `undefined`); *inside* a list or map it may meet one, and any
use of it raises the right error by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.template.limits import Budget


class Call(Protocol):
    """What the evaluator offers to a filter, test or function that is registered with `context=True`."""

    @property
    def budget(self) -> Budget:
        """Charge it *before* work that grows: `budget.steps_for(n)`, `budget.bytes_for(n)`."""
        ...

    def call(self, function: object, *args: object, **kwargs: object) -> object:
        """Call a macro, `caller` or a registered function that came in as a value."""
        ...

    def filter(self, name: str, value: object, *args: object, **kwargs: object) -> object:
        """Apply the filter `name`; TemplateError if there is none."""
        ...

    def test(self, name: str, value: object, *args: object, **kwargs: object) -> bool:
        """Apply the test `name`; TemplateError if there is none."""
        ...

    def attribute(self, value: object, path: object) -> object:
        """`value.a.b` for the path "a.b", `value[0]` for 0 or "0"; an undefined value if there is none."""
        ...

    def text(self, value: object) -> str:
        """The characters `value` prints as; TemplateError for None, lists, maps, functions, undefined."""
        ...

    def truth(self, value: object) -> bool:
        """Whether `value` counts as true; TemplateError for text with a declared type that is no boolean."""
        ...

    def items(self, value: object) -> list[Any]:
        """What a `for` over `value` meets, charged to the budget; TemplateError if it can't be iterated."""
        ...

    def is_undefined(self, value: object) -> bool:
        """Whether `value` is a name or key that doesn't exist."""
        ...


class Entry(NamedTuple):
    """A filter or test: `context` means it takes a `Call` first, `undefined` that it accepts undefined values."""

    call: Callable[..., Any]
    context: bool = False
    undefined: bool = False


FILTERS: dict[str, Entry] = {}
TESTS: dict[str, Entry] = {}

F = TypeVar("F", bound="Callable[..., Any]")


def filter_(*names: str, context: bool = False, undefined: bool = False) -> Callable[[F], F]:
    """Register a filter under all `names`."""
    return _register(FILTERS, names, context=context, undefined=undefined)


def test(*names: str, context: bool = False, undefined: bool = False) -> Callable[[F], F]:
    """Register a test under all `names`."""
    return _register(TESTS, names, context=context, undefined=undefined)


def _register(table: dict[str, Entry], names: tuple[str, ...], **marks: bool) -> Callable[[F], F]:
    def add(call: F) -> F:
        entry = Entry(call, **marks)
        for name in names:
            table[name] = entry
        return call

    return add
