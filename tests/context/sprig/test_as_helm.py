"""The tables of these tests hold for Sprig itself, as Helm brings it."""

from __future__ import annotations

import base64
import json
import random
import re
import subprocess
from typing import TYPE_CHECKING

from tests.context.sample import render
from tests.context.sprig import (
    test_cases,
    test_defaults,
    test_dicts,
    test_floats,
    test_jsontext,
    test_lists,
    test_numbers,
    test_repl,
    test_strings,
    test_types,
)
from tests.context.sprig.given import SHIP

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TABLES = (
    test_cases, test_defaults, test_dicts, test_floats, test_jsontext, test_lists, test_numbers, test_repl, test_strings, test_types,
)  # fmt: skip

DIFFERENT = {
    # No character is cut in two
    'trunc 2 "aéb"', 'trunc -2 "aéb"', 'substr 2 4 "aéb"', 'abbrev 5 "aééé"', 'wrapWith 1 "|" "éàü"', 'wrapWith 3 "|" "éàü"',
    # Characters beyond ASCII are none of several bytes
    'initials " élan  vital "', 'nospace " h e\\tl\\n\\u2003o "',
    # A text of connectors only has its last one twice
    'camelcase "__"',
    # A map of texts is a map like others
    'set (split "," "a") "_1" "b"',
    # Go's maps have no order
    'keys (dict "b" 1 "a" 2) (dict "a" 3)', 'values (dict "b" 1 "a" 2)',
    # A path ends at nil, too
    'dict "a" nil | dig "a" "b" "none"',
    # Helm's own fromJson reads maps only
    'fromJson "[1]"',
    # The library of Sprig 3.0 parts words at numbers otherwise than the newer one in Helm
    'snakecase "HTTP2XX"', 'snakecase "HTTP20XStatus"',
}  # fmt: skip

LETTERS = "aabcdXYZ  _-.,$1"
PATTERNS = (
    "trunc N S", "substr 0 P S", "abbrev N S", "abbrevboth N N S", "wrap N S", "wrapWith P S S", "title S", "untitle S", "swapcase S",
    "initials S", "nospace S", "splitn S N S | toJson", "splitList S S | toJson", "replace S S S", "trimAll S S", "trimPrefix S S",
    "trimSuffix S S", "contains S S", "trim S | quote", "cat V V V", "quote V V", "squote V S", "indent P S", "nindent P S", "upper S",
    "add F F", "sub F N", "mul N F", "div F P", "mod N P", "max F F F", "min F F F", "ceil F", "floor F", "round F N", "int64 F",
    "float64 F", "untilStep N N N", "seq N N N", "seq N N", "seq N", "addf N P F", "subf P N", "toDecimal P",
    "list V V V | uniq | toJson", "without (list V V V) V V", "has V (list V V V)", "list V V | compact | toJson", "chunk P (list V V V)",
    "list V V V | join S", "list S S S | sortAlpha", "concat (list V) (list V V) | toJson", "append (list V) V", "prepend (list V) V",
    "list V V | toPrettyJson", "dict S V S V | toPrettyJson", "dict S V | toJson", "list F F F | toRawJson", "toString V", "toJson S",
    "default V V | toJson", "coalesce V V V | toJson", "ternary V V true | toJson", "empty V", "typeOf V", "kindOf V", "deepEqual V V",
    'merge (dict "a" V "b" V) (dict "a" V "c" V) | toJson', 'pick (dict "a" V "b" V) "b" S | toJson', 'get (dict "a" V) "a" | toJson',
    'omit (dict "a" V "b" V) "a" | toJson', 'pluck "a" (dict "a" V) (dict "b" V) | toJson', "toStrings (list V V) | toJson",
)  # fmt: skip
"""Calls that never fail in Sprig: N any small integer, P a positive one, F a number, S a text, V any value."""


def test_helm_gives_the_same(helm: str, tmp_path: Path) -> None:
    cases = [case for module in TABLES for case in module.TABLE]
    cases += [(f'snakecase "{text}"', snake) for text, snake in test_cases.SNAKES.items()]
    same = {template: expected for template, expected in cases if template not in DIFFERENT}
    assert dict(zip(same, ask_helm(helm, tmp_path, same), strict=True)) == same


def test_helm_gives_the_same_for_any_arguments(helm: str, tmp_path: Path) -> None:
    chance = random.Random(4)
    templates = sorted({one_of(chance) for _ in range(600)})
    found = dict(zip(templates, ask_helm(helm, tmp_path, templates), strict=True))
    assert {template: render(f"{{{{repl {template} }}}}", SHIP) for template in templates} == found


def ask_helm(helm: str, folder: Path, templates: Iterable[str]) -> list[str]:
    """What Helm prints for actions of repl, without their braces."""
    actions = [template.replace("{{repl", "{{") for template in templates]
    lines = [f'{{{{ define "{index}" }}}}{{{{ {action} }}}}{{{{ end }}}}' for index, action in enumerate(actions)]
    lines += [f'{{{{ include "{index}" . | b64enc | quote }}}}' for index in range(len(actions))]
    (folder / "templates").mkdir()
    (folder / "templates" / "all.yaml").write_text("\n".join(f"k{number}: {line}" for number, line in enumerate(lines)))
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: all\nversion: 0.1.0\n")
    done = subprocess.run([helm, "template", "all", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [base64.b64decode(text).decode() for text in re.findall(r'^k\d+: "(.*)"$', done.stdout, re.MULTILINE)]


def one_of(chance: random.Random) -> str:
    """A call of a function that never fails, with likely arguments."""
    pattern = chance.choice(PATTERNS)

    def argument(match: re.Match[str]) -> str:
        if match[0] == "N":
            return str(chance.randint(-3, 14))
        if match[0] == "P":
            return str(chance.randint(1, 14))
        if match[0] == "F":
            return chance.choice(["0", "-1.5", "2.5", "1e15", "0.1", "1e-7", "123456.789", '"3.25"', "true", "nil"])
        if match[0] == "V":
            return chance.choice(
                ["0", "1", "nil", "true", "1.5", '""', '"a"', "(list)", "(list 1 nil)", '(dict "k" 1)']
            )
        return json.dumps("".join(chance.choice(LETTERS) for _ in range(chance.randint(0, 14))))

    return re.sub(r"\b[NPFVS]\b", argument, pattern)


def test_what_is_different_is_tested() -> None:
    tested = {template for module in TABLES for template, _ in module.TABLE}
    tested |= {f'snakecase "{text}"' for text in test_cases.SNAKES}
    assert tested >= DIFFERENT
