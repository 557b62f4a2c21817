"""What test_against_go.py can't compare: messages, places, what is missing, secrets, limits and what is printed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.build import build_scope
from shipper.context.functions import FUNCTIONS
from shipper.context.values import Printed
from shipper.errors import LimitError, ShipperError, TemplateError
from shipper.template.engine import Engine
from shipper.template.evaluator import Traced
from shipper.template.limits import TemplateLimits
from shipper.template.source import TemplateSource
from tests.context.sample import facts
from tests.template.repl.random_templates import random_template

LENIENT = facts(missing="empty")
SCOPES = {known.missing: build_scope(known) for known in (facts(), LENIENT)}


def engine(missing: Any = "error", **limits: int) -> Engine:
    return Engine(FUNCTIONS, missing=missing, limits=TemplateLimits(**limits))


def printed(text: str, missing: Any = "error", **limits: int) -> str:
    one = engine(missing, **limits)
    return one.render(one.parse(TemplateSource("t", text, templating="repl")), SCOPES[missing], escape="none")


def failure(text: str, missing: Any = "error", **limits: int) -> tuple[str, str, int, int]:
    """Message, hint, line and column of the error."""
    with pytest.raises(ShipperError) as caught:
        printed(text, missing, **limits)
    place = caught.value.position
    assert place is not None
    assert place.column is not None
    return caught.value.message, caught.value.hint, place.line or 0, place.column


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{{repl if EntitlementValue "off" }}y{{repl else }}n{{repl end }}', "y"),
        ('{{repl if EntitlementValue "off" | ParseBool }}y{{repl else }}n{{repl end }}', "n"),
        ('{{repl if ConfigOption "empty" }}y{{repl else }}n{{repl end }}', "n"),
        ('{{repl not (ConfigOption "tls") }}', "false"),
        ('{{repl eq (EntitlementValue "num_seats") "50" }}', "true"),
        ('{{repl lt (EntitlementValue "num_seats") "6" }}', "true"),
        ('{{repl range $i, $v := list "a" "b" }}{{repl $i }}{{repl $v }}{{repl . }};{{repl end }}', "0aa;1bb;"),
        ('{{repl range dict "b" 2 "a" 1 }}{{repl . }}{{repl end }}', "12"),
        ("{{repl range list }}x{{repl else }}none{{repl end }}", "none"),
        ("{{repl range until 9 }}{{repl if eq . 3 }}{{repl break }}{{repl end }}{{repl . }}{{repl end }}", "012"),
        ("{{repl range until 3 }}{{repl if eq . 1 }}{{repl continue }}{{repl end }}{{repl . }}{{repl end }}", "02"),
        ('{{repl with ConfigOption "hostname" }}{{repl . }}{{repl else }}none{{repl end }}', "app.example.com"),
        ("{{repl $x := 1 }}{{repl range until 3 }}{{repl $x = add $x . }}{{repl end }}{{repl $x }}", "4"),
        ('{{repl trunc 3.0 "abcdef" }}', "abc"),
        ('{{repl default "d" (dict).x }}', "d"),
        ('{{repl (dict "a" (dict "b" 1)).a.b }}', "1"),
        ('{{repl list 1 (ConfigOption "hostname") nil }}', "[1 app.example.com <nil>]"),
    ],
)
def test_prints(template: str, text: str) -> None:
    assert printed(template) == text
    assert printed(template, "empty") == text


@pytest.mark.parametrize(
    ("template", "message", "column"),
    [
        ("{{repl . }}", 'there is no data: "." has no value here', 8),
        ("{{repl $.a }}", 'there is no data: "$" has no value here', 9),
        ('{{repl (dict "alpha" 1).alhpa }}', 'the map has no "alhpa"', 24),
        ("{{repl index (list nil) 0 }}", "there is no value to print, but nil", 8),
    ],
)
def test_what_is_missing_is_an_error_where_it_is_printed(template: str, message: str, column: int) -> None:
    said, _, line, place = failure(template)
    assert (said, line, place) == (message, 1, column)
    assert printed(template, "empty") == "<no value>"


@pytest.mark.parametrize(
    ("template", "lenient"),
    [
        ("{{repl .Values.x | quote }}", ""), ('{{repl printf "%s" $.x }}', "%!s(<nil>)"), ("{{repl print 1 (dict).x }}", "1 <nil>"),
        ("{{repl toString (dict).x }}", "<nil>"), ('{{repl cat "a" .x }}', "a"), ("{{repl html .x }}", "&lt;no value&gt;"),
    ],
)  # fmt: skip
def test_what_is_missing_is_an_error_where_it_becomes_text(template: str, lenient: str) -> None:
    assert failure(template)[0].startswith(("there is no data", 'the map has no "x"'))
    assert printed(template, "empty") == lenient


def test_functions_can_ask_for_what_is_missing() -> None:
    assert (
        printed("{{repl default 1 .a }}{{repl empty (dict).x }}{{repl eq (dict).x nil }}{{repl kindOf $.x }}")
        == "1truetrueinvalid"
    )


def test_a_missing_key_is_suggested() -> None:
    assert failure('{{repl (dict "alpha" 1).alhpa }}')[1] == 'did you mean "alpha"?'


@pytest.mark.parametrize("missing", ["error", "empty"])
@pytest.mark.parametrize(
    ("template", "message", "hint", "column"),
    [
        ('a{{repl eq (EntitlementValue "num_seats") 50 }}', "eq: can't compare text (entitlements.num_seats) with an integer",
         "turn the text into a number: (… | ParseInt)", 9),
        ("{{repl lt 1 2.0 }}", "lt: can't compare an integer with a number with a point",
         "turn one of them into the other's kind: float64, int64", 8),
        ("{{repl range 3 }}{{repl end }}", "can't range over an integer", "use until: range until 3", 14),
        ('{{repl range "a,b" }}{{repl end }}', "can't range over text", 'use splitList: range splitList "," …', 14),
        ("{{repl range true }}{{repl end }}", "can't range over a boolean", "only over a list or a map", 14),
        ("{{repl index (list 1) 1 }}", "index: there is no place 1: the last is 0", "", 8),
        ("{{repl index (list) 0 }}", "index: there is no place 0: it is empty", "", 8),
        ('{{repl index (list 1) "0" }}', "index: a place in a list or text is an integer, not text", "use ParseInt", 8),
        ('{{repl ("a" | upper).b }}', 'text has no "b"', "only a map or structure has fields", 21),
        ('{{repl (semver "1.2.3").Nope }}', 'this structure has no "Nope"', "", 24),
        ("{{repl len 3 }}", "len: 3 has no length", "", 8),
        ("{{repl ToUpper nil }}", 'ToUpper: "s" must be text, not nil', "ToUpper s", 8),
        ('{{repl Now "2006" }}', "Now: takes no arguments, not 1", "Now", 8),
        ("{{repl call }}", 'call: argument "value" is missing', "call value arguments…", 8),
        ("{{repl call 1 }}", "call: 1 (int) is no function", "write the function's name alone", 8),
        ("{{repl ToUpper (dict).x }}", 'the map has no "x"', "", 8),
    ],
)  # fmt: skip
def test_errors(missing: str, template: str, message: str, hint: str, column: int) -> None:
    assert failure(template, missing) == (message, hint, 1, column)


def test_the_place_is_that_of_the_innermost_call_that_fails() -> None:
    assert failure("ok\n  {{repl print 1 (index (list 1) 7) }}")[2:] == (2, 19)


def test_declared_text_is_no_more_than_text() -> None:
    """In Ship, too, an entitlement is text: until that is turned into a number, it is none."""
    message, hint, *_ = failure('{{repl until (EntitlementValue "num_seats") }}')
    assert message == 'until: "count" must be an integer, not text'
    assert "ParseInt" in hint
    assert printed('{{repl until (ConfigOption "replicas" | ParseInt) }}') == "[0 1 2]"


def test_what_is_printed_keeps_its_value() -> None:
    """Escaping asks for the type and kind of a value."""
    one = engine()
    template = one.parse(
        TemplateSource("t", 'a: {{repl EntitlementValue "num_seats" }} {{repl toJson 1 }}', templating="repl")
    )
    pieces = [piece for piece in one.pieces(template, SCOPES["error"]) if isinstance(piece, Printed)]
    assert [type(piece.value).__name__ for piece in pieces] == ["TypedText", "YamlText"]
    assert all(piece.open for piece in pieces)


def test_a_value_is_not_rendered_again() -> None:
    assert (
        printed('{{repl print "{{repl Now }}" "repl{{ Now }}" "}}" "{{ x }}" }}')
        == "{{repl Now }}repl{{ Now }}}}{{ x }}"
    )


def test_looks_are_traced() -> None:
    one, trace = engine(), list[Traced]()
    text = 'x {{repl ConfigOption "hostname" | upper }}{{repl EntitlementValue (print "t" "ier") }}'
    one.pieces(one.parse(TemplateSource("t", text, templating="repl")), SCOPES["error"], trace)
    assert [(each.expression, each.offset, str(each.value)) for each in trace] == [
        ('ConfigOption "hostname"', 9, "app.example.com"),
        ('EntitlementValue "tier"', 50, "enterprise"),
    ]


def test_a_look_at_a_secret_option_is_noticed() -> None:
    scope = build_scope(facts(secrets=frozenset({"password"})))
    for text, secret in (('{{repl ConfigOption "hostname" }}', False), ('{{repl "password" | ConfigOption }}', True)):
        one = engine()
        one.pieces(one.parse(TemplateSource("t", text, templating="repl")), scope)
        assert one.used_secret is secret


@pytest.mark.parametrize(
    "template",
    [
        "{{repl range until 100000 }}{{repl range until 100000 }}x{{repl end }}{{repl end }}",
        "{{repl $x := list 1 }}{{repl range until 60 }}{{repl $x = list $x $x }}{{repl end }}{{repl $x }}",
        '{{repl $x := "abcdefgh" }}{{repl range until 60 }}{{repl $x = print $x $x }}{{repl end }}{{repl len $x }}',
        '{{repl range until 1000 }}{{repl printf "%1000000d" 1 }}{{repl end }}',
        '{{repl printf (repeat 1000000 "%d") }}',
        "{{repl range until 100 }}{{repl range until 100 }}{{repl until 10000 }}{{repl end }}{{repl end }}",
        '{{repl range until 1000 }}{{repl js (repeat 100000 "é") }}{{repl end }}',
    ],
)
def test_limits(template: str) -> None:
    with pytest.raises(LimitError) as caught:
        printed(template)
    assert caught.value.position is not None


@given(st.integers(min_value=0, max_value=2**32))
def test_any_template_gives_text_or_a_documented_error(seed: int) -> None:
    for missing in ("error", "empty"):
        try:
            printed(random_template(seed), missing, steps=5_000)
        except (TemplateError, LimitError) as error:
            assert error.position is not None


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("k: {{repl print `|` }}{{repl print (ConfigOption `hostname`) | nindent 2 }}\n", "k: |\n  app.example.com\n"),
        ("k: {{repl printf `'true'` }}", "k: 'true'"),
        ('k: {{repl "[]" }}', "k: []"),
        ("k: {{repl print `[` 1 `]` }}", "k: [1]"),
        ("k: {{repl `{a: 1}` }}", "k: {a: 1}"),
        # What is no author's text
        ('k: {{repl "" }}', 'k: ""'),
        ("k: {{repl `{{repl x }}` }}", 'k: "{{repl x }}"'),
        ("k: {{repl `a: b` }}", 'k: "a: b"'),
        ("k: {{repl `*x` }}", 'k: "*x"'),
        ("k: '{{repl `it's` }}'", 'k: "it\'s"'),
        ("k: {{repl print (print `[`) `]` }}", 'k: "[]"'),
        ("k: {{repl $x := `[]` }}{{repl $x }}", 'k: "[]"'),
        ("k: {{repl print `[` (ConfigOption `hostname`) `]` }}", 'k: "[app.example.com]"'),
    ],
)
def test_structure_that_stands_in_the_template_is_its_authors(template: str, text: str) -> None:
    one = engine()
    assert (
        one.render(one.parse(TemplateSource("t", template, templating="repl")), SCOPES["error"], escape="yaml") == text
    )
