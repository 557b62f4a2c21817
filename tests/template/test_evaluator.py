"""What is ours: kinds of value, undefined names, messages with places, conditions, tracing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shipper.context import functions
from shipper.context.facts import Entitlement, Facts, LicenseFacts, Option
from shipper.context.values import Author, Fragment, Printed, TypedText, YamlText
from shipper.errors import LimitError, Position, TemplateError
from shipper.template.engine import Engine
from shipper.template.loader import TemplatesFolder
from shipper.template.source import TemplateSource
from tests.template.harness import Data, Folder, failure, run

DATA: dict[str, Any] = {
    "config": {"replicas": 3, "name": "web", "items": "mine", "get": "x"},
    "seats": TypedText("50", "integer", "entitlements.seats"),
    "sso": TypedText("false", "boolean", "entitlements.sso"),
    "tier": TypedText("gold", "string", "entitlements.tier"),
    "users": [{"name": "ann"}],
    "none_here": None,
    "text": "text",
}

FACTS = Facts(
    license=LicenseFacts(
        "lic_1", {"seats": Entitlement(50, "integer"), "sso": Entitlement(False, "boolean")}, "{}", "{}"
    ),
    options={"name": Option("name", "web")},
    release={},
    installation_id="i",
    now=datetime(2026, 1, 1, tzinfo=UTC),
)
ENGINE = Engine(functions.FUNCTIONS)


def text(template: str, **data: Any) -> str:
    return run(Engine({}), template, DATA | data)


def error(template: str, **data: Any) -> str:
    return failure(template, DATA | data, Engine({}))


def with_facts(template: str) -> str:
    return ENGINE.render(ENGINE.parse(TemplateSource("test", template)), Data(DATA, FACTS), escape="none")


def pieces(template: str) -> list[Any]:
    engine = Engine({})
    return engine.pieces(engine.parse(TemplateSource("test", template)), Data(DATA))


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ confg.x }}", 'test:1:4: "confg" is not defined (did you mean "config"?)'),
        ("a\n  {{ config.replcas }}", 'test:2:13: a map has no "replcas" (did you mean "replicas"?)'),
        ("{{ config['replcas'] }}", 'test:1:10: a map has no "replcas" (did you mean "replicas"?)'),
        ("{{ users[1] }}", "test:1:9: a list has no item 1: its length is 1"),
        ("{{ text.uper() }}", 'test:1:9: text has no "uper" (did you mean "upper"?)'),
        ("{{ text|uper }}", 'test:1:9: no filter "uper" (did you mean "upper"?)'),
        ("{{ text is strng }}", 'test:1:9: no test "strng" (did you mean "string"?)'),
        ("{{ none_here }}", "test:1:4: none can't be printed (use toYaml or toJson)"),
        ("{{ users }}", "test:1:4: a list can't be printed (use toYaml or toJson)"),
        ("{{ config }}", "test:1:4: a map can't be printed (use toYaml or toJson)"),
        ("{{ (1, 2) }}", "test:1:5: a list can't be printed (use toYaml or toJson)"),
        ("{{ range }}", "test:1:4: range is a function and was not called (call it: range(…))"),
        ("{{ text.upper }}", "test:1:4: upper is a method and was not called (call it: upper(…))"),
        ("{% macro m() %}{% endmacro %}{{ m }}", "test:1:33: m is a macro and was not called (call it: m(…))"),
        ("{% if range %}{% endif %}", "test:1:7: range is a function and was not called (call it: range(…))"),
        ("{{ namespace() }}", "test:1:4: a namespace can't be printed"),
        ("{{ 1 + 'a' }}", "test:1:4: can't compute an integer + text"),
        ("{{ 1 < 'a' }}", "test:1:4: can't compare an integer < text"),
        ("{{ 1 / 0 }}", "test:1:4: division by zero"),
        ("{{ 'a' in 5 }}", "test:1:4: can't look for text in an integer"),
        ("{{ text() }}", "test:1:4: text can't be called"),
        ("{% for x in 5 %}{% endfor %}", "test:1:13: an integer can't be iterated, only lists, maps and text"),
        ("{% for a, b in [1] %}{% endfor %}", "test:1:8: an integer can't be iterated, only lists, maps and text"),
        ("{% for a, b in [[1]] %}{% endfor %}", "test:1:8: 2 names for 1 values"),
        ("{% set config.x = 1 %}", 'test:1:8: "config" is a map: only a namespace() can be changed'),
        ("{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}", 'test:1:20: m: argument "a" is missing'),
        ("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "test:1:34: m takes at most 1 arguments, not 2 (it takes (a))"),
        ("{% macro m(a) %}{% endmacro %}{{ m(b=2) }}", 'test:1:34: m takes no argument "b" (it takes (a))'),
        ("{% include 'x' %}", 'test:1:12: no template "x": there is no templates folder (see --templates)'),
        ("{{ '\\ud800' }}", "test:1:4: text holds a lone surrogate (U+D800)"),
        ("{{ {[1]: 2} }}", "test:1:5: a list can't be a key"),
        ("{{ undefined_a ~ 'x' }}", 'test:1:4: "undefined_a" is not defined'),
        ("{{ not undefined_a }}", 'test:1:8: "undefined_a" is not defined'),
        ("{{ undefined_a is none }}", 'test:1:4: "undefined_a" is not defined'),
        ("{{ 1e308 * 10 }}", "test:1:4: a number is infinite or no number at all"),
    ],
)  # fmt: skip
def test_messages(template: str, message: str) -> None:
    assert error(template) == message


def test_printing() -> None:
    assert (
        text("{{ true }} {{ false }} {{ 1.0 }} {{ 1e22 }} {{ 2 ** 70 }}")
        == "true false 1.0 1e+22 1180591620717411303424"
    )
    assert text("{{ true ~ 1.5 }}") == "true1.5"


def test_a_key_wins_unless_it_is_called() -> None:
    assert text("{{ config.items }} {{ config['items'] }} {{ config.items()|length }}") == "mine mine 4"
    assert text("{{ config.get }} {{ config.get('name') }}") == "x web"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{% if sso %}on{% else %}off{% endif %}", "off"),
        ("{{ 'on' if sso else 'off' }}", "off"),
        ("{{ not sso }}", "true"),
        ("{{ sso or 'x' }}", "x"),
        ("{{ sso and 'x' }}", "false"),
        ("{{ seats == '50' }}{{ '50' == seats }}{{ seats != '51' }}", "truetruetrue"),
        ("{{ tier in ['gold', 'silver'] }}{{ 'ol' in tier }}", "truetrue"),
        ("{{ tier ~ '-' ~ seats }}{{ tier + 'x' }}", "gold-50goldx"),
        ("{{ tier.upper() }}{{ tier[0] }}{{ tier[1:] }}", "GOLDgold"),
        ("{{ {'gold': 1}[tier] }}", "1"),
    ],
)
def test_text_with_a_declared_type(template: str, expected: str) -> None:
    assert text(template) == expected


@pytest.mark.parametrize(
    ("template", "hint"),
    [
        ("{% if seats %}{% endif %}", "compare it, or use entitlements.seats"),
        ("{{ tier and 1 }}", 'compare it, as in == "true"'),
        ("{{ seats > 5 }}", "use entitlements.seats"),
        ("{{ 5 < seats }}", "use entitlements.seats"),
        ("{{ seats < '9' }}", "use entitlements.seats"),
        ("{{ '9' > seats }}", "use entitlements.seats"),
        ("{{ seats == 50 }}", "use entitlements.seats"),
        ("{{ 50 == seats }}", "use entitlements.seats"),
        ("{{ seats != 50 }}", "use entitlements.seats"),
        ("{{ sso == false }}", "use entitlements.sso"),
        ("{{ seats in [50, 60] }}", "use entitlements.seats"),
        ("{{ 50 in [seats] }}", "use entitlements.seats"),
        ("{{ seats * 2 }}", "use entitlements.seats"),
        ("{{ seats + 1 }}", "use entitlements.seats"),
        ("{{ 1 + seats }}", "use entitlements.seats"),
        ("{{ -seats }}", "use entitlements.seats"),
        ("{{ seats / 2 }}", "use entitlements.seats"),
    ],
)
def test_text_is_no_number(template: str, hint: str) -> None:
    message = error(template)
    assert message.startswith("test:1:")
    assert message.endswith(f"({hint})")


def test_undefined_is_empty_when_asked() -> None:
    engine = Engine({}, missing="empty")
    assert run(engine, "[{{ nope }}{{ config.nope }}]{% if nope %}x{% endif %}{{ nope ~ 'y' }}", DATA) == "[]y"
    assert (
        run(engine, "{% for a in nope %}x{% else %}none{% endfor %}{{ nope|default('d') }}{{ nope is defined }}", DATA)
        == "nonedfalse"
    )
    with pytest.raises(TemplateError):
        run(engine, "{{ nope.deeper }}", DATA)


def test_pieces_keep_values_apart() -> None:
    found = pieces("a: {{ config.replicas }}\n")
    assert [type(piece) for piece in found] == [Author, Printed, Author]
    assert (found[1].value, found[1].text, found[1].source.offset) == (3, "3", 6)
    assert [piece.source.offset for piece in found] == [0, 6, 24]


def test_plain_text_is_one_piece() -> None:
    assert [type(piece) for piece in pieces("just { text }\n")] == [Author]
    assert pieces("") == []


@pytest.mark.parametrize(
    "template",
    [
        "{% set x %}<{{ text }}>{% endset %}{{ x }}",
        "{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(text) }}",
        "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}{{ text }}{% endcall %}",
        "{% macro m() %}{{ caller(text) }}{% endmacro %}{% call(x) m() %}<{{ x }}>{% endcall %}",
        "{% for x in [[]] recursive %}<{{ text }}>{{ loop(x) }}{% endfor %}",
        "{% set x %}<{{ text }}>{% endset %}{{ x if true else '' }}",
    ],
)
def test_fragments_keep_their_values(template: str) -> None:
    found = [piece for piece in pieces(template) if type(piece) is Printed or piece.text]
    assert [(type(piece), piece.text) for piece in found] == [(Author, "<"), (Printed, "text"), (Author, ">")]


def test_a_flattened_fragment_is_text() -> None:
    found = pieces("{% set x %}<{{ text }}>{% endset %}{{ x ~ '' }}")
    assert [(type(piece), piece.text) for piece in found] == [(Printed, "<text>")]
    assert type(found[0].value) is str


def test_kinds_reach_the_output() -> None:
    found = pieces("{{ seats }}{{ tier }}")
    assert [type(piece.value) for piece in found] == [TypedText, TypedText]
    assert type(run(Engine({}), "{{ x }}", {"x": YamlText("a: 1")})) is str
    assert isinstance(Fragment(()), str)


def test_include_keeps_sources_and_errors_their_file() -> None:
    files = {"a.j2": "x: {{ v }}", "bad.j2": "\n {{ nope }}", "m.j2": "{% macro m() %}\n{{ nope }}{% endmacro %}"}
    engine = Engine({}, Folder(files))  # type: ignore[arg-type]  # the same two methods
    parsed = engine.parse(TemplateSource("main", "{% set v = 1 %}{% include 'a.j2' %}"))
    assert [str(piece.source.template) for piece in engine.pieces(parsed, Data({}))] == ["TemplateSource('a.j2')"] * 2
    assert failure("{% include 'bad.j2' %}", {}, engine).startswith("bad.j2:2:5: ")
    assert failure("\n{% import 'm.j2' as m %}{{ m.m() }}", {}, engine).startswith("m.j2:2:4: ")


def test_functions_are_filters() -> None:
    assert with_facts('{{ EntitlementValue("seats") }}{{ "seats"|EntitlementValue }}') == "5050"
    assert with_facts('{{ ["seats", "sso"]|map("EntitlementValue")|join(",") }}') == "50,false"


@pytest.mark.parametrize(
    ("template", "start"),
    [
        ('{{ EntitlementValue("seat") }}', "test:1:4: EntitlementValue: "),
        ("a\n {{ EntitlementValue() }}", "test:2:5: EntitlementValue: "),
        ('{{ "seat"|EntitlementValue }}', "test:1:11: EntitlementValue: "),
        ("{{ EntitlementValue(nope) }}", 'test:1:4: "nope" is not defined'),
        ('{{ EntitlementValue("a", "b", "c", "d") }}', "test:1:4: EntitlementValue: "),
    ],
)
def test_function_errors_have_a_place(template: str, start: str) -> None:
    with pytest.raises(TemplateError) as caught:
        with_facts(template)
    assert str(caught.value).startswith(start)


@pytest.mark.parametrize(
    "when",
    [
        "true",
        "1",
        "{{ true }}",
        "{{ 1 }}",
        " {{ 'true' }} \n",
        "config.replicas == 3",
        "not sso",
        "'true'",
        "1 < 2",
        "True",
    ],
)
def test_condition_holds(when: str) -> None:
    assert Engine({}).condition(TemplateSource("w", when), Data(DATA)) is True


@pytest.mark.parametrize(
    "when",
    [
        "false",
        "0",
        "{{ false }}",
        "{{ 0 }}",
        "{% if sso %}true{% else %}false{% endif %}",
        "sso",
        "{{ sso }}",
        "config.replicas > 3",
    ],
)
def test_condition_fails(when: str) -> None:
    assert Engine({}).condition(TemplateSource("w", when), Data(DATA)) is False


@pytest.mark.parametrize(
    "when",
    ["", " ", "2", "{{ 2 }}", "yes", "'yes'", "''", "none", "[]", "config", "seats", "tier", "{{ '' }}", "{{ 'True' }}", "{{ 'yes' }}", "nope", "1.0",
     "{{ 'true true' }}", "range", "true false", "{% if true %}", "'t'", "{{ ' true' }}", "' false'", "{{ 'false ' }}"],
)  # fmt: skip
def test_condition_is_unclear(when: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Engine({}).condition(TemplateSource("w", when), Data(DATA))
    assert caught.value.position is not None


def test_trace() -> None:
    trace: list[Any] = []
    parsed = ENGINE.parse(
        TemplateSource(
            "t",
            '{{ EntitlementValue("seats") }}{{ config.name }}{{ config["name"] }}{{ "name"|ConfigOption }}{{ text }}',
        )
    )
    ENGINE.pieces(parsed, Data(DATA, FACTS), trace)
    assert [(item.expression, str(item.value)) for item in trace] == [
        ('EntitlementValue("seats")', "50"),
        ("config.name", "web"),
        ('config["name"]', "web"),
        ('ConfigOption("name")', "web"),
    ]
    assert trace[0].offset == 3


@pytest.mark.parametrize(
    ("template", "options", "dynamic"),
    [
        ("plain", set(), False),
        ("{{ ConfigOption('a') }}{{ ConfigOptionEquals('b', 'x') }}{{ config.c }}{{ config['d'] }}{{ 'e'|ConfigOption }}", set("abcde"), False),
        ("{{ ConfigOption(x) }}", set(), True),
        ("{% for k in config %}{{ config[k] }}{% endfor %}", set(), True),
        ("{{ entitlements.a }}{{ x.config.b }}", set(), False),
        ("{% if ConfigOption('a') == config.b %}{% set y = config.c.d %}{% endif %}", set("abc"), False),
    ],
)  # fmt: skip
def test_references(template: str, options: set[str], dynamic: bool) -> None:
    found = ENGINE.references(ENGINE.parse(TemplateSource("t", template)))
    assert found == (frozenset(options), dynamic)


def test_references_of_a_condition() -> None:
    assert ENGINE.references(TemplateSource("t", "config.a and ConfigOption('b')")).options == {"a", "b"}


def test_positions_come_from_the_origin() -> None:
    class Origin:
        def position(self, line: int, column: int, text: str = "") -> Position:
            return Position("spec.yaml", line + 10, column + 4, text)

    source = TemplateSource("t", "a\n{{ nope }}", "x", Origin())  # type: ignore[arg-type]
    with pytest.raises(TemplateError) as caught:
        ENGINE.pieces(ENGINE.parse(source), Data({}))
    assert caught.value.position == Position("spec.yaml", 12, 8, "{{ nope }}")


def test_folder(tmp_path: Any) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.j2").write_text("\ufeffa{{ 1 }}\r\n")
    (tmp_path / "latin.j2").write_bytes(b"\xff")
    (tmp_path / "big.j2").write_text("x" * (5 * 1024 * 1024))
    (tmp_path / "inside.j2").symlink_to(tmp_path / "sub" / "a.j2")
    engine = Engine({}, TemplatesFolder(str(tmp_path)))
    assert run(engine, "{% include 'sub/a.j2' %}{% include 'inside.j2' %}") == "a1\na1\n"
    assert 'no template "sub/b.j2" (did you mean "sub/a.j2"?)' in failure("{% include 'sub/b.j2' %}", {}, engine)
    assert "no UTF-8" in failure("{% include 'latin.j2' %}", {}, engine)
    assert "no regular file" in failure("{% include 'sub' %}", {}, engine)
    (tmp_path / "\udcff").write_text("")
    assert "\udcff" not in TemplatesFolder(str(tmp_path)).names()
    for name in ("\\ud800", "\\udcff", "a\\ud800/b"):
        assert "is no path inside" in failure(f'{{% include "{name}" %}}', {}, engine)
    with pytest.raises(LimitError):
        run(engine, "{% include 'big.j2' %}")


def test_parsed_templates_are_kept_and_let_go() -> None:
    engine = Engine({})
    first = engine.parse(TemplateSource("a", "{{ 1 }}"))
    assert engine.parse(TemplateSource("b", "{{ 1 }}")).body is first.body
    for number in range(300):
        engine.parse(TemplateSource("c", f"{{{{ {number} }}}}"))
    assert len(engine._bodies) <= 256


CLOSED = Data({"entitlements": {"premium": False, "flag": "false", "seats": 5}, "config": {"t": "false"}})


@pytest.mark.parametrize(
    "when",
    [
        "{% set x %}{{ entitlements.premium }}{% endset %}{% if x %}true{% else %}false{% endif %}",
        "{% macro f() %}{{ entitlements.premium }}{% endmacro %}{% if f() %}true{% else %}false{% endif %}",
        'entitlements.premium != "false"',
        'entitlements["seats"] != "5"',
        '"5" != entitlements.seats',
        'entitlements.seats not in ["5"]',
        "true if entitlements.flag else false",
        "not not config.t",
        "config.t and true",
    ],
)
def test_what_says_false_never_opens(when: str) -> None:
    with pytest.raises(TemplateError, match=r"never equals a text|counts as true"):
        Engine({}).condition(TemplateSource("w", when), CLOSED)


@pytest.mark.parametrize(
    "when",
    ["entitlements.seats != 5", 'config.t == "true"', 'entitlements.flag != "false"', "entitlements.seats in [1, 2]"],
)
def test_what_says_false_can_be_compared(when: str) -> None:
    assert Engine({}).condition(TemplateSource("w", when), CLOSED) is False


@pytest.mark.parametrize("text", ["0", "False", "f", "FALSE"])
def test_a_declared_boolean_equals_each_of_its_spellings(text: str) -> None:
    data = Data({"b": TypedText("false", "boolean", "config.b")})
    for when in (f'b != "{text}"', f'b not in ["{text}"]', f'"{text}" != b', 'b == "true"', f'b == "x{text}"'):
        assert Engine({}).condition(TemplateSource("w", when), data) is False
