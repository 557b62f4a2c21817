"""The functions: what they give, and what they say when they can't."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.context.catalog import JINJA, REPL_FUNCTIONS
from shipper.context.facts import Option
from shipper.context.functions import FUNCTIONS
from shipper.context.values import Fragment, Printed, Source, TypedText, YamlText
from shipper.errors import LicenseError, LimitError, TemplateError
from shipper.template.limits import Budget
from tests.context.sample import FACTS, facts, render


def call(name: str, *args: object, given: Any = FACTS, **kwargs: object) -> Any:
    spec = FUNCTIONS[name]
    return spec.call(given, *args, **kwargs) if spec.facts else spec.call(*args, **kwargs)


@pytest.mark.parametrize("name", sorted({*JINJA, *REPL_FUNCTIONS}))
def test_examples_are_true(name: str) -> None:
    for spec in filter(None, (JINJA.get(name), REPL_FUNCTIONS.get(name))):
        assert spec.doc
        assert spec.examples or spec.returns == "NoReturn"
        for template, expected in spec.examples:
            assert render(template) == expected


SHIP = [
    ("Trim('  a  ')", "a"), ("Trim('xxaxx', 'x')", "a"), ("UrlEncode('a b&c/d')", "a+b%26c%2Fd"), ("UrlEncode('é~-_.*')", "%C3%A9~-_.%2A"),
    ("Base64Encode('clear text')", "Y2xlYXIgdGV4dA=="), ("Base64Decode('Y2xlYXIgdGV4dA==')", "clear text"), ("Base64Decode('Y2xl\\nYXI=')", "clear"),
    ("Split('', ',')|toJson", '[""]'), ("Split('abc', '')|toJson", '["a","b","c"]'), ("Split('', '')|toJson", "[]"), ("Add(2, 3)", "5"),
    ("Add(2, 3.0)", "5.0"), ("Sub(1.5, 1)", "0.5"), ("Mult(1.5, 2)", "3.0"), ("Div(15, 2)", "7"), ("Div(-15, 2)", "-7"), ("Div(15, -2)", "-7"),
    ("Div(-15, -2)", "7"), ("Div(15.0, 2)", "7.5"), ("ParseInt('ff', 16)", "255"), ("ParseInt('-0x1f', 0)", "-31"), ("ParseInt('017', 0)", "15"),
    ("ParseInt('+7')", "7"), ("ParseInt(7)", "7"), ("ParseFloat('1e3')", "1000.0"), ("ParseFloat('.5')", "0.5"), ("ParseBool('t')", "true"),
    ("ParseBool(1)", "true"), ("HumanSize(387346587344)", "387.3GB"), ("HumanSize(999)", "999B"), ("HumanSize(0)", "0B"), ("HumanSize(1024)", "1.024kB"),
    ("HumanSize(1500000.5)", "1.5MB"), ("HumanSize(1e30)", "1e+06YB"), ("HumanSize(-5000)", "-5000B"), ("HumanSize(999999)", "1000kB"),
    ("ToUpper('aé')", "AÉ"), ("ToLower('AÉ')", "aé"), ("Mult(ParseInt(ConfigOption('replicas')), 86400)", "259200"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), SHIP)
def test_as_ship(expression: str, expected: str) -> None:
    assert render(f"{{{{ {expression} }}}}") == expected


FAILING = [
    ("Base64Decode('!!')", "Base64Decode: the text is no standard base64"),
    ("Base64Decode('YQ')", "Base64Decode: the text is no standard base64"),
    ("Base64Decode('YWJj=')", "Base64Decode: the text is no standard base64"),
    ("Base64Decode('YWJj====')", "Base64Decode: the text is no standard base64"),
    ("Base64Decode('é')", "Base64Decode: the text is no standard base64"),
    ("Base64Decode('/w==')", "Base64Decode: the text holds bytes that are no UTF-8 text"),
    ("Base64Encode('\\ud800')", "Base64Encode: the text holds half a character"),
    ("ParseInt('x')", 'ParseInt: "x" is no integer of 64 bits'),
    ("ParseInt('1_0')", 'ParseInt: "1_0" is no integer'),
    ("ParseInt(' 1')", 'ParseInt: " 1" is no integer'),
    ("ParseInt('1.5')", 'ParseInt: "1.5" is no integer'),
    ("ParseInt('9223372036854775808')", "no integer of 64 bits"),
    ("ParseInt('1', 1)", "ParseInt: base must be 0 or 2 to 36"),
    ("ParseInt('٣')", "no integer"),
    ("ParseInt(true)", "ParseInt: a boolean is no number"),
    ("ParseFloat('nan')", 'ParseFloat: "nan" is no number'),
    ("ParseFloat('1e999')", 'ParseFloat: "1e999" is no number'),
    ("ParseBool('yes')", 'ParseBool: "yes" is no boolean'),
    ("ParseBool('a\\nb')", r'ParseBool: "a\\nb" is no boolean'),
    ("Add('1', 2)", 'Add: "a" must be a number, not text'),
    ("Add(true, 2)", 'Add: "a" must be a number, not a boolean'),
    ("Add(ConfigOption('hostname'), 2)", 'Add: "a" must be a number, not text'),
    ("Add(9223372036854775807, 1)", "Add: the number doesn't fit 64 bits"),
    ("Mult(1e308, 10)", "Mult: the number is too large"),
    ("Div(1, 0)", "Div: division by zero"),
    ("Div(1.0, 0.0)", "Div: division by zero"),
    ("ParseFloat(10**310)", 'ParseFloat: "1000'),
    ("HumanSize('1')", 'HumanSize: "size" must be a number, not text'),
    ("ConfigOption('hostnam')", 'ConfigOption: no configuration option "hostnam"'),
    ("ConfigOptionEquals('hostnam', 'x')", 'ConfigOptionEquals: no configuration option "hostnam"'),
    ("ConfigOptionData('hostname')", 'ConfigOptionData: option "hostname" is no standard base64'),
    ("Installation('x')", 'Installation: there is no "x"'),
    ("Installation('release_id')", "Installation: release_id is not known here"),
    ("Trim()", 'Trim: argument "s" is missing'),
    ("Trim('a', 'b', 'c')", "Trim: takes at most 2 arguments, not 3"),
    ("Now('x')", "Now: takes no arguments, not 1"),
    ("Trim('a', s='b')", 'Trim: argument "s" is given twice'),
    ("Trim('a', cutst='b')", 'Trim: there is no argument "cutst"'),
    ("Trim(5)", 'Trim: "s" must be text, not an integer'),
    ("ToUpper([1])", 'ToUpper: "s" must be text, not a list'),
    ("quote(none)", 'quote: "value" must be text, a number or a boolean, not none'),
    ("toYaml(range)", "toYaml: "),
    ("toJson([range])", "toJson: "),
    ("toJson({none: 1})", "toJson: none can't be text"),
    ("toJson(1e400)", "toJson: a number is infinite"),
    ("UrlEncode('a'*12000000)", "UrlEncode: the result would have more than"),
    ("Split('a'*2000000, '')", "Split: the result would have more than"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "message"), FAILING)
def test_errors_name_the_function_and_the_matter(expression: str, message: str) -> None:
    with pytest.raises((TemplateError, LimitError), match=message.replace("(", r"\(").replace("+", r"\+")):
        render(f"{{{{ {expression} }}}}")


def test_entitlement_errors() -> None:
    with pytest.raises(TemplateError) as caught:
        render('{{ EntitlementValue("num_seat") }}')
    assert caught.value.message == 'EntitlementValue: no entitlement "num_seat" in license lic_example'
    assert caught.value.hint == 'did you mean "num_seats"?'
    with pytest.raises(TemplateError) as caught:
        render('{{ LicenseFieldValue("num_seat") }}')
    assert caught.value.message == 'LicenseFieldValue: no entitlement "num_seat" in license lic_example'
    with pytest.raises(LicenseError, match="there is no license"):
        call("EntitlementValue", "num_seats", given=facts(license=None))
    with pytest.raises(LicenseError, match="Entitlements: there is no license"):
        call("Entitlements", given=facts(license=None, missing="empty"))


def test_entitlement_is_text_that_remembers_its_type() -> None:
    for name, text, kind in (
        ("num_seats", "50", "integer"),
        ("ha", "true", "boolean"),
        ("tier", "enterprise", "string"),
    ):
        value = call("EntitlementValue", name)
        assert isinstance(value, TypedText)
        assert (str(value), value.type, value.typed) == (text, kind, f"entitlements.{name}")
    assert call("EntitlementValue", "log-level").typed == 'entitlements["log-level"]'


@pytest.mark.parametrize(("default", "kind"), [(3, "integer"), (1.5, "number"), (False, "boolean")])
def test_default_is_typed_by_what_it_is(default: object, kind: str) -> None:
    value = call("EntitlementValue", "nosuch", default)
    assert isinstance(value, TypedText)
    assert value.type == kind
    assert type(call("EntitlementValue", "nosuch", "x")) is str
    assert call("EntitlementValue", "nosuch", "x", given=facts(license=None)) == "x"


def test_missing_is_empty_on_demand() -> None:
    given = facts(missing="empty")
    assert call("EntitlementValue", "nosuch", given=given) == ""
    assert call("ConfigOption", "nosuch", given=given) == ""
    assert call("ConfigOptionData", "nosuch", given=given) == ""
    assert call("Installation", "nosuch", given=given) == ""
    assert call("ConfigOptionEquals", "nosuch", "", given=given) is False
    assert call("ConfigOptionNotEquals", "nosuch", "x", given=given) is False


@pytest.mark.parametrize(
    ("kind", "text", "asked", "equal"),
    [
        ("string", "a", "a", True), ("string", "1", "true", False), ("string", "1", 1, True), ("boolean", "true", "1", True),
        ("boolean", "0", "false", True), ("boolean", "1", "0", False), ("boolean", "", "0", True), ("boolean", "1", "yes", False),
        ("boolean", "1", True, True), ("integer", "3", 3, True), ("integer", "3", "03", False),
    ],
)  # fmt: skip
def test_option_equals(kind: Any, text: str, asked: object, equal: bool) -> None:
    given = facts(options={"o": Option("o", text, kind)})
    assert call("ConfigOptionEquals", "o", asked, given=given) is equal
    assert call("ConfigOptionNotEquals", "o", asked, given=given) is not equal


def test_typed_text_counts_as_its_number_or_boolean() -> None:
    assert render('{{ Add(EntitlementValue("num_seats"), 1) }} {{ Mult(ConfigOption("ratio"), 2) }}') == "51 1.0"
    assert render('{{ indent("a\\nb", ConfigOption("replicas"), ConfigOption("tls")) }}') == "   a\n   b"


LIKELY = {"str": "a", "int": 1, "Number": 1, "bool": True, "datetime": FACTS.now}


@pytest.mark.parametrize("name", sorted({*JINJA, *REPL_FUNCTIONS}))
def test_typed_text_is_plain_where_text_is_wanted(name: str) -> None:
    for spec in filter(None, (JINJA.get(name), REPL_FUNCTIONS.get(name))):
        before = (FACTS,) if spec.facts else (Budget(),) if spec.budget else ()
        for place, parameter in enumerate(spec.parameters):
            if parameter.kind != "str":
                continue
            args = [
                TypedText("a", "string", "config.a") if index == place else LIKELY.get(each.kind, "a")
                for index, each in enumerate(spec.parameters)
                if each.required or index <= place
            ]
            try:
                spec.call(*before, *args)
            except (TemplateError, LimitError, LicenseError) as error:
                assert "truth value" not in error.message


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (
            '{{ Split("a", ConfigOption("hostname"))[0] }}{{ urlParse(ConfigOption("hostname")).path }}',
            "aapp.example.com",
        ),
        (
            '{{repl Trim "x" (ConfigOption "hostname") }}{{repl (urlParse (ConfigOption "hostname")).path }}',
            "app.example.com",
        ),
        ('{{repl urlJoin (dict "scheme" "https" "host" (ConfigOption "hostname")) }}', "https://app.example.com"),
        ('{{repl base (ConfigOption "hostname") }}{{repl NowFmt (ConfigOption "tls") }}', "app.example.comtrue"),
    ],
)
def test_typed_text_is_an_argument_like_others(template: str, text: str) -> None:
    assert render(template) == text


def test_secret_text_is_not_shown() -> None:
    for function in ("ParseInt", "ParseFloat", "ParseBool"):
        with pytest.raises(TemplateError) as caught:
            render(f'{{{{ {function}(ConfigOption("password")) }}}}')
        assert "hunter2" not in str(caught.value)
        assert "config.password" in str(caught.value)


def test_every_function_is_a_filter() -> None:
    for name, spec in FUNCTIONS.items():
        assert spec.filter is bool(spec.parameters)
        assert spec.signature.startswith(f"{name}(")
    assert render('{{ "a,b" | Split(",") | toJson }} {{ "num_seats" | EntitlementValue }}') == '["a","b"] 50'


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.integers(10**18, 10**400),
    st.sampled_from(["1", "-7.5", "true", "YQ==", "num_seats", "hostname", "tls", "\ud800", "a\n b"]),
    st.builds(TypedText, st.sampled_from(["5", "x", "true", ""]), st.sampled_from(["integer", "boolean", "number", "string"]), st.just("config.x")),
    st.builds(YamlText, st.text(max_size=4)),
    st.text(max_size=4).map(lambda text: Fragment((Printed(text, text, Source(None, 0)),))),
)  # fmt: skip
ARGUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(SCALARS, inner, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(ARGUMENTS, max_size=3))
def test_only_documented_errors_leave_a_function(name: str, arguments: list[Any]) -> None:
    message = ""
    try:
        result = call(name, *arguments)
    except (TemplateError, LimitError) as error:
        message = str(error)
    else:
        assert isinstance(result, (str, int, float, list))
    assert not message or message.startswith(f"{name}: ")
    assert "object at 0x" not in message
