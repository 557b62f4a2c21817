from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import LimitError, ShipperError, SpecError, UsageError
from shipper.spec import (
    InlineAsset,
    LocalAsset,
    MessageStep,
    RenderStep,
    Spec,
    TemplateAsset,
    UnsupportedAsset,
    parse_spec,
    read_spec,
)

if TYPE_CHECKING:
    from pathlib import Path

INLINE = "assets.v1:\n- inline:\n    dest: a.yaml\n    contents: x\n"

WHOLE = """\
templating: jinja
escape: none
license.v1:
  product: acme
  trust: ["-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----\\n"]
assets.v1:
- inline:
    dest: k8s/{{ x }}.yaml
    mode: 0600
    description: the first
    when: false
    contents: |
      a: {{ b }}
    escape: yaml
    templating: repl
- template: {path: k8s/b.yaml.j2}
- local: {path: files, when: ""}
- web: {url: "https://example.com", when: "{{ c }}"}
config.v1:
- name: main
  title: Main
  when: 1
  items:
  - {name: replicas, type: integer, default: 2, required: "1", help_text: how many}
  - name: color
    type: select
    items: [{name: red, title: Red}, {name: blue}]
    pattern: "[a-z]+"
    value: ""
lifecycle.v1:
- message: {contents: Hello, level: warn}
- kustomize: {}
- render: {root: out, assets: {v1: [{local: {path: p, dest: q}}]}}
- render:
"""


def test_reads_a_whole_spec() -> None:
    spec = parse_spec(WHOLE, "s.yaml")
    assert (spec.file, spec.templating, spec.escape) == ("s.yaml", "jinja", "none")
    assert spec.license is not None
    assert spec.license.product == "acme"
    assert [key.text[:10] for key in spec.license.trust] == ["-----BEGIN"]

    inline, template, local, web = spec.assets
    assert isinstance(inline, InlineAsset)
    assert (inline.kind, inline.dest.text, inline.mode, inline.description) == (
        "inline",
        "k8s/{{ x }}.yaml",
        0o600,
        "the first",
    )
    assert inline.when is not None
    assert (inline.when.text, inline.contents.text) == ("false", "a: {{ b }}\n")
    assert (inline.escape, spec.templating_of(inline)) == ("yaml", "repl")
    assert inline.position[:3] == ("s.yaml", 7, 3)
    assert inline.contents.origin.position(1, 4)[:3] == ("s.yaml", 13, 10)
    assert isinstance(template, TemplateAsset)
    assert (template.path.text, template.dest.text, template.mode, template.when) == (
        "k8s/b.yaml.j2",
        "k8s/b.yaml",
        None,
        None,
    )
    assert template.dest.origin.style == "opaque"
    assert (template.escape, spec.templating_of(template)) == ("none", "jinja")
    assert isinstance(local, LocalAsset)
    assert (local.path.text, local.dest.text, local.when) == ("files", "files", None)
    assert isinstance(web, UnsupportedAsset)
    assert (web.kind, web.when is not None) == ("web", True)

    [group] = spec.groups
    assert (group.name, group.title, group.when is not None and group.when.text) == ("main", "Main", "1")
    replicas, color = group.items
    assert (replicas.name, replicas.type, replicas.required, replicas.hidden) == ("replicas", "integer", True, False)
    assert replicas.default is not None
    assert replicas.default.text == "2"
    assert replicas.position[:3] == ("s.yaml", 24, 12)
    assert (color.choices, color.default, color.value is not None and color.value.text) == (("red", "blue"), None, "")

    message, own, plain = spec.steps
    assert isinstance(message, MessageStep)
    assert (message.contents.text, message.level) == ("Hello", "warn")
    assert isinstance(own, RenderStep)
    assert isinstance(plain, RenderStep)
    assert own.root is not None
    assert (own.root.text, [asset.dest.text for asset in own.assets or ()]) == ("out", ["q"])
    assert (plain.root, plain.assets) == (None, None)
    assert [str(note) for note in spec.notes] == ['s.yaml:32:3: lifecycle step "kustomize" has no effect']


def test_reads_the_nested_form_of_ship() -> None:
    spec = parse_spec(
        "assets:\n  v1:\n  - inline: {dest: a, contents: ''}\nconfig: {}\nlifecycle: {v1: [{render: {}}]}\n", "s"
    )
    assert [asset.dest.text for asset in spec.assets] == ["a"]
    assert (spec.groups, len(spec.steps)) == ((), 1)


def test_notes_for_what_ship_knows_and_we_do_not() -> None:
    text = "collect: {v1: []}\nconfig.v1:\n- name: g\n  test_proc: {}\n  items: [{name: a, affix: left, recommended: true}]\n"
    assert [str(note) for note in parse_spec(text, "s").notes] == [
        's:1:1: the spec: "collect" has no effect',
        's:4:3: config group: "test_proc" has no effect',
        's:5:21: option: "affix" has no effect',
        's:5:34: option: "recommended" has no effect',
    ]


@pytest.mark.parametrize(
    ("mode", "bits"),
    [
        ("0644", 0o644),
        ('"0644"', 0o644),
        ("644", 0o644),
        ("0o644", 0o644),
        ("755", 0o755),
        ("'0o0755'", 0o755),
        ("493", 0o755),
        ("509", 0o775),
        ("7", 0o7),
        ("0", None),
        ("", None),
        ("000", 0),
    ],
)
def test_modes(mode: str, bits: int | None) -> None:
    [asset] = parse_spec(f"{INLINE}    mode: {mode}\n", "s").assets
    assert asset.mode == bits


WRONG = [
    ("", "s:1:1: an assets spec is a map (with the key assets.v1)"),
    ("- a\n", "s:1:1: an assets spec is a map (with the key assets.v1)"),
    ("{}\n", "s:1:1: the spec is empty (an assets spec has the key assets.v1)"),
    ("assets: {v1: [\n", "s:1:15: no valid YAML: while parsing a flow node, did not find expected node content"),
    ("asets.v1: []\n", 's:1:1: the spec: unknown key "asets.v1" (did you mean "assets.v1"?)'),
    ("assets.v2: []\n", 's:1:1: the spec: unknown key "assets.v2" (did you mean "assets.v1"?)'),
    ("assets: {v2: []}\n", 's:1:10: "assets": unknown key "v2" (known: v1)'),
    ("assets: {v1: []}\nassets.v1: []\n", 's:2:1: the spec has "assets.v1" twice'),
    ("assets.v1: {}\n", "s:1:12: assets.v1 must be a list, not a map"),
    ("assets.v1: [a]\n", "s:1:13: an asset must be a map, not a text"),
    ("assets.v1: [{}]\n", "s:1:13: an asset without a kind (one of inline, template, local, github, terraform)"),
    ("assets.v1: [{inlin: {}}]\n", 's:1:14: unknown kind of asset "inlin" (did you mean "inline"?)'),
    (
        "assets.v1: [{zzz: {}}]\n",
        's:1:14: unknown kind of asset "zzz" (one of inline, template, local, github, terraform)',
    ),
    ("assets.v1: [{inline: {}, web: {}}]\n", 's:1:26: an asset has one kind, this has "inline" and "web"'),
    (
        "assets.v1: [{inline: {}, when: a}]\n",
        's:1:26: unknown key "when" beside "inline" (it belongs below "inline")',
    ),
    ("assets.v1: [{inline: []}]\n", "s:1:22: inline must be a map, not a list"),
    ("assets.v1: [{inline: {dest: a}}]\n", 's:1:14: inline: "contents" is missing'),
    ("assets.v1: [{inline: {contents: a}}]\n", 's:1:14: inline: "dest" is missing'),
    ("assets.v1: [{inline: {contents: a, dest: ''}}]\n", 's:1:42: inline: "dest" is empty'),
    ("assets.v1: [{local: }]\n", 's:1:14: local: "path" is missing'),
    ("assets.v1: [{template: {path: [a]}}]\n", 's:1:31: template: "path" must be a text, not a list'),
    ("assets.v1: [{github: {path: a, dest: b}}]\n", 's:1:14: github: "repo" is missing'),
    ("assets.v1: [{github: {repo: '', path: a}}]\n", 's:1:29: github: "repo" is empty'),
    ("assets.v1: [{github: {repo: a}}]\n", 's:1:14: github: "path" is missing'),
    ("assets.v1: [{github: {repo: a, path: b, pth: c}}]\n", 's:1:41: github: unknown key "pth" (did you mean "path"?)'),
    ("assets.v1: [{terraform: {inlin: a}}]\n", 's:1:26: terraform: unknown key "inlin" (did you mean "inline"?)'),
    ("assets.v1: [{helm: {value: a}}]\n", 's:1:21: helm: unknown key "value" (did you mean "values"?)'),
    ("assets.v1: [{web: {uri: a}}]\n", 's:1:20: web: unknown key "uri" (did you mean "url"?)'),
    ("assets.v1: [{local: {path: a, dst: b}}]\n", 's:1:31: local: unknown key "dst" (did you mean "dest"?)'),
    (INLINE + "    mode: 0o8\n", 's:5:11: inline: "mode" is "0o8" (octal digits such as 0644)'),
    (INLINE + "    mode: 420d\n", 's:5:11: inline: "mode" is "420d" (octal digits such as 0644)'),
    (
        INLINE + "    mode: 4755\n",
        's:5:11: inline: "mode" is "4755" (at most 0777: no setuid, setgid or sticky bit)',
    ),
    (INLINE + "    mode: 888\n", 's:5:11: inline: "mode" is "888" (octal digits such as 0644)'),
    (INLINE + "    mode: '0x1ff'\n", 's:5:11: inline: "mode" is "0x1ff" (octal digits such as 0644)'),
    (INLINE + "    mode: '493'\n", 's:5:11: inline: "mode" is "493" (octal digits such as 0644)'),
    (INLINE + "    escape: html\n", 's:5:13: inline: "escape" is "html" (one of yaml, none)'),
    (INLINE + "    templating: go\n", 's:5:17: inline: "templating" is "go" (one of jinja, repl)'),
    ("templating: go\n", 's:1:13: the spec: "templating" is "go" (one of jinja, repl)'),
    (
        "config.v1: [{name: '', items: []}]\n",
        's:1:20: config group: "" is no name (at most 128 characters, no =, no blank around it)',
    ),
    ("config.v1: [{items: [{type: text}]}]\n", 's:1:22: option: "name" is missing'),
    (
        "config.v1: [{name: 'a=b'}]\n",
        's:1:20: config group: "a=b" is no name (at most 128 characters, no =, no blank around it)',
    ),
    (
        "config.v1: [{name: 'a '}]\n",
        's:1:20: config group: "a " is no name (at most 128 characters, no =, no blank around it)',
    ),
    (
        "config.v1: [{name: g, items: [{name: a, typ: b}]}]\n",
        's:1:41: option: unknown key "typ" (did you mean "type"?)',
    ),
    (
        "config.v1: [{name: g, items: [{name: a, type: int}]}]\n",
        's:1:47: option "a": "type" is "int" (one of text, textarea, password, bool, select, select_one, select_many, label, heading, file, integer, number)',
    ),
    (
        "config.v1:\n- name: g\n  items:\n  - name: a\n- name: h\n  items:\n  - name: a\n",
        's:7:11: option "a" is there twice (first in line 4)',
    ),
    (
        "config.v1: [{name: g, items: [{name: a, required: perhaps}]}]\n",
        's:1:51: option "a": "required" is no boolean: "perhaps" (true or false)',
    ),
    (
        "config.v1: [{name: g, items: [{name: a, pattern: '['}]}]\n",
        's:1:50: option "a": "pattern" is no regular expression: missing ]: [',
    ),
    (
        "config.v1: [{name: g, items: [{name: a, pattern: '(?=x)'}]}]\n",
        's:1:50: option "a": "pattern" is no regular expression: invalid perl operator: (?=',
    ),
    ("config.v1: [{name: g, items: [{name: a, type: select}]}]\n", 's:1:38: option "a": a select needs "items"'),
    (
        "config.v1: [{name: g, items: [{name: a, items: [{name: x}]}]}]\n",
        's:1:41: option "a": "items" is for the type select, not text',
    ),
    (
        "config.v1: [{name: g, items: [{name: a, type: select, items: [{name: x}, {name: x}]}]}]\n",
        's:1:81: option "a": choice "x" is there twice',
    ),
    ("lifecycle.v1: [{mesage: {}}]\n", 's:1:17: unknown lifecycle step "mesage" (did you mean "message"?)'),
    ("lifecycle.v1: [{kustomise: {}}]\n", 's:1:17: unknown lifecycle step "kustomise" (did you mean "kustomize"?)'),
    (
        "lifecycle.v1: [{unfork: {upstream: a}}]\n",
        's:1:26: unfork: unknown key "upstream" (did you mean "upstreamBase"?)',
    ),
    (
        "lifecycle.v1: [{config: {when: a}}]\n",
        's:1:26: config: unknown key "when" (known: description, id, requires, invalidates)',
    ),
    ("lifecycle.v1: [{message: {}}]\n", 's:1:17: message: "contents" is missing'),
    (
        "lifecycle.v1: [{message: {contents: a, level: loud}}]\n",
        's:1:47: message: "level" is "loud" (one of debug, info, warn, error)',
    ),
    ("lifecycle.v1: [{render: {}, message: {}}]\n", "s:1:16: a lifecycle step has exactly one of: message, render"),
    ("lifecycle.v1: [a]\n", "s:1:16: a lifecycle step must be a map, not a text"),
    ("license.v1: {trust: []}\n", 's:1:13: license.v1: "product" is missing'),
    ("license.v1: {product: a, trust: key}\n", 's:1:33: license.v1: "trust" must be a list, not a text'),
    (
        "license.v1: {product: a, trust: [key]}\n",
        's:1:34: license.v1: "trust" takes public keys as PEM (a text that begins "-----BEGIN PUBLIC KEY-----")',
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_wrong_specs(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(text, "s")
    assert str(caught.value) == message


def test_independent_errors_are_collected() -> None:
    text = (
        "escape: html\nassets.v1: [{inline: {}}, {local: {path: a}}, {zzz: 1}]\nunknown: 1\n"
        "config.v1: [{name: g, items: [{name: a, type: x}, {name: b}]}]\nlifecycle.v1: {}\n"
    )
    found: list[ShipperError] = []
    spec = parse_spec(text, "s", collect=found)
    places = [problem.position[1:3] for problem in found if problem.position]
    assert sorted(places) == [(1, 9), (2, 14), (2, 48), (3, 1), (4, 47), (5, 15)]
    assert [asset.dest.text for asset in spec.assets] == ["a"]
    assert [item.name for item in spec.groups[0].items] == ["b"]


def test_read_spec(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(INLINE)
    assert read_spec(path).file == str(path)
    with pytest.raises(UsageError, match="no such file"):
        read_spec(tmp_path / "missing")


KEYS = st.sampled_from(
    [
        "assets.v1",
        "config.v1",
        "lifecycle.v1",
        "license.v1",
        "assets",
        "v1",
        "inline",
        "template",
        "local",
        "web",
        "dest",
        "contents",
        "path",
        "mode",
        "when",
        "name",
        "items",
        "type",
        "pattern",
        "message",
        "render",
        "level",
        "trust",
        "product",
        "templating",
        "escape",
        "zzz",
    ]
)
VALUES = st.sampled_from(
    ["", "null", "1", "0644", "true", "jinja", "select", "a b", "'['", "{{repl x}}", "😀"]
) | st.text("ab{}%'\"", max_size=4)
TREES = st.recursive(
    VALUES,
    lambda below: (
        st.lists(below, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")
        | st.dictionaries(KEYS, below, max_size=3).map(
            lambda items: "{" + ", ".join(f"{k}: {v}" for k, v in items.items()) + "}"
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4), st.booleans())
def test_only_documented_errors_leave(sections: dict[str, str], gather: bool) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in sections.items())
    found: list[ShipperError] | None = [] if gather else None
    assert isinstance(outcome(text, found), (Spec, SpecError, LimitError))
    assert all(problem.position for problem in found or [])


def outcome(text: str, collect: list[ShipperError] | None) -> Spec | ShipperError:
    """The spec, or the documented error; whatever else is raised fails the test."""
    try:
        return parse_spec(text, "s", collect=collect)
    except (SpecError, LimitError) as problem:
        return problem


def test_the_digest_is_of_the_bytes(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + INLINE.replace("\n", "\r\n").encode()
    (tmp_path / "spec.yaml").write_bytes(data)
    assert read_spec(tmp_path / "spec.yaml").digest == hashlib.sha256(data).hexdigest()
    assert parse_spec(INLINE, "s").digest == hashlib.sha256(INLINE.encode()).hexdigest()
