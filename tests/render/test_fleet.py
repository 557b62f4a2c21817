"""A fleet gives each license what a run of its own would give it, and nothing of another's."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.errors import LicenseError, UsageError
from shipper.license.verify import verify
from shipper.render import RenderOptions, render
from shipper.render import fleet as fleets
from shipper.render.config import Given
from shipper.render.fleet import Fleet, Member, Shard
from shipper.render.folder import write_folder
from shipper.render.paths import check_dest
from shipper.render.settings import Trust
from shipper.spec import parse_spec
from shipper.template import jinja_parser
from shipper.template.shared import for_many
from tests.license.sample import OTHER, VENDOR, license_file, payload_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shipper.template.source import TemplateSource

AT = datetime(2026, 6, 1, tzinfo=UTC)
SPEC = """\
config.v1:
  - name: g
    items:
      - {name: host, default: '{{ EntitlementValue("tier") }}.example.com'}
      - {name: password, type: password, value: '{{ license.id }}-secret'}
lifecycle.v1:
  - message: {contents: 'for {{ license.customer.name }}', level: warn}
  - render: {}
assets.v1:
  - inline:
      dest: k8s/{{ license.customer.id }}.yaml
      contents: |
        {% macro label(name) %}app: {{ name }}{% endmacro %}
        {% set ns = namespace(count=0) %}
        {% for name in entitlements %}{% set ns.count = ns.count + 1 %}{% endfor %}
        metadata: {name: app, labels: {customer: "{{ license.customer.id }}"}}
        owner: {{ license.customer.name }}
        {{ label(license.customer.id) }}
        count: {{ ns.count }}
        seats: {{ entitlements.num_seats }}
        host: {{ ConfigOption("host") }}
        {% if entitlements.num_seats > 100 %}large: true{% endif %}
  - inline:
      dest: secret.yaml
      contents: |
        password: {{ ConfigOption("password") }}
  - inline: {dest: only/large.json, contents: '{"seats": {{ entitlements.num_seats }}}', when: entitlements.num_seats > 100}
"""


def entitled(seats: int, tier: str) -> dict[str, Any]:
    return {
        "num_seats": {"type": "integer", "value": seats},
        "tier": {"type": "string", "value": tier},
    }


def write_license(folder: Path, name: str, license_id: str, *, seats: int = 50, customer: str = "ACME", tier: str = "gold", **changes: Any) -> None:  # fmt: skip
    folder.mkdir(exist_ok=True)
    fields = {
        "id": license_id,
        "customer": {"id": f"c-{license_id}", "name": customer},
        "entitlements": entitled(seats, tier),
    }
    (folder / name).write_bytes(license_file(payload_bytes(**fields | changes)))


def fleet_of(root: Path, spec: str = SPEC, **options: Any) -> Fleet:
    rendered_with = RenderOptions(now=AT, shared=for_many(), **options)
    trust = Trust([VENDOR.public], "acme", AT)
    return Fleet(parse_spec(spec, "spec.yaml"), trust, rendered_with, str(root / "licenses"), str(root / "out"), None)


def run(fleet: Fleet) -> list[fleets.Outcome]:
    return fleets.render_all(fleet, fleets.members(fleet.licenses, fleets.find(fleet.licenses).files))


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(root)): (path.stat().st_mode, path.read_bytes())
        for path in root.rglob("*")
        if path.is_file()
    }


names = st.text("abcXYZ 0123456789.:-#'\"{}\n%é", min_size=1, max_size=12).filter(str.strip)


@settings(max_examples=25)
@given(st.lists(st.tuples(names, st.integers(0, 200), names), min_size=1, max_size=6))
def test_each_folder_is_what_a_run_of_its_own_gives(
    tmp_path_factory: pytest.TempPathFactory, customers: list[tuple[str, int, str]]
) -> None:
    root = tmp_path_factory.mktemp("fleet")
    for number, (customer, seats, tier) in enumerate(customers):
        write_license(root / "licenses", f"{number}.pem", f"lic_{number}", seats=seats, customer=customer, tier=tier)
    fleet = fleet_of(root)
    fleets.prepare(fleet)
    for outcome in run(fleet):
        assert outcome.error is None
        license = verify(
            (root / "licenses" / outcome.member.name).read_bytes(), [VENDOR.public], product="acme", file="f"
        )
        own = root / "own" / str(outcome.member.id)
        rendering = render(fleet.spec, license, RenderOptions(now=AT))
        published = write_folder(rendering, str(own), mtime=None)
        assert tree(own) == tree(root / "out" / str(outcome.member.id))
        assert outcome.files == published.files
        assert outcome.messages == (("warn", f"for {license.license.customer.name}"),)


SHIP = """\
config:
  v1:
    - name: g
      when: '{{repl ConfigOptionEquals "host" "x" }}'
      items:
        - {name: host, default: '{{repl EntitlementValue "tier" }}.example.com'}
lifecycle:
  v1:
    - message: {contents: 'for {{repl ConfigOption "host" }}'}
    - render: {root: 'r{{repl EntitlementValue "tier" }}'}
assets:
  v1:
    - inline:
        dest: k8s/{{repl EntitlementValue "tier" }}.yaml
        when: '{{repl gt (EntitlementValue "num_seats" | ParseInt) 10 }}'
        contents: |
          seats: {{repl EntitlementValue "num_seats" }} {{ .Values.x }}
          {{repl if eq (EntitlementValue "tier") "gold" }}gold: true{{repl end }}
    - inline:
        dest: '{{ entitlements.tier }}.jinja'
        when: entitlements.num_seats > 10
        templating: jinja
        contents: '{{ entitlements.num_seats }}'
    - terraform: {inline: '# {{repl ConfigOption "host" }}', when: '{{repl eq (ConfigOption "host") "gold.example.com" }}'}
"""


@pytest.mark.parametrize("language", ["repl", "jinja"])
def test_specs_of_ship_and_two_languages_in_one(language: str, tmp_path: Path) -> None:
    for number, tier in enumerate(("gold", "tin", "gold")):
        write_license(tmp_path / "licenses", f"{number}.pem", f"lic_{number}", seats=8 + number * 10, tier=tier)
    assets = "assets.v1: [{inline: {dest: a.yaml, templating: repl, contents: 'n: {{repl EntitlementValue \"tier\" }}', when: '{{repl true }}'}}]\n"
    fleet = fleet_of(tmp_path, SHIP if language == "repl" else f"templating: jinja\n{assets}")
    fleets.prepare(fleet)
    for outcome in run(fleet):
        assert outcome.error is None
        data = (tmp_path / "licenses" / outcome.member.name).read_bytes()
        license = verify(data, [VENDOR.public], product="acme", file="f")
        own = tmp_path / "own" / str(outcome.member.id)
        write_folder(render(fleet.spec, license, RenderOptions(now=AT)), str(own), mtime=None)
        assert tree(own) == tree(tmp_path / "out" / str(outcome.member.id))


def test_nothing_of_one_license_reaches_another(tmp_path: Path) -> None:
    spec = (
        SPEC
        + "  - inline: {dest: broken.yaml, contents: 'a: {{ ConfigOption(\"password\") | Int }}', when: entitlements.num_seats > 300}\n"
    )
    write_license(tmp_path / "licenses", "1.pem", "lic_first")
    write_license(tmp_path / "licenses", "2.pem", "lic_second", seats=301)
    # A message that holds the first one's secret is only that one's business
    write_license(tmp_path / "licenses", "3.pem", "lic_third", customer="lic_first-secret")
    first, second, third = run(fleet_of(tmp_path, spec))
    assert first.error is None
    assert second.error is not None
    assert "secret" not in str(second.error)
    assert third.messages == (("warn", "for lic_first-secret"),)
    content = b"".join(data for _, data in tree(tmp_path / "out" / "lic_first").values())
    assert b"lic_first-secret" in content
    assert b"lic_third" not in content
    # Where it is a mere name it is no secret, and stands in the manifest as what it is
    assert b"********" in content
    content = b"".join(data for _, data in tree(tmp_path / "out" / "lic_third").values())
    assert b"owner: lic_first-secret" in content


def test_a_budget_is_for_one_license(tmp_path: Path) -> None:
    """The 256 MiB that one run may print are not shared."""
    spec = "assets.v1:\n" + "".join(
        f"  - inline: {{dest: {number}.txt, contents: '{{{{ \"x\" * 15000000 }}}}'}}\n" for number in range(10)
    )
    for number in range(3):
        write_license(tmp_path / "licenses", f"{number}.pem", f"lic_{number}")
    assert [outcome.error for outcome in run(fleet_of(tmp_path, spec))] == [None] * 3


def counted(parse: Callable[[TemplateSource], Any], parsed: list[str]) -> Callable[[TemplateSource], Any]:
    def parse_it(source: TemplateSource) -> Any:
        parsed.append(source.text)
        return parse(source)

    return parse_it


def test_each_template_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    for name in ("parse", "parse_expression"):
        monkeypatch.setattr(jinja_parser, name, counted(getattr(jinja_parser, name), parsed))
    templates = tmp_path / "templates"
    templates.mkdir()
    assets = []
    for number in range(300):
        (templates / f"{number}.yaml").write_text(f"{{% include 'shared' %}}\nn{number}: {{{{ license.id }}}}\n")
        assets.append(f"  - template: {{path: {number}.yaml, when: 'entitlements.num_seats > {number - 400}'}}\n")
    (templates / "shared").write_text("s: {{ entitlements.num_seats }}")
    spec = "assets.v1:\n" + "".join(assets)
    for number in range(4):
        write_license(tmp_path / "licenses", f"{number}.pem", f"lic_{number}")
    fleet = fleet_of(tmp_path, spec, templates=str(templates))
    fleets.prepare(fleet)
    assert len(parsed) == 600, "before the first license"
    assert [outcome.error for outcome in run(fleet)] == [None] * 4
    assert len(parsed) == len(set(parsed)) == 601


def test_given_values_and_failing_ones(tmp_path: Path) -> None:
    write_license(tmp_path / "licenses", "a.pem", "a")
    [outcome] = run(fleet_of(tmp_path, given={"host": Given("h.example.com")}))
    assert outcome.error is None
    assert b"host: h.example.com" in (tmp_path / "out/a/k8s/c-a.yaml").read_bytes()
    [outcome] = run(fleet_of(tmp_path, given={"hosts": Given("x")}))
    assert outcome.error is not None
    assert outcome.error.exit_code == 3


def test_one_bad_license_leaves_its_folder_and_the_others(tmp_path: Path) -> None:
    licenses = tmp_path / "licenses"
    for name in ("altered", "expired", "fine", "product", "stranger"):
        write_license(licenses, f"{name}.pem", name)
    assert [outcome.error for outcome in run(fleet_of(tmp_path))] == [None] * 5
    before = tree(tmp_path / "out")
    data = (licenses / "altered.pem").read_bytes()
    (licenses / "altered.pem").write_bytes(data[:100] + (b"A" if data[100:101] != b"A" else b"B") + data[101:])
    write_license(licenses, "expired.pem", "expired", expires_at="2026-01-02T00:00:00Z", grace_days=0)
    write_license(licenses, "product.pem", "product", product="other")
    (licenses / "stranger.pem").write_bytes(license_file(payload_bytes(id="stranger"), OTHER))
    (licenses / "nothing.pem").write_bytes(b"hello")
    write_license(licenses, "fine.pem", "fine", seats=77)
    outcomes = {outcome.member.name: outcome for outcome in run(fleet_of(tmp_path))}
    assert {name for name, outcome in outcomes.items() if outcome.error is None} == {"fine.pem"}
    assert {outcome.error.exit_code for outcome in outcomes.values() if outcome.error} == {5}
    after = tree(tmp_path / "out")
    changed = {path.partition("/")[0] for path in before | after if before.get(path) != after.get(path)}
    assert changed == {"fine"}


def test_the_same_id_twice_names_both(tmp_path: Path) -> None:
    for name, license_id in [("a", "same"), ("b", "same"), ("c", "SAME"), ("d", "other")]:
        write_license(tmp_path / "licenses", f"{name}.pem", license_id)
    first, second, third, fourth = run(fleet_of(tmp_path))
    assert fourth.error is None
    assert [str(one.error) for one in (first, second)] == [
        '"a.pem" and "b.pem" hold licenses with the same id "same" (keep the one that counts)',
        '"b.pem" and "a.pem" hold licenses with the same id "same" (keep the one that counts)',
    ]
    assert isinstance(third.error, LicenseError)
    assert '"c.pem" and "a.pem"' in third.error.message
    assert os.listdir(tmp_path / "out") == ["other"]


def test_a_license_that_changes_under_way_is_refused(tmp_path: Path) -> None:
    write_license(tmp_path / "licenses", "a.pem", "a")
    fleet = fleet_of(tmp_path)
    planned = fleets.members(fleet.licenses, ["a.pem"])
    write_license(tmp_path / "licenses", "a.pem", "b")
    [outcome] = fleets.render_all(fleet, planned)
    assert outcome.error is not None
    assert "was changed while" in outcome.error.message
    os.unlink(tmp_path / "licenses" / "a.pem")
    [outcome] = fleets.render_all(fleet, planned)
    assert isinstance(outcome.error, UsageError)


def test_a_bug_is_told_of_its_license_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        write_license(tmp_path / "licenses", f"{name}.pem", name)

    def buggy(spec: Any, license: Any, options: Any) -> Any:
        if license.license.id == "a":
            raise ZeroDivisionError("oops")
        return render(spec, license, options)

    monkeypatch.setattr(fleets, "render", buggy)
    first, second = run(fleet_of(tmp_path))
    assert second.error is None
    assert first.error is not None
    assert (first.error.exit_code, first.error.message) == (1, "bug: ZeroDivisionError: oops")


ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", fullmatch=True)


@given(st.lists(ids, unique=True, max_size=50), st.integers(1, 9))
def test_shards_are_a_partition(license_ids: list[str], count: int) -> None:
    found = [Member(f"{number}.pem", each) for number, each in enumerate(license_ids)] + [Member("odd.pem", None)]
    parts = [fleets.in_shard(found, Shard(number, count)) for number in range(1, count + 1)]
    assert sorted(member for part in parts for member in part if member.id) == sorted(found[:-1])
    assert sum(len(part) for part in parts) == len(found)


def test_shards_are_the_same_everywhere() -> None:
    """`printf lic_0001 | sha256sum` ends in d, which is 1 modulo 4."""
    assert [Shard(number, 4).has("lic_0001") for number in range(1, 5)] == [False, True, False, False]


@given(ids | st.sampled_from(["con", "NUL", "con.x", "lpt1", "a.", "a..", "a~1", "a-", ".git", "com1.tar"]))
def test_every_id_has_a_folder_of_its_own(license_id: str) -> None:
    folder = fleets.folder_name(license_id)
    assert "/" not in check_dest(folder)
    assert folder.strip("_") == license_id.strip("_")
    assert folder in {license_id, f"_{license_id}_"}


def test_only_license_files_are_taken(tmp_path: Path) -> None:
    write_license(tmp_path / "real", "x", "x")
    folder = tmp_path / "licenses"
    folder.mkdir()
    (folder / "b.pem").symlink_to("../real/x")  # as a mounted Secret has it
    (folder / "..data").mkdir()
    (folder / "c.pem").mkdir()
    os.mkfifo(folder / "d.pem")
    (folder / "README.md").touch()
    (folder / "._b.pem").touch()  # what some archives leave beside a file
    (folder / "gone.pem").symlink_to("nowhere")
    assert fleets.find(str(folder)) == (["b.pem"], ["README.md", "c.pem", "d.pem", "gone.pem"])
    with pytest.raises(UsageError, match="can't read the folder of licenses"):
        fleets.find(str(folder / "nope"))
    (folder / "b.pem").unlink()
    with pytest.raises(UsageError, match="no license file"):
        fleets.find(str(folder))


def test_what_stays_of_former_licenses_is_named(tmp_path: Path) -> None:
    for name in "ab":
        write_license(tmp_path / "licenses", f"{name}.pem", name)
    fleet = fleet_of(tmp_path)
    run(fleet)
    (tmp_path / "out" / "foreign").mkdir()
    (tmp_path / "licenses" / "b.pem").unlink()
    found = fleets.members(fleet.licenses, ["a.pem"])
    assert fleets.leftovers(fleet.output, found) == ["b"]
    assert fleets.leftovers(fleet.output, [*found, Member("altered.pem", None)]) == []


def test_nothing_to_render_is_said(tmp_path: Path) -> None:
    write_license(tmp_path / "licenses", "a.pem", "a")
    [outcome] = run(fleet_of(tmp_path, "assets.v1: [{inline: {dest: x, contents: '', when: 'false'}}]"))
    assert outcome.notes == ("nothing to render: all 1 assets are skipped",)


def test_the_record_is_plain_data(tmp_path: Path) -> None:
    write_license(tmp_path / "licenses", "a.pem", "a")
    [good] = run(fleet_of(tmp_path))
    record = json.loads(json.dumps(fleets.record(good)))
    assert record == {
        "file": "a.pem",
        "id": "a",
        "folder": str(tmp_path / "out" / "a"),
        "ok": True,
        "files": 2,
        "warnings": [],
        "notes": [],
        "messages": [{"level": "warn", "text": "for ACME"}],
        "error": None,
        "findings": [],
    }
    [bad] = run(fleet_of(tmp_path, "assets.v1:\n  - inline:\n      dest: x.yaml\n      contents: '{{ nope }}'\n"))
    assert fleets.record(bad)["error"] == {
        "exit_code": 4,
        "message": '"nope" is not defined',
        "subject": "asset x.yaml",
        "hint": None,
        "file": "spec.yaml",
        "line": 4,
        "column": 21,
    }
