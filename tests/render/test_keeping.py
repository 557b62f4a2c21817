"""Which value is the same one: in the next run, after a change of the spec, for another place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.errors import LimitError, OutputError, TemplateError, UsageError
from shipper.render import render
from shipper.render.keeping import places
from shipper.render.settings import RenderOptions
from shipper.render.state import StateFile
from shipper.spec import read_spec

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def options(state: StateFile | None, **changes: Any) -> RenderOptions:
    return RenderOptions(now=NOW, state=state)._replace(**changes)


def rendering(folder: Path, spec: str, *, name: str = "spec.yaml", now: datetime = NOW, **changes: Any) -> Any:
    (folder / name).write_text(spec)
    state = StateFile(str(folder / "state.json"), keeps=True, now=now)
    return render(read_spec(str(folder / name)), None, options(state, folder=str(folder), **changes))


def rendered(folder: Path, spec: str, **changes: Any) -> dict[str, str]:
    return {file.dest: str(file.content) for file in rendering(folder, spec, **changes).files}


def asset(dest: str, contents: str, **more: str) -> dict[str, Any]:
    return {"inline": {"dest": dest, "contents": contents, **more}}


def spec(*assets: dict[str, Any], items: list[dict[str, Any]] = [], **more: Any) -> str:  # noqa: B006 - not changed
    return json.dumps({"config.v1": [{"name": "g", "items": items}], "assets.v1": list(assets), **more})


RANDOM = "{{ RandomString(20) }}"


def test_the_next_run_gives_the_same(tmp_path: Path) -> None:
    text = spec(
        asset("a.txt", RANDOM + RANDOM + "{{ ConfigOption('pw') }}"),
        asset("b.txt", RANDOM + "{{ genCA('x', 365).Cert }}{{ uuidv4() }}{{ GetKey('k', 'ca', 'a.b', 'P256') }}"),
        items=[{"name": "pw", "type": "text", "value": RANDOM, "readonly": True}],
    )
    first = rendered(tmp_path, text)
    state = (tmp_path / "state.json").read_bytes()
    assert rendered(tmp_path, text) == first
    assert (tmp_path / "state.json").read_bytes() == state
    (tmp_path / "state.json").unlink()
    second = rendered(tmp_path, text)
    assert all(first[dest] != second[dest] for dest in first)


def test_each_place_has_a_value_of_its_own(tmp_path: Path) -> None:
    names = ["one", "two"]
    items = [{"name": name, "default": RANDOM} for name in names]
    seen = "".join(f"{{{{ ConfigOption('{name}') }}}}" for name in names)
    made = rendered(tmp_path, spec(asset("a.txt", seen + RANDOM + RANDOM), asset("b.txt", RANDOM), items=items))
    text = "".join(made.values())
    values = [text[start : start + 20] for start in range(0, len(text), 20)]
    assert len(set(values)) == len(values) == 5


@pytest.mark.parametrize("change", ["rename", "lines", "others", "comment", "escape"])
def test_what_changes_nothing(tmp_path: Path, change: str) -> None:
    items = [{"name": "pw", "value": RANDOM}]
    mine = [asset("a.txt", RANDOM + "{{ ConfigOption('pw') }}"), asset("b.txt", "{{ RandomBytes(9) }}")]
    before = rendered(tmp_path, spec(*mine, items=items))
    if change == "rename":
        after = rendered(tmp_path, spec(*mine, items=items), name="other.yaml")
    elif change == "lines":
        after = rendered(tmp_path, "\n\n" + json.dumps(json.loads(spec(*mine, items=items)), indent=4))
    elif change == "others":
        others = [{"name": "first", "value": RANDOM}, *items, {"name": "last", "value": RANDOM}]
        after = rendered(tmp_path, spec(asset("0.txt", RANDOM), *reversed(mine), asset("z.txt", RANDOM), items=others))
    elif change == "comment":
        after = rendered(tmp_path, spec(asset("a.txt", "{# x #}" + RANDOM + "{{ config.pw }}"), mine[1], items=items))
    else:
        mine[0]["inline"]["escape"] = "none"
        after = rendered(tmp_path, spec(*mine, items=items))
    assert {dest: after[dest] for dest in before} == before


@pytest.mark.parametrize(
    "changed",
    [
        asset("b.txt", RANDOM),
        asset("a.txt", "{{ RandomString(21) }}"),
        asset("a.txt", "{{ RandomString(20, '[a-z]') }}"),
        asset("a.txt", "{{ randAlphaNum(20) }}"),
        asset("{{ 'a.txt' }}", RANDOM),
    ],
)
def test_what_is_another_value(tmp_path: Path, changed: dict[str, Any]) -> None:
    before = rendered(tmp_path, spec(asset("a.txt", RANDOM)))
    after = rendered(tmp_path, spec(changed))
    assert set(before.values()).isdisjoint(value[:20] for value in after.values())


def test_templates_of_folders(tmp_path: Path) -> None:
    """The path is the one beside the spec, wherever that stands; the name of a single template doesn't count."""
    folder = tmp_path / "here"
    for name in ("tree/a.txt.j2", "tree/b.txt.j2", "templates/t.j2"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(RANDOM)
    tree, template = {"local": {"path": "tree", "dest": "out"}}, {"template": {"path": "t.j2", "dest": "t.txt"}}
    first = rendered(folder, spec(tree, template), templates=str(folder / "templates"))
    assert len(set(first.values())) == 3
    moved = folder.rename(tmp_path / "there")
    (moved / "templates" / "t.j2").rename(moved / "templates" / "u.j2")
    template["template"]["path"] = "u.j2"
    assert rendered(moved, spec(tree, template), templates=str(moved / "templates")) == first


def test_two_assets_of_one_template_are_two_places(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "t.j2").write_text(RANDOM)
    text = spec(*({"template": {"path": "t.j2", "dest": dest}} for dest in ("a", "b")))
    assert len(set(rendered(tmp_path, text, templates=str(tmp_path / "templates")).values())) == 2


def test_aliases_in_yaml_are_places_of_their_own(tmp_path: Path) -> None:
    text = """
config.v1:
  - name: g
    items: [{name: a, value: &r '{{ RandomString(20) }}'}, {name: b, value: *r}]
assets.v1:
  - inline: {dest: o.txt, contents: "{{ config.a }} {{ config.b }}"}
"""
    first, second = rendered(tmp_path, text)["o.txt"].split()
    assert first != second
    assert rendered(tmp_path, text)["o.txt"] == f"{first} {second}"


def test_messages_conditions_and_roots(tmp_path: Path) -> None:
    steps = [
        {"message": {"contents": RANDOM}},
        {
            "render": {
                "root": "r-{{ randAlpha(5) }}",
                "assets": {"v1": [asset("c.txt", RANDOM, when="{{ randInt(1, 2) }}")]},
            }
        },
    ]
    more: dict[str, Any] = {"lifecycle.v1": steps}
    text = spec(**more)
    first = rendered(tmp_path, text)
    assert rendered(tmp_path, text) == first
    assert next(iter(first)).startswith("r-")
    made = rendering(tmp_path, text)
    assert made.messages[0].text == "********"


def test_steps_with_roots_have_assets_of_their_own(tmp_path: Path) -> None:
    """They may have the same dest. What stands in the spec once is the same in every step."""
    steps = [
        {"render": {"root": "./a/", "assets": {"v1": [asset("s.txt", RANDOM)]}}},
        {"render": {"root": "b", "assets": {"v1": [asset("s.txt", RANDOM)]}}},
        {"render": {"root": "c"}},
        {"render": {"root": "d"}},
    ]
    more: dict[str, Any] = {"lifecycle.v1": steps}
    made = rendered(tmp_path, spec(asset("s.txt", RANDOM), **more))
    assert made["c/s.txt"] == made["d/s.txt"]
    assert len(set(made.values())) == 3
    more["lifecycle.v1"] = list(reversed(steps))
    assert rendered(tmp_path, spec(asset("s.txt", RANDOM), **more)) == made


def test_every_field_has_a_place_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    steps = [
        {"message": {"contents": "m"}},
        {"render": {"root": "r", "assets": {"v1": [asset("s.txt", "s", when="true")]}}},
    ]
    items = [{"name": "a", "value": "v", "default": "d", "when": "true"}]
    path.write_text(spec(asset("a.txt", "a", when="true"), items=items, **{"lifecycle.v1": steps}))
    found = [place for place, _ in places(read_spec(str(path)))]
    assert len(set(found)) == len(found)
    assert {"option a: value", "option a: default", "option a: when", "asset a.txt: when", "asset a.txt: contents",
            "asset r/s.txt: dest", "message 1: contents", "render step 2"} <= set(found)  # fmt: skip


def test_a_given_value_makes_nothing(tmp_path: Path) -> None:
    from shipper.render.config import Given

    text = spec(asset("a.txt", "{{ config.pw }}"), items=[{"name": "pw", "value": RANDOM}])
    assert rendered(tmp_path, text, given={"pw": Given("mine")}) == {"a.txt": "mine"}
    assert not (tmp_path / "state.json").exists()


def test_repl_and_jinja_are_the_same_place(tmp_path: Path) -> None:
    first = rendered(tmp_path, spec(asset("a.txt", "{{ RandomString(8) }}")))
    assert rendered(tmp_path, spec(asset("a.txt", "{{repl RandomString 8 }}"), templating="repl")) == first


def test_certificates_follow_their_authority(tmp_path: Path) -> None:
    """And what was made anew is kept in the old one's place."""
    text = spec(asset("a.txt", '{% set ca = genCA("ca", 90) %}{{ genSignedCert("a", none, ["a"], 900, ca).Cert }}'))
    first = rendered(tmp_path, text)
    count = len(json.loads((tmp_path / "state.json").read_text())["values"])
    assert rendered(tmp_path, text, now=NOW + timedelta(days=59)) == first
    run = rendering(tmp_path, text, now=NOW + timedelta(days=61))
    second = {file.dest: file.content for file in run.files}
    assert second != first
    assert [warning.message for warning in run.warnings] == [
        f"the certificate of {kind} for asset a.txt: contents expires soon or has another issuer: it is made anew"
        for kind in ("genCA", "genSignedCert")
    ]
    assert len(json.loads((tmp_path / "state.json").read_text())["values"]) == count == 2
    assert rendered(tmp_path, text, now=NOW + timedelta(days=62)) == second


def test_a_damaged_certificate_says_where(tmp_path: Path) -> None:
    text = spec(asset("a.txt", "{{ genCA('ca', 90).Cert }}"))
    rendered(tmp_path, text)
    data = json.loads((tmp_path / "state.json").read_text())
    for value in data["values"].values():
        value["value"] = "nothing"
    (tmp_path / "state.json").write_text(json.dumps(data))
    what = "what the state file keeps for asset a.txt: contents is damaged: no certificate in PEM"
    with pytest.raises(UsageError, match=what):
        rendered(tmp_path, text)


def test_ships_silence_takes_no_damage(tmp_path: Path) -> None:
    """What Ship answered with an empty text is what was asked in vain, not a key that somebody has lost."""
    text = spec(asset("a.txt", "{{ GetKey('web', 'ca', 'a.b', 'P256') }}"))
    rendered(tmp_path, text)
    data = json.loads((tmp_path / "state.json").read_text())
    for value in data["values"].values():
        if value["made_by"] == "GetKey":
            value["value"] = value["value"].partition("-----BEGIN EC")[0]
    (tmp_path / "state.json").write_text(json.dumps(data))
    for missing in ("error", "empty"):
        with pytest.raises(UsageError, match="is damaged: no private key"):
            rendered(tmp_path, text, missing=missing)


def test_nothing_is_kept_of_a_run_that_fails(tmp_path: Path) -> None:
    with pytest.raises(TemplateError):
        rendered(tmp_path, spec(asset("a.txt", RANDOM), asset("b.txt", "{{ nope }}")))
    assert not (tmp_path / "state.json").exists()


def test_it_is_kept_before_the_last_file_is_handed_over_for_good(tmp_path: Path) -> None:
    files = rendering(tmp_path, spec(asset("a.txt", RANDOM))).files
    assert next(files)
    assert not (tmp_path / "state.json").exists()
    assert list(files) == []
    assert (tmp_path / "state.json").exists()


def test_where_it_cannot_be_kept_the_run_fails(tmp_path: Path) -> None:
    (tmp_path / "state.json.lock").mkdir()
    with pytest.raises(OutputError, match=r"state\.json\.lock"):
        rendered(tmp_path, spec(asset("a.txt", RANDOM)))


def test_the_work_of_a_run_is_limited(tmp_path: Path) -> None:
    contents = "{% for i in range(6) %}{{ GetCaKey('ca' ~ i, 'rsa-8192') }}{% endfor %}"
    run = rendering(tmp_path, spec(asset("a.txt", contents)))
    run.plan.templating.keeping.charge(59_000)
    with pytest.raises(LimitError, match="would take too long"):
        next(run.files)


def test_a_copy_of_the_state_file_is_refused(tmp_path: Path) -> None:
    from shipper.errors import SpecError

    text = spec(asset("a.txt", RANDOM), {"local": {"path": "*.json", "dest": "out"}})
    (tmp_path / "x.json").write_text("{}")
    rendered(tmp_path, text)
    with pytest.raises(SpecError, match="would be copied"):
        rendered(tmp_path, text)


def test_secrets_of_the_state_file_are_masked(tmp_path: Path) -> None:
    text = spec(
        asset(
            "a.yaml",
            "pw: {{ RandomString(20) }}\nkey: {{ genCA('x', 365).Key | toJson }}\nn: {{ randInt(100000, 999999) }}",
        ),
    )
    run = rendering(tmp_path, text)
    shown = run.secrets.masked("".join(str(file.content) for file in run.files))
    data = json.loads((tmp_path / "state.json").read_text())
    for value in data["values"].values():
        for line in value["value"].partition("-----END CERTIFICATE-----\n")[2].splitlines() or [value["value"]]:
            assert line not in shown


def test_an_option_made_of_it_is_secret(tmp_path: Path) -> None:
    text = spec(items=[{"name": "pw", "value": "x-" + RANDOM}, {"name": "url", "value": "http://u:{{ config.pw }}@h"}])
    made = rendering(tmp_path, text).plan.config.options
    assert made["pw"].secret
    assert made["url"].secret


def test_an_error_after_it_quotes_nothing(tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as error:
        rendered(tmp_path, spec(asset("a.txt", "{{ fail(RandomString(20) ~ 'x') }}")))
    assert "********" in str(error.value)


CALLS = st.sampled_from([
    "{{ RandomString(12) }}", "{{ RandomString(13) }}", "{{ uuidv4() }}", "{{ randInt(0, 1000000) }}", "{{ config.pw }}",
    "{% for i in range(3) %}{{ randAlpha(5) }}{% endfor %}", "{{ shuffle('abcdefgh') }}", "{{ RandomBytes(4) }}", "text",
    "{{ encryptAES('text', 'password') }}", "{% if randInt(0, 2) == 1 %}{{ uuidv4() }}{% endif %}",
])  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.lists(CALLS, max_size=4).map("".join)),
        max_size=5,
        unique_by=lambda each: each[0],
    )
)
def test_any_spec_renders_twice_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, assets: list[tuple[int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    items = [{"name": "pw", "default": RANDOM}]
    text = spec(*(asset(f"{name}.txt", contents) for name, contents in assets), items=items)
    first = rendered(folder, text)
    backwards = spec(*(asset(f"{name}.txt", contents) for name, contents in reversed(assets)), items=items)
    assert rendered(folder, backwards) == first


RACE = """
import sys
from datetime import UTC, datetime
from shipper.render import render
from shipper.render.settings import RenderOptions
from shipper.render.state import StateFile
from shipper.spec import read_spec
sys.stdin.readline()
state = StateFile(sys.argv[2], keeps=True)
run = render(read_spec(sys.argv[1]), None, RenderOptions(now=datetime.now(UTC), state=state))
print([file.content for file in run.files])
"""


def test_many_renders_at_once_give_one_value(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(spec(asset("a.txt", RANDOM + "{{ GetKey('k', 'c', 'a.b', 'rsa-2048') }}")))
    command = [sys.executable, "-c", RACE, str(tmp_path / "spec.yaml"), str(tmp_path / "state.json")]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    for each in running:
        assert each.stdin
        each.stdin.write("\n")
        each.stdin.flush()
    answers = [each.communicate() for each in running]
    assert [each.returncode for each in running] == [0] * 6, answers
    assert len({out for out, _ in answers}) == 1


def test_the_state_is_read_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("x")
    os.chmod(tmp_path / "state.json", 0o600)
    with pytest.raises(UsageError):
        rendering(tmp_path, spec())
