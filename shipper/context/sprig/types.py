"""What a value is in Go: the names of types and kinds."""

from __future__ import annotations

from shipper.context.go.kinds import kind_of
from shipper.context.registry import function
from shipper.context.sprig.coerce import identity


@function(("{{ typeOf([1]) }}", "[]interface {}"), ("{{repl typeOf 1.5 }}", "float64"), table="further")
def typeOf(value: object) -> str:
    """The Go type of a value."""
    return kind_of(value).type


@function(('{{ "a" | typeIs("string") }}', "true"), subject="last", table="further")
def typeIs(value: object, type_: str) -> bool:
    """Whether `type` is the Go type of a value."""
    return kind_of(value).type == type_


@function(('{{ "a" | typeIsLike("string") }}', "true"), subject="last", table="further")
def typeIsLike(value: object, type_: str) -> bool:
    """As `typeIs`: there are no pointers here."""
    return kind_of(value).type.lstrip("*") == type_.lstrip("*")


@function(('{{ kindOf({"a": 1}) }}', "map"), table="further")
def kindOf(value: object) -> str:
    """The kind of a value: string, bool, int, float64, slice, map, struct, or invalid for nil."""
    return kind_of(value).name


@function(
    ('{{ "a" | kindIs("string") }}', "true"),
    ('{{repl kindIs "slice" (list 1) }}', "true"),
    subject="last",
    table="further",
)
def kindIs(value: object, kind: str) -> bool:
    """Whether a value is of this kind."""
    return kind_of(value).name == kind


@function(("{{ deepEqual([1, [2]], [1, [2]]) }}", "true"), ("{{repl deepEqual 1 1.0 }}", "false"), table="further")
def deepEqual(a: object, b: object) -> bool:
    """Whether two values are of one kind and all that they hold is equal."""
    return identity(a) == identity(b)
