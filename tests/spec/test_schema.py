"""The JSON Schema of the spec says what the reader says."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import SpecError
from shipper.spec import parse_spec, schema
from shipper.spec.config import GROUP_IGNORED, ITEM_IGNORED
from shipper.spec.ship import OTHER_KINDS, OTHER_STEPS
from shipper.yamlio import load
from tests.corpora import REPOSITORY
from tests.spec.test_reader import INLINE, KEYS, TREES, WHOLE, WRONG

VALIDATOR = jsonschema_rs.Draft7Validator(schema.schema())
BEYOND_STRUCTURE = re.compile(
    "no valid YAML|is there twice|is no regular expression|duplicate key|"
    "actions of both template languages|no such anchor|is larger than"
)
EXAMPLES = sorted(REPOSITORY.glob("specs/*.yaml"))
SHIP = sorted(REPOSITORY.glob("tests/fixtures/ship/*/ship.yml"))
PAGES = sorted(REPOSITORY.glob("docs/*.md"))


def is_valid(text: str) -> bool:
    return VALIDATOR.is_valid(plain(text))


def plain(text: str) -> Any:
    return load(text, "s", error=SpecError)


def test_the_shipped_schema_is_up_to_date() -> None:
    assert (REPOSITORY / schema.PATH).read_text(encoding="utf-8") == schema.reference()


def test_it_is_a_schema() -> None:
    assert jsonschema_rs.meta.is_valid(json.loads(schema.reference()))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_valid_and_name_the_schema(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    VALIDATOR.validate(plain(text))
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named
    assert (path.parent / named[1]).resolve() == REPOSITORY / schema.PATH


@pytest.mark.parametrize("path", SHIP, ids=lambda path: path.parent.name)
def test_specs_of_ship_are_valid(path: Any) -> None:
    VALIDATOR.validate(plain(path.read_text(encoding="utf-8")))


def test_the_specs_of_the_pages_are_valid() -> None:
    blocks = [
        block
        for page in PAGES
        for block in re.findall(r"^```yaml complete\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        if re.search(r"^(assets|lifecycle|config)\b", block, re.MULTILINE)
    ]
    assert len(blocks) > 3
    for block in blocks:
        VALIDATOR.validate(plain(block))


OPTION = "config.v1: [{name: g, items: [{name: a, %s}]}]\n"


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        "assets: {v1: [{inline: {dest: a, contents: b}}]}\n",
        "assets: {v1: }\nconfig: {}\nlifecycle:\nlicense:\n",
        INLINE + "    when: false\n    mode: 0644\n    description: 1.5\n",
        *(INLINE + f"    mode: {mode}\n" for mode in ("0o644", "'0644'", "644", "755", "0", "", "000", "'0o0755'")),
        *(OPTION % f"required: {flag}" for flag in ("true", "1", "0", "'1'", "'False'", "")),
        OPTION % "default: 8, value: true, title: 3, when: 1, pattern: 7",
        OPTION % "type: select, items: [{name: 1}, {name: b, title: B, default: x}]",
        OPTION % "type: text, items: []",
        "config.v1: [{name: 1, items: [{name: true}]}]\n",
        "analyze: {v1: [1]}\ncollect.v1: x\n",
        *(f"assets.v1: [{{{kind}: {{{own[0]}: [1], when: 'false'}}}}]\n" for kind, own in OTHER_KINDS.items()),
        *(f"lifecycle.v1: [{{{step}: }}, {{{step}: {{id: a, requires: [b]}}}}]\n" for step in OTHER_STEPS),
        *(OPTION % f"{key}: {{}}" for key in ITEM_IGNORED),
        *(f"config.v1: [{{name: g, {key}: 1}}]\n" for key in GROUP_IGNORED),
        "lifecycle.v1: [{render: }, {render: {assets.v1: [], root: x, id: 1}}, {message: {contents: 1, level: }}]\n",
    ],
)
def test_what_the_reader_takes_is_valid(text: str) -> None:
    parse_spec(text, "s")
    VALIDATOR.validate(plain(text))


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_is_wrong_in_the_structure_is_invalid(text: str, message: str) -> None:
    if not BEYOND_STRUCTURE.search(message):
        assert not is_valid(text)


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4))
def test_reader_and_schema_agree(sections: dict[str, str]) -> None:
    agree("".join(f"{key}: {value}\n" for key, value in sections.items()))


ASSET = st.dictionaries(
    st.sampled_from(["dest", "contents", "path", "repo", "inline", "mode", "when", "escape", "zzz"]), TREES, max_size=4
)
ITEM = st.dictionaries(
    st.sampled_from(["name", "type", "items", "required", "default", "title", "zzz"]), TREES, max_size=4
)


def flow(value: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {text}" for key, text in value.items()) + "}"


@given(st.sampled_from(["inline", "template", "local", "github", "terraform", "web"]), ASSET)
def test_they_agree_on_assets(kind: str, asset: dict[str, str]) -> None:
    agree(f"assets.v1: [{{{kind}: {flow(asset)}}}]\n")


@given(ITEM, ITEM)
def test_they_agree_on_options(group: dict[str, str], item: dict[str, str]) -> None:
    agree(f"config.v1: [{flow(group | {'items': f'[{flow(item)}]'})}]\n")


@given(st.sampled_from(["message", "render", "config", "zzz"]), TREES)
def test_they_agree_on_steps(step: str, below: str) -> None:
    agree(f"lifecycle.v1: [{{{step}: {below}}}]\n")


@pytest.mark.parametrize(
    "text",
    [
        "config.v1: [{name: g, items: [{name: o, type: select, items: [{name: c, title: %s}]}]}]",
        "lifecycle.v1: [{message: {contents: a, description: %s}}]",
        "lifecycle.v1: [{render: {description: %s}}]",
        "config.v1: [{name: g, title: %s, items: [{name: o, title: %s}]}]",
    ],
)
@pytest.mark.parametrize("value", ["x", "5", "~", "[]", "{a: b}"])
def test_they_agree_on_texts_that_are_not_kept(text: str, value: str) -> None:
    agree(text.replace("%s", value))


def agree(text: str) -> None:
    """What the reader takes is valid, and what it refuses for its structure is not."""
    try:
        data = plain(text)
    except SpecError:
        return
    try:
        parse_spec(text, "s")
    except SpecError as error:
        if not BEYOND_STRUCTURE.search(error.message):
            assert not VALIDATOR.is_valid(data), str(error)
        return
    VALIDATOR.validate(data)
