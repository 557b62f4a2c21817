"""Nasty values through the whole program: each comes out as itself, read by PyYAML and by Kubernetes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from shipper.errors import LicenseError, ShipperError
from shipper.license import signing
from shipper.render import RenderOptions, render
from shipper.spec import parse_spec
from tests import e2e
from tests.corpora import corpus
from tests.tools import kubectl_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

HEADER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"


class Context(NamedTuple):
    """A place for an expression: a template with V for it, how to find what came of it, what that must be."""

    template: str
    find: Callable[[Any], Any]
    expected: str = "V"
    empty: str | None = None


def at_k(document: Any) -> Any:
    return document["k"]


def only_key(document: Any) -> Any:
    [key] = document["k"]
    return key


CONTEXTS = {
    "plain": Context("k: {{ V }}\n", at_k),
    "double": Context('k: "{{ V }}"\n', at_k),
    "single": Context("k: '{{ V }}'\n", at_k),
    "indouble": Context('k: "a {{ V }} b"\n', at_k, "a V b"),
    "insingle": Context("k: 'a {{ V }} b'\n", at_k, "a V b"),
    "inplain": Context("k: a {{ V }} b\n", at_k, "a V b"),
    "start": Context("k: {{ V }}-b\n", at_k, "V-b"),
    "twice": Context("k: x{{ V }}-{{ V }}\n", at_k, "xV-V"),
    "comment": Context("k: x # {{ V }}\nz: 1\n", lambda document: (document["k"], document["z"]), "comment"),
    "commentline": Context(
        "k: x\n# {{ V }}\nz: 1\n", lambda document: (document["k"], document["z"]), "comment"
    ),
    "key": Context("k:\n  {{ V }}: v\n", only_key),
    "quotedkey": Context('k:\n  "{{ V }}": v\n', only_key),
    "inkey": Context("k:\n  acme.io/{{ V }}: v\n", only_key, "acme.io/V"),
    "literal": Context("k: |\n  {{ V }}\nz: 1\n", at_k, "V\n", ""),
    "strip": Context("k: |-\n  {{ V }}\nz: 1\n", at_k),
    "folded": Context("k: >\n  {{ V }}\nz: 1\n", at_k, "V\n", ""),
    "indent": Context("k: |\n    {{ V | indent(4) }}\nz: 1\n", at_k, "V\n", ""),
    "inliteral": Context("k: |-\n  a = {{ V }};\n  b\nz: 1\n", at_k, "a = V;\nb"),
    "flowmap": Context("k: {a: {{ V }}, b: c}\n", lambda document: document["k"]["a"]),
    "flowlist": Context("k: [a, {{ V }}, b]\n", lambda document: document["k"][1]),
    "item": Context("k:\n- {{ V }}\n- y\n", lambda document: document["k"][0]),
    "macro": Context(
        "{% macro m(v) %}{{ v }}{% endmacro %}k:\n  - a: {{ m(V) }}\n    b: c\n",
        lambda document: document["k"][0]["a"],
    ),
    "toYaml": Context("k: {{ {'a': V} | toYaml | nindent(2) }}\n", lambda document: document["k"]["a"]),
}  # fmt: skip
TYPED = {"plain", "flowmap", "flowlist", "item"}
"""Contexts where a value stands alone and unquoted."""
VALUES = [case["value"] for case in corpus("nasty-values.json")]
TEXTS = [value for value in VALUES if isinstance(value, str) and not e2e.has_surrogate(value)]
PAYLOADS = [case["payload"] for case in corpus("template-escapes.json")]
# What may stand in a license: its file has 64 KiB
SHORT = [text for text in TEXTS if len(text) < e2e.LICENSE_BYTES]


class Case(NamedTuple):
    """One value in one context, asked for in one way."""

    name: str
    context: str
    expression: str
    value: Any

    def asset(self) -> dict[str, object]:
        contents = HEADER.format(name=self.name) + CONTEXTS[self.context].template.replace("V", self.expression)
        return {"dest": f"{self.name}.yaml", "contents": contents}

    def expected(self) -> Any:
        context = CONTEXTS[self.context]
        if context.expected == "comment":
            return ("x", 1)
        if self.value == "" and context.empty is not None:
            return context.empty
        return context.expected.replace("V", self.value)

    def check(self, document: Any) -> None:
        found = CONTEXTS[self.context].find(document)
        assert found == self.expected(), self
        assert type(found) is type(self.expected()), self


def cases(values: Sequence[Any], forms: Sequence[str], contexts: Sequence[str] = ()) -> Iterator[Case]:
    """Every value in every context; an @ in a form is the value's name."""
    for form_number, form in enumerate(forms):
        for number, value in enumerate(values):
            for context in contexts or CONTEXTS:
                name = f"{context.lower()}-{form_number}-{number}"
                yield Case(name, context, form.replace("@", f"v{number}"), value)


def spec_of(made: Sequence[Case], items: Sequence[Mapping[str, object]] = (), **more: object) -> str:
    assets = e2e.inline_assets({**case.asset(), **more} for case in made)
    return e2e.dump({"license.v1": {"product": "acme"}, "config.v1": e2e.options(items), "assets.v1": assets})


def check_output(out: bytes, made: Sequence[Case]) -> None:
    text = out.decode()
    documents = list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    assert [document["metadata"]["name"] for document in documents] == [case.name for case in made]
    for case, document in zip(made, documents, strict=True):
        case.check(document)
    for case, document in zip(made, kubectl_read(text), strict=True):
        assert document["metadata"]["name"] == case.name
        case.check(document)


def rendered(folder: Path, spec: str, *arguments: object) -> bytes:
    (folder / "spec.yaml").write_text(spec)
    ran = e2e.shipper("render", "spec.yaml", "--order", "spec", *arguments, cwd=folder)
    assert ran.code == 0, ran.err
    # A value that looks like one of Ship's actions is told, and stays as it is
    told = [line for line in ran.err.splitlines() if "{{repl" not in line]
    assert told == []
    return ran.out


ENTITLED = ('EntitlementValue("@")', "entitlements.@")
CONFIGURED = ('ConfigOption("@")', "config.@")


@pytest.mark.parametrize("form", ENTITLED)
def test_values_of_a_license_come_back(form: str, tmp_path: Path) -> None:
    for values in e2e.batches(SHORT):
        entitlements = {f"v{number}": e2e.entitlement(value) for number, value in enumerate(values)}
        made = list(cases(values, [form]))
        check_output(rendered(tmp_path, spec_of(made), *e2e.license_file(entitlements, tmp_path)), made)


@pytest.mark.parametrize("form", CONFIGURED)
def test_values_of_a_values_file_come_back(form: str, tmp_path: Path) -> None:
    for values in (SHORT, [text for text in TEXTS if text not in SHORT]):
        items = [{"name": f"v{number}", "type": "textarea"} for number in range(len(values))]
        (tmp_path / "values.yaml").write_text(e2e.dump({f"v{number}": value for number, value in enumerate(values)}))
        made = list(cases(values, [form]))
        license = e2e.license_file({}, tmp_path)
        check_output(rendered(tmp_path, spec_of(made, items), "-f", "values.yaml", *license), made)


def test_values_of_the_command_line_come_back(tmp_path: Path) -> None:
    values = [text for text in TEXTS if "\0" not in text]
    settings = [word for number, value in enumerate(values) for word in ("--set", f"v{number}={value}")]
    items = [{"name": f"v{number}"} for number in range(len(values))]
    made = list(cases(values, ['ConfigOption("@")'], ["plain", "inplain", "key", "literal", "comment"]))
    check_output(rendered(tmp_path, spec_of(made, items), *settings, *e2e.license_file({}, tmp_path)), made)


def test_values_of_the_spec_and_through_other_options_come_back(tmp_path: Path) -> None:
    """A default holds no template here: `{` is for the test below."""
    values = [text for text in SHORT if "{" not in text]
    items: list[dict[str, object]] = []
    for number, value in enumerate(values):
        items.append({"name": f"first{number}", "default": value})
        items.append({"name": f"v{number}", "value": f'{{{{ ConfigOption("first{number}") }}}}'})
    made = list(cases(values, CONFIGURED, ["plain", "inplain", "literal", "flowmap"]))
    check_output(rendered(tmp_path, spec_of(made, items), *e2e.license_file({}, tmp_path)), made)


def test_values_that_are_templates_stay_text(tmp_path: Path) -> None:
    """As values of the license and of the configuration, also after they went through another option."""
    contexts = ["plain", "double", "inplain", "literal", "key", "toYaml"]
    for values in e2e.batches(PAYLOADS):
        numbers = range(len(values))
        entitlements = {f"v{number}": e2e.entitlement(values[number]) for number in numbers}
        items: list[dict[str, object]] = [{"name": f"v{number}"} for number in numbers]
        items += [{"name": f"w-v{number}", "default": f'{{{{ ConfigOption("v{number}") }}}}'} for number in numbers]
        made = list(cases(values, ['EntitlementValue("@")', 'ConfigOption("@")', 'ConfigOption("w-@")'], contexts))
        (tmp_path / "values.yaml").write_text(e2e.dump({f"v{number}": values[number] for number in numbers}))
        license = e2e.license_file(entitlements, tmp_path)
        check_output(rendered(tmp_path, spec_of(made, items), "-f", "values.yaml", *license), made)


def test_the_same_values_without_escaping_fail() -> None:
    """The tests above have teeth."""
    broken = tried = 0
    for values in e2e.batches(SHORT):
        license = e2e.verified_license({f"v{number}": e2e.entitlement(value) for number, value in enumerate(values)})
        made = list(cases(values, ENTITLED))
        spec = parse_spec(spec_of(made, escape="none"), "spec.yaml")
        files = render(spec, license, RenderOptions(now=datetime(2026, 1, 1, tzinfo=UTC))).files
        for case, file in zip(made, files, strict=True):
            tried += 1
            try:
                case.check(yaml.safe_load(file.content))
            except Exception:  # noqa: BLE001 - whatever the broken text makes of itself counts as broken
                broken += 1
    assert tried > 5000
    assert broken > tried / 4, (broken, tried)


JSON = """{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "NAME"},
 "alone": {{ V }}, "quoted": "{{ V }}", "inside": "a {{ V }} b", "{{ V }}-key": 1, "dumped": {{ V | toJson }}}
"""


@pytest.mark.parametrize("form", ENTITLED)
def test_values_in_json_files_come_back(form: str, tmp_path: Path) -> None:
    # YAML's readers, ours too, take keys of at most 1,024 characters without a question mark
    for values in e2e.batches([text for text in SHORT if len(text) < 1000]):
        entitlements = {f"v{number}": e2e.entitlement(value) for number, value in enumerate(values)}
        license = e2e.license_file(entitlements, tmp_path)
        assets = e2e.inline_assets(
            {
                "dest": f"v{number}.json",
                "contents": JSON.replace("NAME", f"v{number}").replace("{{ V", "{{ " + form.replace("@", f"v{number}")),
            }
            for number in range(len(values))
        )
        (tmp_path / "spec.yaml").write_text(e2e.dump({"assets.v1": assets}))
        ran = e2e.shipper("render", "spec.yaml", "--order", "spec", *license, cwd=tmp_path)
        assert ran.code == 0, ran.err
        text = ran.out.decode()
        assert e2e.shipper("render", "spec.yaml", *license, "--output-dir", "out", cwd=tmp_path).code == 0
        files = [json.loads((tmp_path / f"out/v{number}.json").read_text()) for number in range(len(values))]
        for read in (files, list(yaml.safe_load_all(text)), kubectl_read(text)):
            for number, (value, document) in enumerate(zip(values, read, strict=True)):
                assert document == {
                    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"v{number}"}, "alone": value,
                    "quoted": value, "inside": f"a {value} b", f"{value}-key": 1, "dumped": value,
                }  # fmt: skip


class Typed(NamedTuple):
    value: Any
    type: str


TYPED_VALUES = [
    Typed(0, "integer"),
    Typed(-1, "integer"),
    Typed(2**53 - 1, "integer"),
    Typed(-(2**53) + 1, "integer"),
    Typed(True, "bool"),
    *(
        Typed(value, {bool: "bool", int: "integer", float: "number"}[type(value)])
        for value in VALUES
        if isinstance(value, (bool, int, float)) and abs(value) < 2**63
    ),
]  # fmt: skip


def same_number(found: object, value: Any) -> bool:
    """Equal, and a boolean only if that is one; JSON has one kind of number."""
    return found == value and isinstance(found, bool) == isinstance(value, bool)


def test_types_are_kept(tmp_path: Path) -> None:
    """Alone and unquoted a number stays a number and a boolean a boolean; elsewhere they are text."""
    values = [typed.value for typed in TYPED_VALUES]
    items = [{"name": f"v{number}", "type": typed.type} for number, typed in enumerate(TYPED_VALUES)]
    (tmp_path / "values.yaml").write_text(e2e.dump({f"v{number}": value for number, value in enumerate(values)}))
    granted = [typed.value for typed in TYPED_VALUES if typed.type != "number" and abs(typed.value) < 2**53]
    license = e2e.license_file({f"v{number}": e2e.entitlement(value) for number, value in enumerate(granted)}, tmp_path)
    made = list(cases(granted, ENTITLED, [*sorted(TYPED), "quotedkey", "double", "literal"]))
    made += [case._replace(name=f"c-{case.name}") for case in cases(values, CONFIGURED, sorted(TYPED))]
    out = rendered(tmp_path, spec_of(made, items), "-f", "values.yaml", *license).decode()
    for read in (list(yaml.safe_load_all(out)), kubectl_read(out)):
        for case, document in zip(made, read, strict=True):
            found = CONTEXTS[case.context].find(document)
            if case.context in TYPED:
                assert same_number(found, case.value), case
            else:
                assert found == CONTEXTS[case.context].expected.replace("V", str(case.value).lower()), case


@pytest.mark.parametrize("value", [value for value in VALUES if value is None or isinstance(value, dict | float)])
def test_what_no_license_may_hold_is_refused(value: object) -> None:
    with pytest.raises(LicenseError):
        e2e.issue_license({"x": value})


@pytest.mark.parametrize("value", [2**53, -(2**53), 10**30])
def test_integers_that_languages_read_differently_are_refused(value: int) -> None:
    with pytest.raises(LicenseError, match=r"2\^53 - 1"):
        e2e.issue_license({"x": {"type": "integer", "value": value}})


def test_texts_too_long_for_a_license_are_refused() -> None:
    for text in set(TEXTS) - set(SHORT):
        with pytest.raises(ShipperError) as caught:
            e2e.issue_license({"x": text})
        assert caught.value.exit_code in {5, 8}


@pytest.mark.parametrize(
    ("kind", "value"),
    [("integer", 10**30), ("integer", 2**63), ("integer", -(2**63) - 1), ("number", "'1" + "0" * 309 + "'")],
)
def test_numbers_out_of_range_are_refused_where_they_stand(kind: str, value: object, tmp_path: Path) -> None:
    made = [Case("a", "plain", "config.x", value)]
    (tmp_path / "spec.yaml").write_text(spec_of(made, [{"name": "x", "type": kind}]))
    (tmp_path / "values.yaml").write_text(f"x: {value}\n")
    license = e2e.license_file({}, tmp_path)
    ran = e2e.shipper("render", "spec.yaml", "-f", "values.yaml", *license, cwd=tmp_path)
    assert (ran.code, ran.out) == (3, b"")
    assert ran.err.startswith("values.yaml:1:4: option x: ")


def test_what_is_no_unicode_text_is_refused_at_the_door(tmp_path: Path) -> None:
    """In a license.yaml, a values file (as bytes and as an escape) and on the command line."""
    made = [Case("a", "plain", "config.x", "")]
    (tmp_path / "spec.yaml").write_text(spec_of(made, [{"name": "x"}]))
    (tmp_path / "vendor.key").write_bytes(signing.generate().to_pem(None))
    (tmp_path / "vendor.key").chmod(0o600)
    license = e2e.license_file({}, tmp_path)
    surrogates = [value for value in VALUES if isinstance(value, str) and e2e.has_surrogate(value)]
    assert surrogates
    for number, text in enumerate(surrogates):
        encoded = text.encode("utf-8", "surrogatepass")
        for value in (b'"' + encoded + b'"', encoded, json.dumps(text).encode()):
            (tmp_path / "values.yaml").write_bytes(b"x: " + value + b"\n")
            (tmp_path / "license.yaml").write_bytes(
                b"product: acme\ncustomer: {id: c, name: c}\nentitlements:\n  x: " + value + b"\n"
            )
            ran = e2e.shipper("render", "spec.yaml", "-f", "values.yaml", *license, cwd=tmp_path)
            assert (ran.code, ran.out) == (3, b""), (number, ran)
            assert ran.err.startswith("values.yaml:"), ran.err
            ran = e2e.shipper("license", "issue", "--key", "vendor.key", "--from", "license.yaml", cwd=tmp_path)
            assert (ran.code, ran.out) == (5, b""), (number, ran)
            assert ran.err.startswith("license.yaml:"), ran.err
        ran = e2e.shipper("render", "spec.yaml", "--set", b"x=" + encoded, *license, cwd=tmp_path)
        assert (ran.code, ran.out, ran.err) == (2, b"", "error: option x: --set takes UTF-8 text\n")
