"""Our parser against Go's own: the same trees, and an error where Go has one when it parses or executes."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.errors import TemplateError
from tests.go_programs import ask_go
from tests.template.repl.outline import outline

FUNCTIONS = ["and", "or", "not", "print", "Now", "ConfigOption", "len"]
"""Those that take their arguments in Go's order."""

HAND_WRITTEN = [
    "",
    "a {{ .Values.x }} {% b %} {{repl 1}}",
    "{{repl 1}}{{repl `a\nb`}}",
    "a \n {{repl - 1 -}} \n b {{repl 2 -}} c",
    "a {{repl /* c */}} b {{repl - /* }} */ -}} c",
    "{{repl \"}}\" }}{{repl `}}`}}{{repl '}'}}",
    "{{repl print 1 | print 2 | print}}",
    "{{repl print 1 |}}",
    "{{repl (print 1 |)}}",
    "{{repl | print}}",
    "{{repl print | | print}}",
    "{{repl if 1}}a{{repl else if 2}}b{{repl else}}c{{repl end}}",
    "{{repl if $x := 1}}{{repl $x}}{{repl else if $y := $x}}{{repl $y}}{{repl else if 3}}{{repl $y}}{{repl end}}",
    "{{repl $x := 1}}{{repl if $x = 2}}a{{repl end}}",
    "{{repl $x := 1}}{{repl if 0}}{{repl else if $x = 2}}a{{repl else}}b{{repl end}}",
    "{{repl if 1}}{{repl $x := 1}}{{repl end}}{{repl $x}}",
    "{{repl if 1}}{{repl $x := 1}}{{repl else}}{{repl $x}}{{repl end}}",
    "{{repl range $i, $v := .}}{{repl $i}}{{repl break}}{{repl else}}{{repl $v}}{{repl end}}",
    "{{repl range $i , $v := .}}{{repl end}}",
    "{{repl range $i,$v:=.}}{{repl end}}",
    "{{repl $i := 1}}{{repl $v := 1}}{{repl range $i, $v = .}}{{repl end}}",
    "{{repl $v := 1}}{{repl range $v = .}}{{repl end}}",
    "{{repl range .}}{{repl else}}{{repl break}}{{repl end}}",
    "{{repl range .}}{{repl if 1}}{{repl continue}}{{repl end}}{{repl end}}",
    "{{repl range .}}{{repl break 1}}{{repl end}}",
    "{{repl with .a}}{{repl .b}}{{repl else}}{{repl .c}}{{repl end}}",
    "{{repl with $x := .a}}{{repl $x.b.c}}{{repl end}}",
    "{{repl $x := 1}}{{repl with $x = .a}}{{repl $x}}{{repl end}}",
    "{{repl with 1}}{{repl else if 2}}{{repl end}}",
    "{{repl (print 1).a.b}}{{repl print.a}}{{repl print (Now).a .b $.c}}",
    "{{repl and 1 2 3 4 5}}{{repl or (or 1 2) 3}}{{repl 1 | not}}{{repl 1 | and 2}}",
    "{{repl and}}",
    "{{repl print and}}",
    "{{repl not 1 2}}",
    "{{repl nil}}",
    "{{repl (nil)}}",
    "{{repl print nil}}",
    "{{repl nil | print}}",
    "{{repl 1 2}}",
    "{{repl 1 | 2}}",
    "{{repl (print) 1}}",
    "{{repl 1 | (print)}}",
    "{{repl . 1}}",
    "{{repl .a 1}}",
    "{{repl 1 | .a}}",
    "{{repl $ 1}}",
    "{{repl $}}{{repl $.a}}{{repl .}}",
    "{{repl $ := 1}}",
    "{{repl ..}}",
    "{{repl ..a}}",
    "{{repl .a.}}",
    "{{repl 1.a}}",
    '{{repl "a".b}}',
    "{{repl true.b}}",
    "{{repl nil.b}}",
    "{{repl ($x := 1)}}",
    "{{repl $x:=1}}{{repl $x}}",
    "{{repl $x=1}}",
    "{{repl $x := 1}}{{repl $x=2}}",
    "{{repl $x := 1}}{{repl $x =2}}",
    "{{repl $x := 1}}{{repl $x.a := 2}}",
    "{{repl $x, $y := 1}}",
    "{{repl if $x, $y := 1}}{{repl end}}",
    "{{repl range $x, := 1}}{{repl end}}",
    "{{repl range $x, $y, $z := 1}}{{repl end}}",
    '{{repl print"a"}}',
    '{{repl print "a""b"}}',
    "{{repl print(1)}}",
    "{{repl print (1)(2)}}",
    "{{repl print (1)2}}",
    "{{repl (print 1)}}",
    "{{repl ()}}",
    "{{repl print ()}}",
    "{{repl (print 1}}",
    "{{repl print 1)}}",
    "{{repl }}",
    "{{repl if}}{{repl end}}",
    "{{repl if 1}}",
    "{{repl end}}",
    "{{repl else}}",
    "{{repl if 1}}{{repl else}}{{repl else}}{{repl end}}",
    "{{repl if 1}}{{repl else}}{{repl else if 1}}{{repl end}}",
    "{{repl if 1}}{{repl end 1}}",
    "{{repl if 1}}{{repl else 1}}{{repl end}}",
    "{{repl break}}",
    "{{repl print -}}",
    "{{repl -}}",
    "{{repl - -}}",
    "{{repl print-}}",
    "{{repl 1-}}",
    "{{repl -1}}{{repl - 1}}{{repl - -1}}{{repl +1}}",
    "{{repl print 1",
    "{{repl print 1}",
    "{{repl print\n1\n}}",
    "{{repl print \u00e9}}",
    "{{repl $\u00e9 := 1}}{{repl $\u00e9.\u00fc}}",
    "{{repl print\u00a01}}",
    "{{repl print /* c */}}",
    "{{repl /* c */ }}",
    "{{repl /* c }}",
    "{{repl print , 1}}",
    "{{repl print 1, 2}}",
    "{{repl Unknown}}",
    "{{repl print $unknown}}",
    "{{repl True}}",
    "{{repl print if}}",
    "{{repl print 1 == 2}}",
]
NUMBERS = [
    "0",
    "7",
    "007",
    "0o17",
    "0O17",
    "08",
    "0_7",
    "00",
    "0b101",
    "0B1",
    "0b2",
    "0x1F",
    "0XaB",
    "0x_1",
    "0x",
    "1_000",
    "1__0",
    "1_",
    "_1",
    "-5",
    "+5",
    "--5",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "1.5",
    "1.",
    ".5",
    ".",
    "1e3",
    "1E-3",
    "1e",
    "1e+",
    ".5e1",
    "1_0.5",
    "1_0.5_0",
    "1._5",
    "1.5_",
    "1e1_0",
    "1e400",
    "1e-400",
    "0x1p4",
    "0x1.8p1",
    "0x.8p1",
    "0x1.8",
    "0x1p",
    "0x1p_1",
    "0X1P-2",
    "0x1p99999",
    "08.5",
    "0_8.5",
    "1i",
    "1+2i",
    "0x1e+2",
    "1-2",
    "1a",
    "1.a",
    "0b1.1",
    "0o1.1",
    "-.5",
    "+.5e-1",
    "-0",
    "-0.0",
    "0e0",
    "1p3",
    "1234567890123.0",
    "1.7976931348623157e308",
    "5e-324",
    "123456789012345678",
]
TEXTS = [
    r'"a"', r'"\a\b\f\n\r\t\v\\\""', r'"\'"', r'"\x41\101\u00e9\U0001F512"', r'"\xc3\xa9"', r'"\400"', r'"\08"', r'"\x4"',
    r'"\u12"', r'"\U00110000"', r'"\ud800"', r'"\z"', r'"\ "', '"a\nb"', r'"\\"', r'"\"', '""', "``", "`\\n`", "`a\nb`", "`a",
    "'a'", r"'\''", "'\"'", r"'\"'", r"'\n'", r"'\x41'", r"'\377'", r"'\400'", r"'\u00e9'", "'é'", "''", "'ab'", "'a", "'\\'",
    r"'\U0001F512'", "'\U0001f512'", r"'\xff'", r"'\000'", r"'\z'",
]  # fmt: skip
PIECES = [
    "{{repl ", "{{repl ", "{{repl ", "}}", "}}", "}}", " -}}", "{{repl - ", " ", " ", "\n", "a", "{", "}", "(", ")", "|", " | ", ".", ".a",
    "$", "$x", "$x := ", "$x = ", "$i, $x := ", "print ", "print", "Now", "ConfigOption ", "and ", "not ", "nil", "true", "1", "-1", "1.5", '"t"',
    "`r`", "'c'", '"', "if ", "else", "else if ", "end", "range ", "with ", "break", "continue", ",", "/", "unknown",
    "{{repl /* c */}}", "{{repl - /* c */ -}}", "{{repl end}}", "{{repl end}}", "{{repl else}}", "{{repl if 1}}", "{{repl range .}}",
    "{{repl with .a}}", "{{repl $x}}", "{{repl $x := 1}}", "{{repl print 1}}",
]  # fmt: skip
LATER = ('"else with"', "a second variable", "has no fields", "single quotes")
"""What Go's parser accepts and its execution, or Ship's older version, doesn't."""


def ours(text: str) -> Any:
    try:
        return outline(text)
    except TemplateError as error:
        assert error.position is not None
        return str(error)


def refused(tree: Any) -> bool:
    return isinstance(tree, list) and (tree in (["refused"], ["complex"], ["overflow"]) or any(map(refused, tree)))


def flat(statements: Any) -> Any:
    """Go's tree with what comes to the same: an `if` that sets a variable as setting it before, `and` in `and` as one."""
    found = []
    for statement in statements:
        if statement[0] in {"raw", "break", "continue"}:
            found.append(statement)
        elif statement[0] in {"print", "set"}:
            found.append([*statement[:-1], joined(statement[-1])])
        else:
            word, (assign, names), value, body, rest = statement
            if word == "if" and assign:
                found.append(["set", [True, names], joined(value)])
                assign, names, value = False, [], ["name", names[0]]
            found.append([word, [assign, names], joined(value), flat(body), flat(rest)])
    return found


def joined(expression: Any) -> Any:
    word, *operands = expression
    if word == "field":
        return [word, joined(operands[0]), operands[1]]
    if word != "call":
        return expression
    name, *operands = operands
    found: list[Any] = []
    for operand in map(joined, operands):
        found += operand[2:] if name in {"and", "or"} and operand[:2] == [word, name] else [operand]
    return [word, name, *found]


def check(text: str, theirs: dict[str, Any]) -> None:
    found = ours(text)
    if "error" in theirs or refused(theirs["tree"]):
        assert isinstance(found, str), f"Go refuses {text!r}: {theirs}"
    elif isinstance(found, str):
        # Go finds out when it executes that what is set was never declared, that a text has no fields or that a
        # character is none
        later = '" is not defined' in found and ("=" in text or "," in text)
        assert later or any(words in found for words in LATER), f"Go accepts {text!r}: {found}"
    else:
        assert found == flat(theirs["tree"]), text


def test_hand_written() -> None:
    texts = HAND_WRITTEN + [f"{{{{repl print {literal} }}}}" for literal in (*NUMBERS, *TEXTS)]
    for text, theirs in zip(texts, ask(texts), strict=True):
        check(text, theirs)


@settings(max_examples=20)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), min_size=100, max_size=100))
def test_any_pieces(texts: list[str]) -> None:
    for text, theirs in zip(texts, ask(texts), strict=True):
        check(text, theirs)


def ask(texts: list[str]) -> list[Any]:
    return ask_go("templates", [{"text": text, "functions": FUNCTIONS} for text in texts])
