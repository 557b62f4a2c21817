from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from shipper.errors import Position, SpecError
from shipper.render.config import Asked, Given, Resolved, resolve

if TYPE_CHECKING:
    from shipper.context.facts import Option

NAME = re.compile(r"<(\w+)>")


class Fake:
    """A template language in which `<name>` is the option `name`; a condition is the text "true" or not."""

    def __init__(self) -> None:
        self.options: dict[str, Option] = {}

    def text(self, field: Any) -> str:
        return NAME.sub(lambda match: self.options[match[1]].text, field.text)

    def condition(self, field: Any) -> bool:
        return self.text(field) in {"true", "1"}

    def asked(self, field: Any, *, condition: bool = False) -> Asked:  # noqa: ARG002 - part of the protocol
        names = NAME.findall(field.text) if "dynamic" not in field.text else []
        return Asked(dict.fromkeys(names, field.position), "dynamic" in field.text)

    used_secret = False
    lenient = False

    def define(self, option: Option) -> None:
        self.options[option.name] = option


def text(value: str | None) -> Any:
    return None if value is None else SimpleNamespace(text=value, position=Position("spec.yaml", 7, 3))


def item(name: str, kind: str = "text", **fields: Any) -> Any:
    for key in ("value", "default", "when", "pattern"):
        fields[key] = text(fields.get(key))
    defaults = {"required": False, "readonly": False, "hidden": False, "choices": ()}
    return SimpleNamespace(name=name, type=kind, position=Position("spec.yaml", 5, 5), **(defaults | fields))


def group(*items: Any, when: str | None = None) -> Any:
    return SimpleNamespace(name="main", items=items, when=text(when))


def resolved(*items: Any, when: str | None = None, **given: str) -> Resolved:
    values = {name: Given(value, None) for name, value in given.items()}
    return resolve([group(*items, when=when)], values, Fake())


def texts(*items: Any, **given: str) -> dict[str, str]:
    return {name: option.text for name, option in resolved(*items, **given).options.items()}


def test_a_given_value_beats_value_and_value_beats_default() -> None:
    assert texts(item("a", value="v", default="d")) == {"a": "v"}
    assert texts(item("a", value="", default="d")) == {"a": "d"}
    assert texts(item("a", value="v", default="d"), a="g") == {"a": "g"}
    assert texts(item("a")) == {"a": ""}


def test_a_given_empty_text_beats_a_default_and_stays() -> None:
    assert texts(item("a", default="d"), a="") == {"a": ""}


def test_values_are_computed_after_what_they_depend_on_and_keep_the_order_of_the_spec() -> None:
    options = texts(item("c", default="<b>!"), item("b", value="<a>?"), item("a", default="x"), a="y")
    assert options == {"c": "y?!", "b": "y?", "a": "y"}
    assert list(options) == ["c", "b", "a"]


def test_an_option_that_computes_a_name_comes_after_all_that_do_not_need_it() -> None:
    options = texts(item("a", default="dynamic <b> <c>"), item("b", default="1"), item("c", default="2"))
    assert options["a"] == "dynamic 1 2"
    options = texts(item("a", default="dynamic <b>"), item("b", default="1"), item("c", default="<a>!"))
    assert options["c"] == "dynamic 1!"


def test_a_given_value_is_not_a_template() -> None:
    assert texts(item("a"), item("b", default="<a>"), a="<b>") == {"a": "<b>", "b": "<b>"}


def test_readonly_options_are_computed_whatever_is_given() -> None:
    result = resolved(item("a"), item("b", readonly=True, value="<a>1"), a="x", b="mine")
    assert result.options["b"].text == "x1"
    assert [warning.message for warning in result.warnings] == [
        'the value given for option "b" is ignored: it is readonly'
    ]


@pytest.mark.parametrize("kind", ["label", "heading"])
def test_labels_and_headings_are_computed(kind: str) -> None:
    result = resolved(item("a", kind, default="d"), a="mine")
    assert result.options["a"].text == "d"
    assert len(result.warnings) == 1


def test_all_missing_options_are_named() -> None:
    with pytest.raises(SpecError, match="required configuration is missing: a, c") as caught:
        resolved(item("a", required=True), item("b"), item("c", required=True), c="")
    assert caught.value.position == Position("spec.yaml", 5, 5)


def test_what_nobody_sees_is_not_required_and_keeps_its_value() -> None:
    assert texts(item("a", required=True, hidden=True), item("b", required=True, when="false", default="<a>")) == {
        "a": "",
        "b": "",
    }
    assert resolved(item("a", required=True), item("b"), when="<b>").options["a"].text == ""


def test_a_circle_names_its_members_and_places() -> None:
    with pytest.raises(SpecError) as caught:
        resolved(item("a", default="<b>"), item("b", default="<c>"), item("c", value="<a>"), item("d"))
    message = caught.value.message
    assert message.startswith("options depend on each other in a circle: ")
    assert all(f'"{name}"' in message for name in "abc")
    assert '"d"' not in message
    assert "spec.yaml:7:3" in message


def test_a_circle_of_one() -> None:
    with pytest.raises(SpecError, match='circle: "a" → "a"'):
        resolved(item("a", default="<a>"))


@pytest.mark.parametrize("field", ["value", "default", "when"])
def test_an_unknown_option_gets_a_suggestion(field: str) -> None:
    with pytest.raises(SpecError, match='there is no option "hostnam"') as caught:
        resolved(item("hostname"), item("b", **{field: "<hostnam>"}))
    assert caught.value.hint == 'did you mean "hostname"?'
    assert caught.value.position == Position("spec.yaml", 7, 3)


def test_a_value_that_no_option_takes_gets_a_suggestion() -> None:
    with pytest.raises(SpecError, match='there is no option "hostnam"') as caught:
        resolved(item("hostname"), hostnam="x")
    assert caught.value.hint == 'did you mean "hostname"?'


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("integer", ["0", "-3", "12", ""], ["1.0", "x", " 1", "1_0", "0x1", "+1", "007", "9" * 400, "٣"]),
        ("number", ["0", "1.5", "-2e3", "1"], ["x", "nan", "inf", "1e999", ".5", "1."]),
        ("bool", ["true", "false", "1", "0", "T"], ["yes", "on", "2", " true", "truE"]),
    ],
)
def test_types_are_checked(kind: str, good: list[str], bad: list[str]) -> None:
    for value in good:
        resolved(item("a", kind), a=value)
        resolved(item("a", kind, default=value))
    for value in bad:
        with pytest.raises(SpecError, match=r"is (no |out of range)"):
            resolved(item("a", kind), a=value)
        with pytest.raises(SpecError, match=r"is (no |out of range)"):
            resolved(item("a", kind, default=value))


def test_given_booleans_are_stored_as_ship_does_and_the_authors_stay() -> None:
    assert texts(item("a", "bool"), item("b", "bool", default="true"), a="true") == {"a": "1", "b": "true"}
    assert texts(item("a", "bool"), a="F") == {"a": "0"}


def test_types_reach_the_templates() -> None:
    kinds = {"text": "string", "integer": "integer", "number": "number", "bool": "boolean", "select": "string"}
    for kind, expected in kinds.items():
        assert resolved(item("a", kind)).options["a"].type == expected


def test_a_choice_must_be_among_the_choices() -> None:
    choice = item("a", "select", choices=("debug", "info"))
    assert texts(choice, a="info") == {"a": "info"}
    with pytest.raises(SpecError, match='"trace" is not among the choices') as caught:
        resolved(choice, a="trace")
    assert caught.value.hint == "debug, info"


def test_a_pattern_holds_for_the_whole_value() -> None:
    option = item("a", pattern="[a-z]+")
    assert texts(option, a="abc") == {"a": "abc"}
    assert texts(option, a="") == {"a": ""}
    for bad in ("abc1", "1abc", "abc\n"):
        with pytest.raises(SpecError, match="is not of the right form"):
            resolved(option, a=bad)


def test_a_pattern_takes_linear_time() -> None:
    with pytest.raises(SpecError):
        resolved(item("a", pattern="(a+)+"), a="a" * 5000 + "!")


def test_passwords_are_secret_and_never_quoted() -> None:
    result = resolved(item("a", "password"), item("b"), a="hunter2", b="x")
    assert result.options["a"].secret
    assert not result.options["b"].secret
    with pytest.raises(SpecError) as caught:
        resolved(item("a", "password", pattern="[0-9]+"), a="hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "text"), [("integer", str(2**63)), ("integer", str(-(2**63) - 1)), ("number", "1" + "0" * 309)]
)
def test_numbers_out_of_range_are_refused_where_they_are_given(kind: str, text: str) -> None:
    given = {"x": Given(text, Position("values.yaml", 1, 4))}
    with pytest.raises(SpecError) as caught:
        resolve([group(item("x", kind))], given, Fake())
    assert (caught.value.subject, caught.value.position) == ("option x", Position("values.yaml", 1, 4))


def test_what_is_remembered_may_be_gone_from_the_spec() -> None:
    place = Position("state.json")
    given = {"old": Given("x", place, remembered=True), "a": Given("y", place, remembered=True)}
    result = resolve([group(item("a", default="d"))], given, Fake())
    assert {name: option.text for name, option in result.options.items()} == {"a": "y"}
    assert [str(warning.message) for warning in result.warnings] == [
        'the value of "old" is ignored: the spec has no such option'
    ]
    with pytest.raises(SpecError, match='there is no option "old"'):
        resolve([group(item("a"))], given | {"old": Given("x")}, Fake())


def test_a_boolean_that_is_remembered_stays_as_it_was_written() -> None:
    given = {"a": Given("true", remembered=True)}
    assert resolve([group(item("a", "bool"))], given, Fake()).options["a"].text == "true"
    with pytest.raises(SpecError, match="is no boolean"):
        resolve([group(item("a", "bool"))], {"a": Given("maybe", remembered=True)}, Fake())


def test_what_is_computed_is_not_required() -> None:
    assert texts(item("a", readonly=True, required=True), item("b", "label", required=True)) == {"a": "", "b": ""}


def test_a_condition_may_ask_for_nothing_known_where_missing_names_are_empty() -> None:
    fake = Fake()
    fake.lenient = True
    fake.condition = lambda field: True  # type: ignore[method-assign]  # noqa: ARG005 (the protocol's name)
    assert resolve([group(item("a", when="<nosuch>"))], {}, fake).options["a"].text == ""
    with pytest.raises(SpecError, match='there is no option "nosuch"'):
        resolve([group(item("a", value="<nosuch>"))], {}, fake)
