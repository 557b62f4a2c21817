"""Calls: functions, macros, methods, recursive loops. The one place that runs something by value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from shipper.context.values import Fragment
from shipper.errors import ShipperError, TemplateError
from shipper.template import access
from shipper.template.runtime import Builtin, Frame, Function, Loop, Macro, Method, Namespace, Undefined, kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.template.evaluator import Evaluator

_ABSENT: Any = object()
_ITEM_TEXT = 64  # bytes that a short text takes


def invoke(ev: Evaluator, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a value with arguments; TemplateError for what can't be called or not like that."""
    kind_of = type(function)
    if kind_of is Function:
        return _function(ev, function, args, kwargs)
    if kind_of is Macro:
        return call_macro(ev, function, args, kwargs)
    if kind_of is Method:
        return _guarded(
            f'"{function.name}"', function.run, args, kwargs, access.call_method, ev.budget, function, args, kwargs
        )
    if kind_of is Builtin:
        return _guarded(f'"{function.name}"', function.run, args, kwargs, function.run, ev, *args, **kwargs)
    if kind_of is Loop:
        return _recurse(ev, function, args, kwargs)
    if kind_of is Undefined:
        function.fail()
    raise TemplateError(f"{kind(function)} can't be called")


def _function(ev: Evaluator, function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    values = (*args, *kwargs.values()) if kwargs else args
    for value in values:
        if type(value) is Undefined and not value.lenient:
            value.fail()
    spec = function.spec
    if ev.secrets and function.name.startswith("ConfigOption"):
        for value in values:
            ev.use(value)
    if spec.secret and ev.facts.secret_texts():
        ev.engine.used_secret = True
    given = (ev.facts, *args) if spec.facts else (ev.budget, *args) if spec.budget else args
    ev.budget.weigh(*values)
    try:
        result = spec.call(*given, **kwargs)
    except (TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise call_error(function.name, spec.call, len(given) - len(args), args, kwargs, error, spec.params) from None
    except ShipperError as error:
        if error.position is None and not error.message.startswith(function.name):
            error.message = f"{function.name}: {error.message}"
            error.args = (error.message,)
        raise
    if isinstance(result, str):
        ev.budget.bytes_for(len(result))
        ev.budget.steps_for(len(result) >> spec.shift)
    elif isinstance(result, list):
        ev.budget.bytes_for(_ITEM_TEXT * len(result))
        ev.budget.items_for(len(result))
    elif isinstance(result, dict) and not any(result is value for value in args):
        ev.budget.bytes_for(_ITEM_TEXT * len(result))
        ev.budget.items_for(6 * len(result))
    return result


def _guarded(
    what: str, signed: Callable[..., Any], args: Any, kwargs: Any, run: Callable[..., Any], *given: Any, **named: Any
) -> Any:
    try:
        return run(*given, **named)
    except (TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise call_error(what, signed, 1, args, kwargs, error) from None


def call_error(
    what: str,
    function: Callable[..., Any],
    hidden: int,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    error: Exception,
    params: str = "",
) -> TemplateError:
    """What to say when a Python function refuses its arguments; `hidden` of its parameters are ours."""
    import inspect

    try:
        signature = inspect.signature(function)
        signature.bind(*([None] * hidden), *args, **kwargs)
    except TypeError as mismatch:
        return TemplateError(f"{what}: {mismatch}", hint=f"it takes ({params})" if params else "")
    except ValueError:
        pass
    given = ", ".join(kind(value) for value in (*args, *kwargs.values()))
    if isinstance(error, (ValueError, ArithmeticError)):
        return TemplateError(f"{what}: {error}")
    return TemplateError(f"{what} can't take {given or 'no argument'}")


def call_macro(ev: Evaluator, macro: Macro, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Fragment:
    """What the macro's body prints; binds arguments as `jinja2.runtime.Macro`."""
    names = macro.arguments
    frame = Frame({}, macro.frame)
    bound = frame.names
    kwargs = dict(kwargs)
    given = list(args[: len(names)])
    given += [kwargs.pop(name, _ABSENT) for name in names[len(given) :]]
    if macro.caller and "caller" not in names:
        bound["caller"] = kwargs.pop("caller", None) or Undefined("no caller defined")
    if macro.catch_kwargs:
        bound["kwargs"] = kwargs
    elif kwargs:
        _too_many(macro, f'no argument "{next(iter(kwargs))}"')
    if macro.catch_varargs:
        bound["varargs"] = args[len(names) :]
    elif len(args) > len(names):
        _too_many(macro, f"at most {len(names)} arguments, not {len(args)}")

    saved = ev.frame, ev.source, ev.at
    ev.budget.enter()
    ev.frame, ev.source = frame, macro.source
    try:
        defaults = macro.node.defaults
        first_default = len(names) - len(defaults)
        for index, name in enumerate(names):
            value = given[index]
            if value is _ABSENT:
                if index >= first_default:
                    value = ev.value(defaults[index - first_default])
                else:
                    value = Undefined(f'{macro.name}: argument "{name}" is missing')
            bound[name] = value
        return ev.capture(macro.node.body)
    except ShipperError as error:
        ev.locate(error)
        raise
    finally:
        ev.frame, ev.source, ev.at = saved
        ev.budget.leave()


def _too_many(macro: Macro, problem: str) -> NoReturn:
    raise TemplateError(f"{macro.name} takes {problem}", hint=f"it takes ({', '.join(macro.arguments)})")


def _recurse(ev: Evaluator, loop: Loop, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Fragment:
    from shipper.template.statements import run_loop

    if not loop.node.recursive:
        raise TemplateError("this loop can't be called", hint="write {% for … recursive %}")
    if len(args) != 1 or kwargs:
        raise TemplateError("loop(…) takes one list")
    saved = ev.frame, ev.out, ev.capturing
    ev.budget.enter()
    ev.frame, ev.out, ev.capturing = loop.frame, [], True
    try:
        run_loop(ev, loop.node, args[0], loop.depth0 + 1)
        return Fragment(tuple(ev.out))
    finally:
        ev.frame, ev.out, ev.capturing = saved
        ev.budget.leave()


def _range(ev: Evaluator, *bounds: Any) -> range:
    result = access.check_range(range(*bounds))
    ev.budget.steps_for(1)
    return result


def _dict(ev: Evaluator, *args: Any, **kwargs: Any) -> dict[Any, Any]:
    for value in args:
        if type(value) is Undefined:
            value.fail()
        if not isinstance(value, dict) and type(value) not in (list, tuple):
            raise TemplateError(f"dict takes a map or a list of pairs, not {kind(value)}")
        ev.budget.items_for(6 * len(value))
        ev.budget.weigh(value)
    return dict(*args, **kwargs)


def _namespace(ev: Evaluator, *args: Any, **kwargs: Any) -> Namespace:
    return Namespace(_dict(ev, *args, **kwargs))


BUILTINS = {
    "range": Builtin("range", _range),
    "dict": Builtin("dict", _dict),
    "namespace": Builtin("namespace", _namespace),
}
