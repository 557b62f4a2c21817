"""Random templates against jinja2: the same text, or both refuse; and nothing but documented errors."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shipper.template.limits import TemplateLimits
from tests.template.harness import REFUSED, failure, ours, theirs
from tests.template.test_jinja_parser import WORDS

NAMES = ["n", "zero", "f", "s", "e", "u", "yes", "no", "l", "el", "words", "pairs", "d", "ed", "users", "nothing", "zz"]
LITERALS = [
    "0",
    "1",
    "2",
    "-3",
    "1.5",
    "''",
    "'a'",
    "'b c'",
    "true",
    "false",
    "none",
    "[]",
    "[1, 'a']",
    "(1, 2)",
    "{}",
    "{'a': 1}",
]
UNDEFINED = re.compile(r"is not defined| has no |no \"else\"|argument .* is missing")

BINARY = ["+", "-", "*", "/", "//", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]
FILTERS = [
    "upper",
    "lower",
    "length",
    "first",
    "last",
    "join",
    "sort|join",
    "default('x')",
    "trim",
    "string",
    "int",
    "abs",
    "title",
    "list|length",
]
TESTS = [
    "defined",
    "undefined",
    "none",
    "string",
    "number",
    "mapping",
    "odd",
    "even",
    "true",
    "boolean",
]
ATTRIBUTES = [
    ".a",
    ".b",
    ".b.c",
    "[0]",
    "[-1]",
    "['a']",
    "[1:]",
    ".upper()",
    ".items()|list",
    ".get('a')",
    ".split()",
    ".zz",
    ".name",
]

# Not `%`: Python lets a text take a list of values that it has no places for.
# Not `~`: it writes booleans and refuses lists as printing does, and jinja2's can't be taught. The list of cases has it.
leaves = st.sampled_from(NAMES[:-1] + LITERALS)


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(BINARY), inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "*", "==", "<", "and", "or", "in"]), inner),
        st.builds("({})|{}".format, inner, st.sampled_from(FILTERS)),
        st.builds("({}) is {}".format, inner, st.sampled_from(TESTS)),
        st.builds("({}){}".format, inner, st.sampled_from(ATTRIBUTES)),
        st.builds("({}){}|default('-')".format, inner, st.sampled_from(ATTRIBUTES[:-2])),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} if {})".format, inner, inner),
        st.builds("not {}".format, inner),
        st.builds("-({})".format, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{'a': {}}}".format, inner),
    )


expressions = st.recursive(leaves, larger, max_leaves=6)


@st.composite
def bodies(draw: st.DrawFn, depth: int = 2, names: tuple[str, ...] = ()) -> str:
    """Statements in one scope. A `set` makes a new name: see the quirk in `DIFFERENCES`."""
    parts = []
    visible = names
    for _ in range(draw(st.integers(1, 3))):
        choice = draw(st.integers(0, 9 if depth else 3))
        inner = expressions if not visible else st.one_of(expressions, st.sampled_from(visible))
        expression = draw(inner)
        if choice == 0:
            parts.append(draw(st.sampled_from(["text", " ", "\n", "a: b\n", "{# c #}", "{#- c -#}"])))
        elif choice in (1, 2):
            left, right = draw(st.sampled_from([("{{ ", " }}"), ("{{- ", " }}"), ("{{ ", " -}}")]))
            parts.append(f"{left}{expression}{right}")
        elif choice == 3:
            name = f"v{draw(st.integers(0, 10**6))}"
            parts.append(f"{{% set {name} = {expression} %}}")
            visible = (*visible, name)
        elif choice == 4:
            other = draw(st.sampled_from(["", "{% else %}other"]))
            parts.append(f"{{% if {expression} %}}{draw(bodies(depth - 1, visible))}{other}{{% endif %}}")
        elif choice == 5:
            loop = ("i", "loop.index", "loop.last", "loop.length")
            test = draw(st.sampled_from(["", " if i", " if i is number"]))
            body = draw(bodies(depth - 1, visible + loop))
            parts.append(f"{{% for i in {expression}{test} %}}{body}{{% else %}}none{{% endfor %}}")
        elif choice == 6:
            name = f"v{draw(st.integers(0, 10**6))}"
            parts.append(f"{{% set {name} %}}{draw(bodies(depth - 1, visible))}{{% endset %}}{{{{ {name} }}}}")
        elif choice == 7:
            name = f"m{draw(st.integers(0, 10**6))}"
            body = draw(bodies(depth - 1, (*visible, "p", "q")))
            parts.append(f"{{% macro {name}(p, q=1) %}}{body}{{% endmacro %}}{{{{ {name}({expression}) }}}}")
        elif choice == 8:
            body = draw(bodies(depth - 1, (*visible, "w")))
            parts.append(f"{{% with w = {expression} %}}{body}{{% endwith %}}")
        else:
            parts.append(f"{{% filter upper %}}{draw(bodies(depth - 1, visible))}{{% endfilter %}}")
    return "".join(parts)


@given(expressions)
@settings(max_examples=400)
def test_expressions(expression: str) -> None:
    compare(f"{{{{ {expression} }}}}")


@given(bodies())
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_templates(template: str) -> None:
    compare(template)


def compare(template: str) -> None:
    mine, reference = ours(template), theirs(template)
    if mine == REFUSED != reference:
        # jinja2 lets an undefined value pass where nothing looks at it (`in []`, arguments); ours is an error in any use
        assert UNDEFINED.search(failure(template)), template
    else:
        assert mine == reference, template


tight = TemplateLimits(steps=5_000, bytes=100_000, output=100_000)


@given(
    st.lists(st.sampled_from([*WORDS, *NAMES, *LITERALS, *BINARY, "{{ n }}", "|join", "|sort"]), max_size=16).map(
        " ".join
    )
)
def test_only_documented_errors(template: str) -> None:
    ours(template, tight)


@given(st.data())
def test_only_documented_errors_in_good_templates(data: Any) -> None:
    ours(data.draw(bodies()), tight)
