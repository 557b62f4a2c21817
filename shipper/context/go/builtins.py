"""The functions that Go's text/template has by itself, but for `and`, `or` and `not`.

Source: the documentation of text/template, "Functions"; funcs.go for errors.
"""

from __future__ import annotations

from typing import NoReturn

from shipper.context.go import fmt
from shipper.context.go.compare import equal, less, less_or_equal
from shipper.context.go.escapes import html_text, js_text, query_text
from shipper.context.go.kinds import kind_of
from shipper.context.go.printing import NO_VALUE, text_of
from shipper.context.go.values import Record
from shipper.context.registry import Budget, function
from shipper.errors import TemplateError

WRITTEN = 3  # a value a step


@function(
    ('{{repl eq (ConfigOption "hostname") "app.example.com" }}', "true"), ("{{repl eq 3 1 2 3 }}", "true"), table="repl"
)
def eq(a: object, *b: object) -> bool:
    """Whether `a` equals one of the others. Values of two kinds, as text and a number, can't be compared."""
    return equal(a, *b)


@function(('{{repl ne "a" "b" }}', "true"), table="repl")
def ne(a: object, b: object) -> bool:
    """Whether two values of one kind differ."""
    return not equal(a, b)


@function(("{{repl lt 1 2 }}", "true"), ('{{repl lt "10" "9" }}', "true"), table="repl")
def lt(a: object, b: object) -> bool:
    """Whether `a` is less than `b`: two numbers of one kind, or two texts by their characters."""
    return less(a, b)


@function(("{{repl le 2 2 }}", "true"), table="repl")
def le(a: object, b: object) -> bool:
    """Whether `a` is less than `b` or equal to it."""
    return less_or_equal(a, b)


@function(('{{repl gt (EntitlementValue "num_seats" | ParseInt) 10 }}', "true"), table="repl")
def gt(a: object, b: object) -> bool:
    """Whether `a` is greater than `b`."""
    return not less_or_equal(a, b)


@function(("{{repl ge 3 4 }}", "false"), table="repl")
def ge(a: object, b: object) -> bool:
    """Whether `a` is greater than `b` or equal to it."""
    return not less(a, b)


@function(('{{repl len "é" }}', "2"), ("{{repl len (list 1 2 3) }}", "3"), table="repl")
def len_(value: object) -> int:
    """The items of a list, the keys of a map, or the bytes (not characters) of a text."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    if isinstance(value, (list, tuple, range, dict)) and not isinstance(value, Record):
        return len(value)
    raise TemplateError(f"{_called(value)} has no length")


@function(
    ('{{repl index (list "a" "b") 0 }}', "a"),
    ('{{repl index (dict "a" (list 1 2)) "a" 1 }}', "2"),
    ('{{repl index "abc" 1 }}', "98"),
    table="repl",
)
def index(value: object, *keys: object) -> object:
    """The item of a list, the value of a map's key, or the byte of a text; of several keys each looks into the last.

    A key that a map doesn't have gives nil.
    """
    if value is None:
        raise TemplateError("nil has no items")
    for number, key in enumerate(keys):
        if value is None:
            raise TemplateError(f"nil has no items: there is nothing for the {number + 1}. key to look into")
        value = _item(value, key)
    return value


def _item(value: object, key: object) -> object:
    if isinstance(value, dict) and not isinstance(value, Record):
        if not isinstance(key, str):
            raise TemplateError(f"a map's key is text, not {_called(key)}")
        return value.get(key)
    if isinstance(value, str):
        data = value.encode()
        return data[_place(key, len(data) - 1)]
    if isinstance(value, (list, tuple, range)):
        return value[_place(key, len(value) - 1)]
    raise TemplateError(f"{_called(value)} has no items")


def _place(key: object, last: int) -> int:
    """A place in a list, from 0 to `last`."""
    if isinstance(key, bool) or not isinstance(key, int):
        raise TemplateError(
            f"a place in a list or text is an integer, not {_called(key)}",
            hint="use ParseInt" if isinstance(key, str) else "",
        )
    if not 0 <= key <= last:
        raise TemplateError(f"there is no place {key}: {f'the last is {last}' if last >= 0 else 'it is empty'}")
    return key


@function(('{{repl print "a" 1 2 true }}', "a1 2 true"), table="repl", shift=WRITTEN)
def print_(*values: object) -> str:
    """The values as text, with a blank between two of which neither is text."""
    return fmt.sprint(values)


@function(('{{repl println "a" 1 | trim }}', "a 1"), table="repl", shift=WRITTEN)
def println(*values: object) -> str:
    """The values as text with blanks between them, and a line break."""
    return fmt.sprintln(values)


@function(
    ('{{repl printf "%s has %d seats" "ACME" 50 }}', "ACME has 50 seats"),
    ('{{repl printf "%05.1f|%-4s|%q" 3.14159 "ab" "c" }}', '003.1|ab  |"c"'),
    ('{{repl printf "%d" "3" }}', "%!d(string=3)"),
    table="repl",
    shift=WRITTEN,
)
def printf(budget: Budget, template: str, *values: object) -> str:
    """The template with its verbs (`%s`, `%d`, `%v` …) replaced by the values, as Go's fmt.Sprintf.

    What doesn't fit is not an error, but said in the text.
    """
    budget.steps_for(template.count("%"))
    return fmt.sprintf(template, values)


@function(('{{repl html `<a title="&">` }}', "&lt;a title=&#34;&amp;&#34;&gt;"), table="repl")
def html(budget: Budget, *values: object) -> str:
    """The values as text, with the characters that have a meaning in HTML escaped."""
    return html_text(_charged(budget, values))


@function(('{{repl js "it\'s" }}', "it\\'s"), table="repl")
def js(budget: Budget, *values: object) -> str:
    """The values as text, with the characters that have a meaning in JavaScript escaped."""
    return js_text(_charged(budget, values))


@function(('{{repl urlquery "a b/c" }}', "a+b%2Fc"), table="repl")
def urlquery(budget: Budget, *values: object) -> str:
    """The values as text for the query of a URL."""
    return query_text(_charged(budget, values))


def _charged(budget: Budget, values: tuple[object, ...]) -> str:
    """The values as text, nil as an action prints it."""
    text = fmt.sprint([NO_VALUE if value is None else value for value in values])
    budget.steps_for(len(text) >> 4)
    return text


@function(table="repl")  # there is nothing to show
def call(value: object, *arguments: object) -> NoReturn:  # noqa: ARG001 (the signature tells of them)
    """Always an error: no value is a function here."""
    raise TemplateError(
        f"{_called(value)} ({kind_of(value).type}) is no function", hint="write the function's name alone"
    )


def _called(value: object) -> str:
    """A value in a message: its kind, or an integer's digits."""
    return text_of(value) if isinstance(value, int) else kind_of(value).words
