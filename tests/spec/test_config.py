"""Groups and options as Ship has them."""

from __future__ import annotations

import pytest

from shipper.errors import ShipperError, SpecError
from shipper.spec import ConfigItem, parse_spec


def options(text: str) -> dict[str, ConfigItem]:
    spec = parse_spec(f"config:\n  v1:\n  - name: group\n    items:\n{text}", "s")
    return {item.name: item for group in spec.groups for item in group.items}


@pytest.mark.parametrize(
    "kind", ["text", "textarea", "password", "bool", "file", "label", "heading", "integer", "number", "''", ""]
)
def test_types(kind: str) -> None:
    assert options(f"    - {{name: a, type: {kind}}}\n")["a"].type == (kind.strip("'") or "text")


@pytest.mark.parametrize(
    ("value", "text"),
    [("8", "8"), ("false", "false"), ("1.50", "1.50"), ("0755", "0755"), ("''", ""), ("yes", "yes"), ("1e3", "1e3")],
)
def test_texts_are_loose_scalars(value: str, text: str) -> None:
    item = options(f"    - {{name: a, default: {value}, value: {value}, title: {value}, when: {value}}}\n")["a"]
    assert [one.text if one else None for one in (item.default, item.value)] == [text, text]
    assert item.when is None if not text else item.when is not None
    assert item.title == text
    item = options("    - {name: a, default: , value: ~, title: null, items: , when: }\n")["a"]
    assert (item.default, item.value, item.title, item.choices, item.when) == (None, None, "", (), None)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True),
        ("yes", True),
        ("On", True),
        ("1", True),
        ("y", True),
        ("no", False),
        ("OFF", False),
        ("0", False),
    ],
)
def test_booleans_of_older_yaml_are_read(word: str, value: bool) -> None:
    item = options(f"    - {{name: a, required: {word}, readonly: {word}, hidden: {word}}}\n")["a"]
    assert (item.required, item.readonly, item.hidden) == (value, value, value)


def test_lint_is_told_to_write_booleans_out() -> None:
    found: list[ShipperError] = []
    text = "config.v1: [{name: g, items: [{name: a, hidden: no, readonly: true}]}]\n"
    notes = parse_spec(text, "s", collect=found).notes
    assert [str(note) for note in notes] == ['s:1:49: option "a": "hidden" is false; write that instead of "no"']
    assert parse_spec(text, "s").notes == ()


@pytest.mark.parametrize("name", ["a b", "db.host", "1", "größe", "x" * 128, "true", "http://x/y?z", "a"])
def test_a_name_is_any_text_in_one_line(name: str) -> None:
    assert list(options(f"    - {{name: '{name}'}}\n")) == [name]


@pytest.mark.parametrize("name", ["a=b", " a", "a ", "x" * 129, '"a\\nb"', '"\\0"', "''", '"a\\u0085"'])
def test_a_name_that_nobody_could_give(name: str) -> None:
    with pytest.raises(ShipperError, match="is no name"):
        options(f"    - {{name: {name if name[0] in chr(34) + chr(39) else repr(name)}}}\n")


MANY = """\
    - name: days
      type: select_many
      items:
      - {name: mon, title: Monday, default: 1}
      - {name: tue, value: '0', recommended: true}
      - {name: wed}
"""


def test_each_choice_of_a_select_many_is_an_option() -> None:
    found = options(MANY)
    assert list(found) == ["days", "mon", "tue", "wed"]
    assert found["days"].choices == ("mon", "tue", "wed")
    assert [found[name].type for name in ("mon", "tue", "wed")] == ["bool"] * 3
    assert found["mon"].default is not None
    assert found["mon"].default.text == "1"
    assert found["tue"].value is not None
    assert found["wed"].default is None
    assert found["mon"].position[:3] == ("s", 8, 16)


@pytest.mark.parametrize("kind", ["select", "select_one"])
def test_the_choices_of_one_that_takes_one_are_not(kind: str) -> None:
    assert list(options(MANY.replace("select_many", kind))) == ["days"]


def test_an_option_goes_before_a_choice_of_its_name() -> None:
    found = options(MANY + "    - {name: tue, type: text}\n" + MANY.replace("days", "more"))
    assert list(found) == ["days", "mon", "wed", "tue", "more"]
    assert found["tue"].type == "text"


def test_every_key_of_ship_is_read() -> None:
    text = """\
    - name: a
      title: A
      help_text: h
      recommended: true
      default: d
      value: v
      multi_value: [a, b]
      default_cmd: {name: c, value_at: 0}
      value_cmd: {name: c, value_at: 0}
      data_cmd: {name: c}
      readonly: false
      when: ""
      type: text
      multiple: false
      hidden: false
      affix: left
      props: {rows: 5}
      required: false
      test_proc: {display_name: Test, command: resolve_host}
      is_excluded_from_support: true
      filters: ['{{repl print 1 }}']
      items: []
"""
    assert list(options(text)) == ["a"]
    spec = parse_spec(
        "config: {v1: [{name: g, title: t, description: d, when: , test_proc: {}, filters: [], items: }]}", "s"
    )
    assert spec.groups[0].items == ()


def test_a_group_without_a_name_is_called_by_its_title() -> None:
    spec = parse_spec("config.v1: [{title: Breakfast, items: [{name: a}]}, {name: , items: [{name: b}]}, {}]", "s")
    assert [(group.name, group.position.column) for group in spec.groups] == [("Breakfast", 13), ("", 53), ("", 83)]
    with pytest.raises(SpecError, match='config group "Breakfast": "items"'):
        parse_spec("config.v1: [{title: Breakfast, items: 1}]", "s")
