"""`lint` and `explain` of specs in the template language of Ship."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.program import Ran

MISTAKES = """\
config:
  v1:
    - name: g
      when: '{{repl ConfigOptionEquals "mod" "x"}}'
      items:
        - {name: mode, type: text, default: '{{repl ConfigOption "other" }}'}
        - {name: other, type: text, default: "{{repl Now | NowFmt 'x' }}"}
        - {name: last, type: text, when: 'maybe'}
assets:
  v1:
    - inline:
        dest: a.yaml
        contents: |
          a: {{repl ConfigOption "mode" }} {{ .Values.a }} {{repl EntitlementValue "num_seat" }}
          b: {{repl Trim "a" "b" "c" }} {{repl Split "a" }} {{repl list 1 2 3 }}
          c: {{repl "mod" | ConfigOption }} {{repl range $i, $v := list 1 2 }}{{repl $i }}{{repl . }}{{repl $.x }}{{repl end }}
          d: {{repl}}
          e: {{repl trunc "x" }}
    - inline: {dest: b.yaml, contents: "a\\nb {{repl ConfigOptoin 'x' }}"}
    - inline: {dest: "{{repl if }}", contents: ""}
    - inline: {dest: c.yaml, contents: "{{ Now( }}", templating: jinja}
    - inline: {dest: d.yaml, contents: "{{repl end }}", when: "{{repl $x }}"}
"""
FINDINGS = """\
spec.yaml:4:21: error: config group g: no configuration option "mod" (did you mean "mode"?)
spec.yaml:7:67: error: option other: single quotes make a number of one character (put texts in double quotes)
spec.yaml:8:43: error: option last: neither true nor false but the text "maybe" (compare it, as in eq (…) "true")
spec.yaml:14:67: error: asset a.yaml: no entitlement "num_seat" in the license (did you mean "num_seats"?)
spec.yaml:15:21: error: asset a.yaml: Trim: takes at most 2 arguments, not 3 (Trim s [cutset])
spec.yaml:15:48: error: asset a.yaml: Split: argument "sep" is missing (Split s sep)
spec.yaml:16:29: error: asset a.yaml: no configuration option "mod" (did you mean "mode"?)
spec.yaml:17:14: error: asset a.yaml: the output would hold a {{repl …}} that is no action \
(put a blank behind {{repl; as text of its own write {{repl `{{repl …` }})
spec.yaml:18:21: error: asset a.yaml: trunc: argument "length" is missing (trunc length s)
spec.yaml:19:40: error: asset b.yaml: no function "ConfigOptoin" (did you mean "ConfigOption"?)
spec.yaml:20:30: error: asset {{repl if }}: "if" without a value
spec.yaml:21:49: error: asset c.yaml: unexpected "}", expected ")"
spec.yaml:22:48: error: asset d.yaml: "end" without "if", "range" or "with" before it
spec.yaml:22:71: error: asset d.yaml: the variable "$x" is not defined
"""


def test_lint_finds_all_mistakes(render: Callable[..., Ran]) -> None:
    ran = render(MISTAKES, command="lint")
    assert ran.out == FINDINGS
    assert ran.code == 3


EXPLAINED = """\
config:
  v1:
    - name: g
      items:
        - {name: ingress, type: bool, default: "0"}
        - {name: pw, type: password}
assets:
  v1:
    - inline: {dest: always.yaml, contents: ""}
    - inline: {dest: ingress.yaml, contents: "", when: '{{repl ConfigOptionEquals "ingress" "1" }}'}
    - inline: {dest: hpa.yaml, contents: "", when: '{{repl gt (EntitlementValue "num_seats" | ParseInt) 2 }}'}
    - inline: {dest: '{{repl ConfigOption "pw" }}.yaml', contents: "", when: '{{repl ne (ConfigOption "pw") "" }}'}
"""


def test_explain_shows_what_was_asked_as_repl_writes_it(render: Callable[..., Ran]) -> None:
    ran = render(EXPLAINED, "--set", "pw=hunter2", command="explain")
    assert (ran.code, ran.err) == (0, "")
    assert (
        ran.out
        == """\
Options:
  ingress  "0"  (from the spec)
  pw       "********"  (given)

Assets:
  rendered  always.yaml  (spec.yaml:9:7)
  skipped   ingress.yaml  (spec.yaml:10:7)
            when {{repl ConfigOptionEquals "ingress" "1" }}
              ConfigOptionEquals "ingress" "1" is false
  rendered  hpa.yaml  (spec.yaml:11:7)
            when {{repl gt (EntitlementValue "num_seats" | ParseInt) 2 }}
              EntitlementValue "num_seats" is "50"
  rendered  ********.yaml  (spec.yaml:12:7)
            when {{repl ne (ConfigOption "pw") "" }}
              ConfigOption "pw" is "********"
"""
    )


def test_explain_as_json(render: Callable[..., Ran]) -> None:
    ran = render(EXPLAINED, "--set", "pw=hunter2", "-o", "json", command="explain")
    assert json.loads(ran.out)["assets"][1]["values"] == [
        {"expression": 'ConfigOptionEquals "ingress" "1"', "value": False}
    ]


def test_an_argument_is_explained_as_repl_writes_it(render: Callable[..., Ran]) -> None:
    spec = "assets.v1: [{inline: {dest: a, contents: '{{repl ConfigOptionEquals \"a\" 1 }}'}}]\nconfig.v1: [{name: g, items: [{name: a, type: text}]}]"
    ran = render(spec)
    assert ran.code == 4
    assert 'ConfigOptionEquals: "val' in ran.err
    assert "put it in double quotes, or use toString" in ran.err
