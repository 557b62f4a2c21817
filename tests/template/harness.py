"""One template through jinja2's own renderer and through the evaluator, with outcomes that can be compared."""

from __future__ import annotations

import functools
import warnings
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

import jinja2

from shipper.errors import LimitError, TemplateError
from shipper.template.engine import Engine
from shipper.template.source import TemplateSource
from tests.template.differential_cases import DATA, FILES

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.template.limits import TemplateLimits

REFUSED = "(refused)"


class Data(NamedTuple):
    """The smallest scope."""

    data: dict[str, Any]
    facts: Any = None


class Folder:
    """A templates folder in memory."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def get(self, name: str) -> TemplateSource:
        if name not in self.files:
            raise FileNotFoundError(name)
        return TemplateSource(name, self.files[name])

    def names(self) -> list[str]:
        return list(self.files)


def _finalize(value: object) -> object:
    """What the design says about printing, for jinja2."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):  # noqa: PLR0124 (NaN)
        raise TypeError
    if isinstance(value, (str, int, float, jinja2.Undefined)):
        return value
    raise TypeError


def _of_text(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of text: what has no text has none here either."""
    return lambda value, *args: function(str(_finalize(value)), *args)


def _of_defined(function: Any) -> Any:
    """A test that an undefined value doesn't pass through."""

    @functools.wraps(function)
    def test(*args: Any) -> Any:
        for value in args:
            if isinstance(value, jinja2.Undefined):
                str(value)
        return function(*args)

    return test


def reference() -> jinja2.Environment:
    """jinja2 with the design's options and the design's rules for text and undefined values."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        keep_trailing_newline=True,
        loader=jinja2.DictLoader(FILES),
        autoescape=False,
        optimized=False,  # folding raises errors of branches that never run
    )
    for name in ("upper", "lower", "title", "trim", "string"):
        environment.filters[name] = _of_text(environment.filters[name])
    environment.filters["join"] = lambda items, separator="": separator.join(str(_finalize(item)) for item in items)
    environment.tests |= {
        name: _of_defined(test) for name, test in environment.tests.items() if name not in ("defined", "undefined")
    }
    environment.globals = {name: environment.globals[name] for name in ("range", "dict", "namespace")} | DATA
    return environment


_REFERENCE = reference()
ENGINE = Engine({}, Folder(FILES))  # type: ignore[arg-type]


def theirs(template: str) -> str:
    """What jinja2 makes of `template`."""
    try:
        _REFERENCE.globals.update(deepcopy(DATA))  # jinja2's templates can change it
        with warnings.catch_warnings(action="ignore"):
            text = _REFERENCE.from_string(template).render()
        text.encode()
    except Exception:  # noqa: BLE001 (jinja2 raises what Python raises)
        return REFUSED
    return text


def ours(template: str, limits: TemplateLimits | None = None) -> str:
    """What the evaluator makes of it; only documented errors, each with a place and no secret of Python's."""
    engine = ENGINE if limits is None else Engine({}, Folder(FILES), limits=limits)  # type: ignore[arg-type]
    try:
        return run(engine, template)
    except (TemplateError, LimitError) as error:
        check_error(error)
        return REFUSED


def check_error(error: TemplateError | LimitError) -> None:
    """An error must say where it is, in our words."""
    assert error.position is not None, error
    assert error.position.line > 0
    assert " at 0x" not in str(error)
    assert "Traceback" not in str(error)
    assert "\n" not in error.message


def run(engine: Engine, template: str, data: dict[str, Any] | None = None) -> str:
    """`template` rendered without escaping."""
    parsed = engine.parse(TemplateSource("test", template))
    return engine.render(parsed, Data(DATA if data is None else data), escape="none")


def failure(template: str, data: dict[str, Any] | None = None, engine: Engine = ENGINE) -> str:
    """The error of `template`, as one line."""
    try:
        result = run(engine, template, data)
    except (TemplateError, LimitError) as error:
        return str(error)
    raise AssertionError(f"no error but {result!r}")
