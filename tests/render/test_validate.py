from __future__ import annotations

import pickle
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import ShipperError, TemplateError
from shipper.render import RenderOptions, render
from shipper.render.config import Given
from shipper.render.validate import InvalidFieldError, Validator
from shipper.spec import parse_spec
from tests.render.faults import FAULTS, MARK, Fault

if TYPE_CHECKING:
    from pathlib import Path

    from shipper.render import Rendering

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONFIG = """\
config.v1:
  - name: g
    items:
      - {name: port, type: integer, default: "8080"}
      - {name: seats, type: integer, default: "5"}
      - {name: pw, type: password, default: ""}
      - {name: flag, default: ""}
      - {name: one, default: ""}
"""


@cache
def validator() -> Validator:
    return Validator("1.31")


def rendering(template: str, dest: str = "k8s/app.yaml", more: str = "", **given: str) -> Rendering:
    contents = "".join(f"        {line}\n" for line in template.splitlines())
    spec = f"{CONFIG}assets.v1:\n  - inline:\n      dest: {dest}\n{more}      contents: |\n{contents}"
    values = {name: Given(text) for name, text in given.items()}
    return render(parse_spec(spec, "spec.yaml"), None, RenderOptions(now=NOW, given=values, validate=validator()))


def findings(template: str, dest: str = "k8s/app.yaml", more: str = "", **given: str) -> list[InvalidFieldError]:
    result = rendering(template, dest, more, **given)
    if not consume(result):
        assert not result.findings
    return result.findings


def consume(result: Rendering) -> bool:
    """Whether reading the files ended with an error."""
    try:
        list(result.files)
    except TemplateError as error:
        assert result.findings, error
        return True
    return False


def no_license(template: str) -> str:
    """Entitlements need a license; options of the same types don't."""
    template = template.replace('EntitlementValue("num_seats")', 'ConfigOption("seats")')
    return template.replace("entitlements.num_seats", "config.seats").replace(
        "entitlements.air_gap", "config.seats == 5"
    )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_is_found_at_its_line(fault: Fault) -> None:
    template = no_license(fault.template)
    (found,) = findings(template)
    assert found.field == fault.field
    assert found.message.startswith(f"{fault.field}: ")
    assert fault.words in found.message
    assert (found.dest, found.exit_code) == ("k8s/app.yaml", 4)
    assert found.position is not None
    above = len(CONFIG.splitlines()) + 4
    assert found.position.line - above == next(
        number for number, line in enumerate(template.splitlines(), start=1) if MARK in line
    )
    assert found.position.file == "spec.yaml"


def test_all_errors_of_all_files_are_found() -> None:
    first, second = (no_license(FAULTS[number].template) for number in (0, 5))
    contents = "".join(f"        {line}\n" for line in first.splitlines())
    other = "".join(f"        {line}\n" for line in second.splitlines())
    spec = (
        f"{CONFIG}assets.v1:\n  - inline:\n      dest: a.yaml\n      contents: |\n{contents}"
        f"  - inline:\n      dest: b.yaml\n      contents: |\n{other}"
    )
    result = render(parse_spec(spec, "spec.yaml"), None, RenderOptions(now=NOW, validate=validator()))
    with pytest.raises(TemplateError, match=r"^2 errors by the schemas of Kubernetes 1\.31$"):
        list(result.files)
    assert [found.dest for found in result.findings] == ["a.yaml", "b.yaml"]


def env(value: str) -> str:
    return FAULTS[2].template.replace("yes  # fault", value)


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        (
            '{{ ConfigOption("port") }}',
            '8080 is an integer, and text is wanted; it comes from {{ ConfigOption("port") }} (config.port of the configuration)',
            'put it in quotes: value: "{{ ConfigOption("port") }}"',
        ),
        (
            "{{ config.port }}",
            "8080 is an integer, and text is wanted; it comes from {{ config.port }}",
            'put it in quotes: value: "{{ config.port }}"',
        ),
        ("on", "on (read as true) is a boolean, and text is wanted", 'put it in quotes: value: "on"'),
        ("1_000", "1_000 (read as 1000) is an integer, and text is wanted", 'put it in quotes: value: "1_000"'),
        ("1.50", "1.50 (read as 1.5) is a number, and text is wanted", 'put it in quotes: value: "1.50"'),
        ("", "empty (null), and text is wanted", 'write value: "" for an empty text'),
        ("[a]", "a list stands where text is wanted", ""),
    ],
)
def test_what_is_no_text_is_named_with_its_origin(value: str, message: str, hint: str) -> None:
    (found,) = findings(env(value))
    assert (found.message.partition(": ")[2], found.hint) == (message, hint)


@pytest.mark.parametrize(
    "value",
    ['"{{ ConfigOption("port") }}"', "'yes'", '""', "12:30", "2001-01-01", "v1", "p{{ config.port }}", "!!str 5"],
)
def test_text_is_text(value: str) -> None:
    assert findings(env(value)) == []


def test_places_in_json() -> None:
    template = '{"apiVersion": "v1", "kind": "ConfigMap",\n "metadata": {"name": "a"},\n "data": {\n  "port": {{ config.port }}}}'
    (found,) = findings(template, dest="a.json")
    assert (found.field, found.position and found.position.line) == ("data.port", len(CONFIG.splitlines()) + 4 + 4)


def test_json_that_yaml_cannot_say_is_checked_without_places(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "\\ud83d\\ude00", "y": 1}}'
    )
    (found,) = copies(tmp_path)
    assert (found.field, found.position, found.subject) == ("data.y", None, "output out/a.json: ConfigMap/a")


def copies(folder: Path) -> list[InvalidFieldError]:
    spec = parse_spec("assets.v1: [{local: {path: '.', dest: out}}]", "spec.yaml")
    result = render(spec, None, RenderOptions(now=NOW, folder=str(folder), validate=validator()))
    assert consume(result)
    return result.findings


def test_what_comes_from_a_password_is_not_shown() -> None:
    template = (
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  length: {{ ConfigOption("pw") | length }}\n'
        '  port: {{ ConfigOption("port") }}\nimmutable: "{{ ConfigOption("pw") }}"\n{{ ConfigOption("pw") | upper }}: 1\n'
    )
    found = findings(template, pw="hunter222")
    assert len(found) == 4
    words = "\n".join(f"{each} {each.field} {each.position and each.position.text}" for each in found)
    assert "hunter222" not in words.casefold()
    assert "data.length: the value is an integer" in words
    assert "data.port: 8080 is an integer" in words
    assert "unknown field" in words


def test_values_in_a_secret_are_not_shown() -> None:
    template = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: 123456}\ndata: {b: 77 77}\n"
    for text in (template, "apiVersion: v1\nkind: List\nitems:\n  - " + template.replace("\n", "\n    ")):
        found = findings(text)
        assert len(found) == 2
        for each in found:
            assert "1234" not in str(each)
            assert "77" not in str(each)
            assert each.position
            assert each.position.text == ""


def test_what_is_no_kubernetes_document_is_left_alone() -> None:
    assert findings("replicas: yes\n", dest="values.yaml") == []
    assert findings("apiVersion: v2\nname: x\n", dest="chart/Chart.yaml") == []
    assert findings("apiVersion: v1\nkind: nonsense\n", dest="a.txt") == []
    assert findings("apiVersion: v1\n", more="      escape: none\n") == []
    assert findings("") == []


def test_unescaped_documents_are_checked() -> None:
    (found,) = findings(FAULTS[3].template, more="      escape: none\n")
    assert (found.field, found.position and found.position.line) == (FAULTS[3].field, len(CONFIG.splitlines()) + 5 + 14)


def test_copies_are_checked_where_they_stand(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbf" + FAULTS[3].template.encode())
    (tmp_path / "b.yaml").write_text("a: [")
    (tmp_path / "c.json").write_text('{"a": 1, "a": 2}')
    (tmp_path / "d.yaml").write_bytes(b"\xff")
    first, *others = copies(tmp_path)
    assert (first.field, first.position and first.position.line) == (FAULTS[3].field, 14)
    assert first.position
    assert first.position.text == "              value: 0777  # fault"
    assert not any("--output-dir" in each.hint for each in others)
    assert [each.subject for each in others] == ["output out/b.yaml:1", "output out/c.json:1:10", "output out/d.yaml"]


def test_unknown_types_are_named_once() -> None:
    result = rendering("apiVersion: example.com/v1\nkind: Widget\n---\napiVersion: example.com/v1\nkind: Widget\n")
    assert not consume(result)
    assert result.unchecked == {"example.com/v1 Widget"}


def test_a_validator_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(validator())).schemas.version == "1.31"


LINES = [line for fault in FAULTS for line in no_license(fault.template).splitlines()]


@given(
    st.lists(st.sampled_from(LINES), max_size=12), st.text(alphabet=":{}[]&*!|<>'\"#%@ \n-aA0~", max_size=12), st.data()
)
def test_random_corruptions_never_crash(lines: list[str], noise: str, data: st.DataObject) -> None:
    whole = no_license(data.draw(st.sampled_from(FAULTS)).template)
    at = data.draw(st.integers(0, len(whole)))
    for text in ("\n".join(lines), whole[:at] + noise + whole[at:]):
        try:
            list(rendering(text).files)
        except ShipperError as error:
            assert error.exit_code in {3, 4, 8}
