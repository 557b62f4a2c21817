"""What to take where a value is empty: false, 0, an empty text, list or map, or nil."""

from __future__ import annotations

from shipper.context.go.truth import truth
from shipper.context.registry import function


@function(
    ('{{repl ConfigOption "empty" | default "8080" }}', "8080"),
    ('{{repl default "none" 0 }}', "none"),
    subject="last",
    table="repl",
)
def default(value: object, *otherwise: object) -> object:
    """The value, or the default, which stands before it in repl, if the value is empty.

    A text is empty only without characters: "false" and "0" are values.
    """
    if len(otherwise) > 1:  # Sprig looks at the first of several values, which in repl stand between the others
        value = otherwise[1]
    return otherwise[0] if otherwise and not truth(value) else value


@function(("{{ empty(0) }}", "true"), ('{{repl empty "0" }}', "false"), table="further")
def empty(value: object) -> bool:
    """Whether the value is false, 0, nil, or an empty text, list or map."""
    return not truth(value)


@function(('{{ coalesce("", 0, "a", "b") }}', "a"), table="further")
def coalesce(*values: object) -> object:
    """The first value that is not empty; nil if there is none."""
    return next((value for value in values if truth(value)), None)


@function(("{{ all(1, true) }}", "true"), table="further")
def all_(*values: object) -> bool:
    """Whether no value is empty."""
    return all(map(truth, values))


@function(('{{ any("", 0) }}', "false"), table="further")
def any_(*values: object) -> bool:
    """Whether any value is not empty."""
    return any(map(truth, values))


@function(
    ('{{ true | ternary("yes", "no") }}', "yes"),
    ('{{repl ConfigOptionEquals "tls" "true" | ternary "https" "http" }}', "https"),
    subject="last",
    table="further",
)
def ternary(condition: bool, then: object, otherwise: object) -> object:  # noqa: FBT001 (templates give it by position)
    """`then` if the condition is true, else `otherwise`."""
    return then if condition else otherwise
