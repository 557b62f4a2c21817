"""The tree of a template in repl, its offsets, and what is said of what is no template."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import nodes

from shipper.context.catalog import REPL_FUNCTIONS
from shipper.errors import LimitError, TemplateError
from shipper.template.expressions import start
from shipper.template.repl.absent import absence
from shipper.template.trees import walk
from tests.template.repl.outline import outline, parsed


def printed(text: str) -> Any:
    """The expression of a template that is one action."""
    (output,) = parsed(text)
    assert isinstance(output, nodes.Output)
    (node,) = output.nodes
    return node


def failure(text: str) -> str:
    with pytest.raises(TemplateError) as caught:
        parsed(text)
    return str(caught.value)


# --- the tree


def test_a_piped_value_is_the_last_argument() -> None:
    node = printed('{{repl "b" | print "a"}}')
    assert node == nodes.Call(nodes.Name("print", "load"), [nodes.Const("a"), nodes.Const("b")], [], None, None)


def test_the_subject_comes_first() -> None:
    assert REPL_FUNCTIONS["regexMatch"].subject == "last"
    assert REPL_FUNCTIONS["regexReplaceAll"].subject == "second"
    assert [arg.value for arg in printed('{{repl regexMatch "x" "text"}}').args] == ["text", "x"]
    assert [arg.value for arg in printed('{{repl "text" | regexMatch "x"}}').args] == ["text", "x"]
    assert [arg.value for arg in printed('{{repl regexReplaceAll "x" "text" "y"}}').args] == ["text", "x", "y"]
    assert [arg.value for arg in printed('{{repl Trim "text" "x"}}').args] == ["text", "x"]


def test_raw_text_and_values_are_one_output() -> None:
    (output,) = parsed('a{{repl "b"}}c')
    assert isinstance(output, nodes.Output)
    assert output.nodes == [nodes.TemplateData("a"), nodes.Const("b"), nodes.TemplateData("c")]


def test_declarations() -> None:
    assert parsed("{{repl $x := 1}}{{repl $x = 2}}") == [
        nodes.Assign(nodes.Name("$x", "store"), nodes.Const(1)),
        nodes.Assign(nodes.NSRef("$x", ""), nodes.Const(2)),
    ]


def test_if() -> None:
    one, two = nodes.Const(1), nodes.Const(2)
    out = [nodes.Output([nodes.TemplateData(text)]) for text in "abc"]
    branch = nodes.If(two, [out[1]], [], [])
    assert parsed("{{repl if 1}}a{{repl else if 2}}b{{repl else}}c{{repl end}}") == [
        nodes.If(one, [out[0]], [branch], [out[2]])
    ]
    declared = nodes.If(nodes.Name("$x", "load"), [out[0]], [], [])
    assert parsed("{{repl if $x := 1}}a{{repl end}}") == [nodes.With([nodes.Name("$x", "store")], [one], [declared])]


def test_range() -> None:
    dot, index, item = (nodes.Name(name, "store") for name in (".", "$i", "$v"))
    items = nodes.Name(".", "load")
    assert parsed("{{repl range .}}{{repl end}}") == [nodes.For(dot, items, [], [], None, False)]
    assert parsed("{{repl range $v := .}}{{repl end}}") == [nodes.For(item, items, [], [], None, False)]
    pair = nodes.Tuple([index, item], "store")
    assert parsed("{{repl range $i, $v := .}}{{repl break}}{{repl continue}}{{repl end}}") == [
        nodes.For(pair, items, [nodes.Break(), nodes.Continue()], [], None, False)
    ]


def test_with() -> None:
    def tree(name: str) -> list[nodes.Node]:
        value = nodes.Name(name, "load")
        dotted = nodes.With([nodes.Name(".", "store")], [value], [])
        return [nodes.With([nodes.Name(name, "store")], [nodes.Const(1)], [nodes.If(value, [dotted], [], [])])]

    assert parsed("{{repl with 1}}{{repl end}}") == tree("$ with")
    assert parsed("{{repl with $x := 1}}{{repl end}}") == tree("$x")


def test_many_operands_of_and_make_a_low_tree() -> None:
    def depth(node: nodes.Node) -> int:
        return 1 + max((depth(child) for child in node.iter_child_nodes()), default=0)

    node = printed("{{repl and" + " 1" * 1000 + "}}")
    assert depth(node) == 11
    assert outline("{{repl and 1 2 3 4 5}}")[0][1][2:] == [["int", number] for number in range(1, 6)]


# --- offsets

TEMPLATE = """\
a {{repl  ConfigOption "x" | Trim "y"  }}
{{repl $v := (list 1 (print "b")).a.b}}{{repl $v.c | print .d}}
{{repl range $i, $w := $v}}{{repl if not (and $i $w)}}{{repl $w}}{{repl end}}{{repl end}}
"""


def test_every_node_has_the_offset_of_its_source() -> None:
    seen = set()
    for node in walk(parsed(TEMPLATE)):
        at = TEMPLATE[node.lineno :]
        if isinstance(node, nodes.Name):
            assert at.startswith(node.name)
        elif isinstance(node, nodes.Getattr):
            assert at.startswith(f".{node.attr}")
        elif isinstance(node, nodes.Const):
            assert at.startswith(f'"{node.value}"' if isinstance(node.value, str) else str(node.value))
        elif isinstance(node, nodes.TemplateData):
            assert at.startswith(node.data)
        elif isinstance(node, (nodes.And, nodes.Not)):
            assert at.startswith(type(node).__name__.lower())
        elif isinstance(node, (nodes.If, nodes.For)):
            assert at.startswith(("if", "range"))
        seen.add(type(node))
    assert {nodes.And, nodes.Not, nodes.If, nodes.For, nodes.Getattr, nodes.Call} <= seen


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ('{{repl ConfigOption "x" | Trim "y"}}', "ConfigOption"),
        ('{{repl Trim (ConfigOption "x") "y"}}', "Trim"),
        ("{{repl .a.b | print}}", ".a"),
        ("{{repl (print 1).b}}", "print"),
        ('{{repl ("x" | print).b}}', '"x"'),
        ("{{repl and $ .}}", "and"),
        ("{{repl 1 | or 2}}", "1"),
        ("{{repl 1 | not}}", "1"),
        ("{{repl not 1}}", "not"),
        ('{{repl "x"}}', '"x"'),
    ],
)
def test_where_an_expression_begins(text: str, begin: str) -> None:
    assert text[start(printed(text)) :].startswith(begin)


def test_a_function_has_its_own_place() -> None:
    text = '{{repl "x" | Trim "y"}}'
    assert text[printed(text).node.lineno :].startswith("Trim")


# --- variables


@pytest.mark.parametrize(
    "text",
    [
        "{{repl $x}}", "{{repl $x = 1}}", "{{repl $x := $x}}", "{{repl if 1}}{{repl $x := 1}}{{repl end}}{{repl $x}}",
        "{{repl range $x := .}}{{repl end}}{{repl $x}}", "{{repl with $x := .}}{{repl end}}{{repl $x}}",
        "{{repl if $x := 1}}{{repl end}}{{repl $x}}", "{{repl range $x = .}}{{repl end}}",
        "{{repl if 0}}{{repl else if $x := 1}}{{repl end}}{{repl $x}}",
    ],
)  # fmt: skip
def test_undefined_variables(text: str) -> None:
    assert 'the variable "$x" is not defined' in failure(text)


def test_a_variable_is_suggested() -> None:
    assert failure("{{repl $name := 1}}\n {{repl $nam }}") == (
        't.yaml:2:9: the variable "$nam" is not defined (did you mean "$name"?)'
    )


def test_a_variable_of_the_same_name_ends_alone() -> None:
    text = "{{repl $x := 1}}{{repl if $x := 2}}{{repl $x := 3}}{{repl $x}}{{repl end}}{{repl $x}}"
    assert outline(text)[-1] == ["print", ["name", "$x"]]


# --- errors


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{repl }}", "1:1: nothing to print: the action is empty"),
        ("a\n {{repl print 1", '2:2: an action without an end: "}}" is missing'),
        ('{{repl print "x" }', '1:1: an action without an end: "}}" is missing (there is only one "}")'),
        ('a: {{repl print "x" }\nb: {{repl print 1}}', '1:4: an action without an end: "}}" is missing (there is only one "}")'),
        ('a: {{repl print "x"\nb: {{repl print 1}}', '1:4: an action without an end: "}}" is missing'),
        ('{{repl print "x }}\nb: {{repl print 1}}', '1:14: a text without its closing " (it ends on its line'),
        ("{{repl print `x }}\n", "1:14: a text without its closing `"),
        ("{{repl print 'x }}", "1:14: a character without its closing ' (put texts in double quotes"),
        ("{{repl /* x }}", '1:1: a comment without an end: "*/" is missing'),
        ("{{repl /* x */ print }}", '1:13: a comment ends with "*/}}" or "*/ -}}"'),
        ("{{repl print /* x */}}", '1:14: unexpected "/" (write: div x y; a comment stands alone'),
        ("{{repl (print 1}}", '1:8: "(" is never closed'),
        ("{{repl print (}}", '1:14: "(" is never closed'),
        ("{{repl print 1)}}", '1:15: ")" without "(" before it'),
        ("{{repl ()}}", "1:8: nothing between the parentheses"),
        ("a\n{{repl if 1}}\n", '2:8: "if" is never closed (add {{repl end }})'),
        ("{{repl if 1}}{{repl range .}}{{repl end}}", '1:8: "if" is never closed'),
        ("{{repl end}}", '1:8: "end" without "if", "range" or "with" before it'),
        ("{{repl else}}", '1:8: "else" without "if", "range" or "with" before it'),
        ("{{repl if 1}}{{repl else}}{{repl else}}", '1:34: a second "else" of one "if"'),
        ("{{repl if}}{{repl end}}", '1:8: "if" without a value'),
        ("{{repl if 1}}{{repl else if}}{{repl end}}", '1:26: "else if" without a value'),
        ("{{repl with 1}}{{repl else with 2}}{{repl end}}", '1:28: "else with" is not possible in "with"'),
        ("{{repl range .}}{{repl else if 2}}{{repl end}}", '1:29: "else if" is not possible in "range"'),
        ("{{repl if 1}}{{repl end 1}}", '1:25: unexpected "1"'),
        ("{{repl break}}", '1:8: "break" outside of a range'),
        ("{{repl range .}}{{repl else}}{{repl continue}}{{repl end}}", '1:37: "continue" outside of a range'),
        ('{{repl define "x"}}', '1:8: "define" is not supported'),
        ('{{repl template "x"}}', '1:8: "template" is not supported'),
        ('{{repl block "x" .}}', '1:8: "block" is not supported'),
        ("{{repl nil}}", '1:8: "nil" is no command'),
        ("{{repl if nil}}", '1:11: "nil" is no command'),
        ("{{repl 1 2}}", '1:8: "1" is no function: it takes no arguments'),
        ('{{repl "a" "b"}}', '1:8: "a" is no function: it takes no arguments'),
        ("{{repl . 1}}", '1:8: "." is no function'),
        ("{{repl (print) 1}}", "1:8: what is in parentheses is no function"),
        ("{{repl 1 | 2}}", '1:12: "2" is no function: nothing can be piped to it'),
        ("{{repl 1 | (print)}}", "1:12: what is in parentheses is no function"),
        ("{{repl | print}}", '1:8: unexpected "|" (a value is missing before it)'),
        ("{{repl 1 || 2}}", '1:11: unexpected "|" (write: or x y)'),
        ("{{repl and}}", '1:8: "and" without a value (write: and x y)'),
        ("{{repl not 1 2}}", '1:8: "not" takes one value, not 2'),
        ('{{repl "x".a}}', '1:11: "x" has no fields'),
        ("{{repl ..a}}", '1:9: "." has no fields'),
        ("{{repl $x=1}}", '1:10: a blank is missing between "$x" and "="'),
        ("{{repl $x, $y := 1}}", "1:10: only one variable can be set here (two are for range)"),
        ("{{repl range $x, := 1}}", '1:16: a second variable and ":=" are missing behind the comma'),
        ("{{repl range $x, $y, $z := 1}}", "1:22: only two variables can be set here"),
        ("{{repl $x := }}", "1:14: a value is missing"),
        ("{{repl print ($x := 1)}}", '1:18: unexpected ":=" (a variable is set in an action of its own'),
        ('{{repl configOption "x"}}', '1:8: no function "configOption" (did you mean "ConfigOption"?)'),
        ('{{repl ConfigOpton "x"}}', '1:8: no function "ConfigOpton" (did you mean "ConfigOption"?)'),
        ("{{repl ParseBool True}}", '1:18: no function "True" (write true)'),
        ("{{repl ConfigOption 'x'}}", "1:21: single quotes make a number of one character (put texts in double quotes)"),
        ("{{repl ConfigOption 'xy'}}", "1:21: single quotes hold exactly one character, not a text (put texts in double quotes)"),
        ("{{repl ConfigOptionFilename pom_file}}", 'no function "pom_file" (a text goes in double quotes)'),
        ('{{repl ConfigOptionEquals "a", "b"}}', "1:30: unexpected comma (arguments have blanks between them, not commas)"),
        ('{{repl ConfigOption("a")}}', '1:20: unexpected "(" (write: ConfigOption x y, with blanks and neither parentheses'),
        ('{{repl print "a""b"}}', '1:17: unexpected "\\"b\\"" (a blank is missing before it)'),
        ("{{repl 1 && 2}}", '1:10: unexpected "&&" (write: and x y)'),
        ("{{repl print 1 == 2}}", '1:16: unexpected "==" (write: eq x y)'),
        ("{{repl print 1 = 2}}", '1:16: unexpected "=" (write: eq x y)'),
        ("{{repl print 1 >= 2}}", '1:16: unexpected ">=" (write: ge x y)'),
        ("{{repl !true}}", '1:8: unexpected "!" (write: not x)'),
        ("{{repl print 1 + 2}}", '1:16: unexpected "+" (write: add x y)'),
        ('{{repl print "a" ~ "b"}}', '1:18: unexpected "~" (write: print x y)'),
        ('{{repl "a" if 1 else "b"}}', '1:8: "a" is no function'),
        ('{{repl print "a" if 1 else "b"}}', '1:18: unexpected "if" (write: ternary x y condition'),
        ("{{repl if 1}}{{repl endif}}", '1:21: no function "endif" (close it with {{repl end }})'),
        ("{{repl for x in list}}", '1:8: no function "for" (use {{repl range $item := … }} … {{repl end }})'),
        ("{{repl x := 1}}", 'no function "x"'),
        ("{{repl print [1]}}", '1:14: unexpected "[" (write: list x y, or index x 0)'),
        ("{{repl print x=1}}", 'no function "x"'),
        ("{{repl print Now=1}}", '1:17: unexpected "=" (arguments have no names)'),
        ('{{repl ConfigOption \\"x\\"}}', '1:21: unexpected "\\" (quotes need no backslash here)'),
        ("{{repl ConfigOption \u201cx\u201d}}", '(write straight quotes: ")'),
        ("{{repl print\u00a01}}", "(it is a no-break space: write a plain blank)"),
        ("{{repl print-}}", '"-}}" needs a blank before it'),
        ("{{repl 1-}}", '"1-" is no number (put a blank before "-}}")'),
        ("{{repl .Result}}", '1:8: there is no ".Result"'),
    ],
)  # fmt: skip
def test_messages(text: str, message: str) -> None:
    assert message in failure(text)


@pytest.mark.parametrize("name", ["env", "expandenv", "getHostByName"])
def test_what_reads_the_machine_is_refused_by_name(name: str) -> None:
    assert failure(f'{{{{repl {name} "HOME"}}}}') == (
        f't.yaml:1:8: the function "{name}" is refused (a template must not read the machine it runs on: use a configuration option)'
    )
    assert name not in REPL_FUNCTIONS


@pytest.mark.parametrize("name", ["Lookup", "KurlString", "ConsoleSetting", "NodePrivateIPAddress"])
def test_what_others_have_is_explained(name: str) -> None:
    assert f'no function "{name}" (' in failure(f"{{{{repl {name}}}}}")


def test_a_registered_function_is_not_called_absent() -> None:
    assert absence("Lookup")
    assert not [name for name in REPL_FUNCTIONS if absence(name)]


def test_result_is_a_field_where_the_dot_has_a_value() -> None:
    text = "{{repl range .}}{{repl .Result}}{{repl end}}"
    assert outline(text)[0][3] == [["print", ["field", ["name", "."], "Result"]]]


# --- limits


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{repl print " + "(" * 101 + ")" * 101 + "}}", "parentheses are nested deeper than 100"),
        ("{{repl if 1}}" * 101, "if, range and with are nested deeper than 100"),
        ("{{repl .a" + ".a" * 101 + "}}", "fields are nested deeper than 100"),
        ("{{repl print" + "|print" * 101 + "}}", "a pipeline may have 100 stages at most"),
        ("{{repl if 1}}" + "{{repl else if $x := 1}}" * 101, "if, range and with are nested deeper than 100"),
    ],
)
def test_nesting_is_bounded(text: str, message: str) -> None:
    with pytest.raises(LimitError, match=message) as caught:
        parsed("\n" + text)
    assert caught.value.position is not None
    assert caught.value.position.line == 2


@pytest.mark.parametrize(
    "text",
    [
        "{{repl " * 100_000, '{{repl "' + '"' * 900_000, "{{repl " + "(" * 900_000, "{{repl" + " " * 900_000, "{{repl " + "`" * 900_001,
        "{{repl " + "." * 900_000, "{{repl /*" + "*" * 900_000, '{{repl "' + "\\" * 900_000, "{{repl " + "-" * 900_000, "{{repl " + "1" * 900_000,
        "{{repl $" + "x" * 900_000 + "}}", "{{repl '" + "'" * 900_000,
    ],
    ids=range(12),
)  # fmt: skip
def test_hostile_texts_end_in_an_error(text: str) -> None:
    with pytest.raises((TemplateError, LimitError)):
        parsed(text)
