"""The table of functions that templates may call, and the check of what they are called with.

    @function(example=('{{ Trim("  a ") }}', "a"))
    def Trim(s: str, cutset: str = "") -> str: ...

The annotations are the contract with a template: `str`, `Kept`, `int`, `Number`, `bool`, `Scalar`, `datetime` or
`object`. Text with a declared type counts as its number or boolean where one is wanted, and is plain where text is; only
as `Kept` it stays what it is, for functions that give it back. A first parameter `facts` gets the
facts, and a first parameter `budget` what the template may still cost, for work that its result doesn't show; a last
one `*names` takes all that is left. A name that Python needs itself ends in `_`. Signatures are read from the
function's code, since `inspect` costs milliseconds at start.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar

from shipper.context.numbers import parse_int, parse_number
from shipper.context.values import FALSE_TEXTS, TRUE_TEXTS, TypedText, kind_of
from shipper.errors import LimitError, TemplateError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

Number = int | float
Scalar = str | int | float | bool
Kept = str

MAX_TEXT = 32 * 1024 * 1024
"""Characters a function may make."""
MAX_ITEMS = 250_000
"""Items of a list a function may make."""


class Parameter(NamedTuple):
    """`several` marks the last one, which takes any number of arguments; text that is `kept` keeps its declared type."""

    name: str
    kind: str
    required: bool
    default: object = None
    several: bool = False
    kept: bool = False


class Budget(Protocol):
    """What a template may still cost (`shipper/template/limits.py`); a step takes about ten microseconds."""

    def steps_for(self, count: int) -> None:
        """Charge `count` steps; LimitError when they run out."""


Subject = Literal["first", "second", "last"]
_LOOKUPS = frozenset({"configuration", "facts", "release", "target"})
Table = Literal["core", "further", "repl"]


class FunctionSpec(NamedTuple):
    """A function of the template language.

    `call(*args, **kwargs)` checks the arguments first, and takes the facts before them if `facts`, or the budget if
    `budget`; `params` is how
    the signature reads in messages; `theme` is the module it is in; a step is charged for each `2**shift` characters
    of the result; `examples` are templates with what they give. `secret`: the result holds the license's password, if
    there is one. `filter`: the piped value may be the first argument. `subject` is the place that the first parameter
    has among the arguments in repl, where a piped value comes last. `returns` is the annotation of the result.
    """

    name: str
    call: Callable[..., Any]
    params: str
    doc: str
    examples: tuple[tuple[str, str], ...]
    facts: bool
    filter: bool
    parameters: tuple[Parameter, ...]
    theme: str = ""
    shift: int = 10
    secret: bool = False
    subject: Subject = "first"
    budget: bool = False
    returns: str = ""

    @property
    def signature(self) -> str:
        return f"{self.name}({self.params})"

    @property
    def looks_up(self) -> bool:
        """Whether it gives a fact, which `explain` shows, and doesn't only ask how missing ones are taken."""
        return self.facts and self.theme in _LOOKUPS


REGISTRY: dict[str, FunctionSpec] = {}
"""What both template languages have, loaded at once."""
FURTHER: dict[str, FunctionSpec] = {}
"""What both have and `catalog` loads when a template asks for it; jinja2's own names hide some in Jinja."""
REPL: dict[str, FunctionSpec] = {}
"""What only repl has, or has with another meaning; loaded by `catalog`."""
TABLES: dict[Table, dict[str, FunctionSpec]] = {"core": REGISTRY, "further": FURTHER, "repl": REPL}

F = TypeVar("F", bound="Callable[..., Any]")


def function(
    *examples: tuple[str, str],
    alias: str | tuple[str, ...] = (),
    shift: int = 10,
    secret: bool = False,
    subject: Subject = "first",
    table: Table = "core",
) -> Callable[[F], F]:
    """Register a function under its own name, and under each `alias`.

    `shift` is how dear its result is; one that is `secret` shows what the license keeps secret. `subject` is where
    the first parameter stands in repl, `table` who has the function.
    """

    def add(call: F) -> F:
        for name in (call.__name__.rstrip("_"), *((alias,) if isinstance(alias, str) else alias)):
            TABLES[table][name] = _spec(name, call, examples, shift)._replace(secret=secret, subject=subject)
        return call

    return add


def check_size(characters: int) -> None:
    """LimitError for text that would be longer than a function may make."""
    if characters > MAX_TEXT:
        raise LimitError(f"the result would have more than {MAX_TEXT:,} characters")


def check_items(items: int) -> None:
    """LimitError for more values than a function may make or write."""
    if items > MAX_ITEMS:
        raise LimitError(f"the result would have more than {MAX_ITEMS:,} items")


CO_VARARGS = 0x04  # inspect.CO_VARARGS, whose import costs milliseconds


def _spec(name: str, call: Callable[..., Any], examples: tuple[tuple[str, str], ...], shift: int) -> FunctionSpec:
    code, defaults = call.__code__, call.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    required = len(names) - len(defaults)
    facts, budget = names[:1] == ("facts",), names[:1] == ("budget",)
    parameters = tuple(
        Parameter(
            parameter.rstrip("_"),
            "str" if (kind := call.__annotations__[parameter].removesuffix(" | None")) == "Kept" else kind,
            index < required,
            defaults[index - required] if index >= required else None,
            kept=kind == "Kept",
        )
        for index, parameter in enumerate(names)
        if not (index == 0 and (facts or budget))
    )
    if code.co_flags & CO_VARARGS:
        several = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
        parameters += (Parameter(several, call.__annotations__[several], required=False, several=True),)
    params, theme = written(parameters), call.__module__.rpartition(".")[2]
    check = _with_first if facts or budget else _checked
    return FunctionSpec(
        name,
        check(name, call, parameters, params),
        params,
        call.__doc__ or "",
        examples,
        facts,
        bool(parameters),
        parameters,
        theme,
        shift,
        budget=budget,
        returns=call.__annotations__.get("return", ""),
    )


def written(parameters: tuple[Parameter, ...]) -> str:
    """`s[, cutset]`."""
    text = ""
    for parameter in parameters:
        separator = ", " if text else ""
        if parameter.several:
            text += f"{separator}{parameter.name}…"
            continue
        text += f"{separator}{parameter.name}" if parameter.required else f"[{separator}{parameter.name}]"
    return text


def _checked(name: str, call: Callable[..., Any], parameters: tuple[Parameter, ...], params: str) -> Callable[..., Any]:
    fits = _fits(parameters)

    def checked(*args: object, **kwargs: object) -> object:
        try:
            if not kwargs and fits(args):
                return call(*args)
            return call(*bind(name, parameters, params, args, kwargs))
        except (TemplateError, LimitError) as error:
            raise _named(error, name) from None

    return checked


def _with_first(
    name: str, call: Callable[..., Any], parameters: tuple[Parameter, ...], params: str
) -> Callable[..., Any]:
    fits = _fits(parameters)

    def checked(first: object, *args: object, **kwargs: object) -> object:
        try:
            if not kwargs and fits(args):
                return call(first, *args)
            return call(first, *bind(name, parameters, params, args, kwargs))
        except (TemplateError, LimitError) as error:
            raise _named(error, name) from None

    return checked


def _fits(parameters: tuple[Parameter, ...]) -> Callable[[tuple[object, ...]], bool]:
    """Whether arguments are, each and plainly, what is wanted: most are, and `bind` has nothing to do then."""
    least = sum(parameter.required for parameter in parameters)
    several = bool(parameters) and parameters[-1].several
    plain = [_PLAIN["Kept" if parameter.kept else parameter.kind] for parameter in parameters]

    def fits(args: tuple[object, ...]) -> bool:
        count = len(args)
        if count < least:
            return False
        wanted = plain
        if count > len(plain):
            if not several:
                return False
            wanted = plain + plain[-1:] * (count - len(plain))
        for value, types in zip(args, wanted):  # noqa: B905, SIM110 (the last ones may be left out; a generator costs)
            if type(value) not in types:
                return False
        return True

    return fits


def _named(error: TemplateError | LimitError, name: str) -> TemplateError | LimitError:
    """The error with the function's name before its message."""
    if not error.message.startswith(f"{name}: "):
        error.message = f"{name}: {error.message}"
        error.args = (error.message,)
    return error


def bind(
    name: str,
    parameters: tuple[Parameter, ...],
    params: str,
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> list[object]:
    """The arguments in the order of `parameters`, each checked. Raises TemplateError, with the signature as hint."""
    hint = f"{name}({params})"
    several = parameters[-1] if parameters and parameters[-1].several else None
    rest: list[object] = []
    if several is not None:
        parameters = parameters[:-1]
        rest = [_argument(name, several, value, hint) for value in args[len(parameters) :]]
        args = args[: len(parameters)]
    if len(args) > len(parameters):
        raise TemplateError(f"{name}: takes {at_most(len(parameters))}, not {len(args)}", hint=hint)
    bound = []
    for index, parameter in enumerate(parameters):
        if index < len(args):
            if parameter.name in kwargs:
                raise TemplateError(f'{name}: argument "{parameter.name}" is given twice', hint=hint)
            bound.append(_argument(name, parameter, args[index], hint))
        elif parameter.name in kwargs:
            bound.append(_argument(name, parameter, kwargs.pop(parameter.name), hint))
        elif parameter.required:
            raise TemplateError(f'{name}: argument "{parameter.name}" is missing', hint=hint)
        else:
            bound.append(parameter.default)
    if kwargs:
        unknown = next(iter(kwargs))
        meant = did_you_mean(unknown, [parameter.name for parameter in parameters])
        raise TemplateError(f'{name}: there is no argument "{unknown}"', hint=meant or hint)
    return bound + rest


def at_most(count: int) -> str:
    """How many arguments something takes."""
    return f"at most {count} argument{'s' if count != 1 else ''}" if count else "no arguments"


def _argument(name: str, parameter: Parameter, value: object, hint: str) -> object:
    """`value` as the parameter wants it."""
    want = _WANTED[parameter.kind]
    if isinstance(value, want.types) and (want.booleans or not isinstance(value, bool)):
        plain = type(value) is TypedText and want.types is str and not parameter.kept
        return str.__str__(value) if plain else value
    if isinstance(value, TypedText) and want.typed:
        try:
            return want.typed(value)
        except ValueError:
            pass
    if want.any and (value is None or isinstance(value, _VALUES)):
        return value
    raise TemplateError(
        f'{name}: "{parameter.name}" must be {want.name}, not {kind_of(value)}',
        hint=_conversion(value, parameter.kind) or hint,
    )


def _conversion(value: object, kind: str) -> str:
    """How to say what was probably meant."""
    if isinstance(value, TypedText):
        return f"use {value.typed}" if kind != "str" and value.type != "string" else ""
    if isinstance(value, str):
        return {"int": "use ParseInt", "Number": "use ParseInt or ParseFloat", "bool": "use ParseBool"}.get(kind, "")
    if kind == "str" and isinstance(value, (int, float)):
        return "use string: | string"
    return "use toYaml or toJson" if kind == "str" and isinstance(value, (list, tuple, dict)) else ""


def _typed_int(value: TypedText) -> int:
    if value.type != "integer":
        raise ValueError
    return parse_int(value)


def _typed_number(value: TypedText) -> float:
    if value.type not in {"integer", "number"}:
        raise ValueError
    return parse_number(value)


def _typed_bool(value: TypedText) -> bool:
    if value.type != "boolean" or value not in TRUE_TEXTS | FALSE_TEXTS:
        raise ValueError
    return value in TRUE_TEXTS


_SCALAR_TYPES = frozenset({str, int, float, bool, TypedText})
_PLAIN: dict[str, frozenset[type]] = {
    "str": frozenset({str}),
    "Kept": frozenset({str, TypedText}),
    "int": frozenset({int}),
    "Number": frozenset({int, float}),
    "bool": frozenset({bool}),
    "Scalar": _SCALAR_TYPES,
    "datetime": frozenset({datetime}),
    "object": _SCALAR_TYPES | {list, dict, type(None)},
}
"""The types that a parameter of each kind takes as they are; not all that it takes."""

_VALUES = (str, int, float, list, tuple, dict, range, datetime)


class _Want(NamedTuple):
    name: str
    types: type | tuple[type, ...]
    booleans: bool = False
    typed: Callable[[TypedText], object] | None = None
    any: bool = False


_WANTED = {
    "str": _Want("text", str),
    "int": _Want("an integer", int, typed=_typed_int),
    "Number": _Want("a number", (int, float), typed=_typed_number),
    "bool": _Want("true or false", bool, booleans=True, typed=_typed_bool),
    "Scalar": _Want("text, a number or a boolean", (str, int, float), booleans=True),
    "datetime": _Want("a time", datetime),
    "object": _Want("a value", (), any=True),
}
