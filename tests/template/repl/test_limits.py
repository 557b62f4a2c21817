"""Templates in repl that try to exhaust time or memory end with a documented error, in a small process."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.corpora import REPOSITORY

N = 1_000_000


def loop(statement: str, before: str, after: str = "", count: int = 64) -> str:
    return f"{before}{{{{repl range until {count} }}}}{statement}{{{{repl end }}}}{after}"


TEXT = '{{repl $x := "x" }}'
DOUBLE_TEXT = "{{repl $x = print $x $x }}"
LIST = "{{repl $x := list 1 }}"
DOUBLE_LIST = "{{repl $x = list $x $x }}"
SELF = '{{repl $d := dict "a" 1 }}{{repl $_ := set $d "self" $d }}'

CASES = {
    "openings": "{{repl " * (N // 7),
    "openings-kots": "repl{{ " * (N // 7),
    "quotes": '{{repl "' + '"' * (N - 10),
    "spaced-quotes": "{{repl " + '"" ' * (N // 4),
    "backquotes": "{{repl " + "`" * (N - 10),
    "apostrophes": "{{repl '" + "'" * (N - 10),
    "parentheses": "{{repl " + "(" * (N - 10),
    "closed-parentheses": "{{repl " + "(" * 400_000 + "1" + ")" * 400_000 + "}}",
    "blanks": "{{repl " + " " * (N - 10),
    "dots": "{{repl " + "." * (N - 10),
    "fields": "{{repl " + ".a" * 400_000 + "}}",
    "dollars": "{{repl " + "$" * (N - 10),
    "digits": "{{repl " + "1_" * 400_000 + "}}",
    "exponents": "{{repl " + "1e+" * 300_000 + "}}",
    "long-name": "{{repl " + "a" * 900_000 + "}}",
    "long-variable": "{{repl $x := 1 }}{{repl $" + "x" * 900_000 + "}}",
    "comments": "{{repl /**/}}" * (N // 13),
    "comment-starts": "{{repl /*" + "/*" * 400_000,
    "escapes": '{{repl "' + "\\n" * 400_000 + '" }}',
    "byte-escapes": '{{repl "' + "\\xc3\\xa9" * 100_000 + '" }}',
    "backslashes": '{{repl "' + "\\" * 900_000,
    "pipes": "{{repl Now" + " | print" * 100_000 + "}}",
    "many-operands": "{{repl and" + " 1" * 140_000 + "}}",
    "many-arguments": "{{repl list" + " 1" * 140_000 + " | len }}",
    "many-variables": "".join(f"{{{{repl $v{i} := 1 }}}}" for i in range(20_000)),
    "many-ifs": "{{repl if 1 }}" * 30_000,
    "nested-ifs": "{{repl if 1 }}" * 100 + "x" + "{{repl end }}" * 100,
    "nested-parentheses": "{{repl " + "(print " * 100 + "1" + ")" * 100 + "}}",
    "nested-pipes": "{{repl " + "(1 | " + " | ".join(["print"] * 90) + " | print " + "(print " * 99 + "1" + ")" * 100 + "}}",
    "else-ifs": "{{repl if 0 }}" + "{{repl else if 0 }}" * 30_000 + "{{repl end }}",
    "prints": "{{repl 1 }}" * 37_000,
    "loops": "{{repl range until 1000 }}" * 9 + "{{repl end }}" * 9,
    "loops-printing": "{{repl range until 1000 }}" * 3 + "x" * 1000 + "{{repl end }}" * 3,
    "huge-until": "{{repl until 1000000000 }}",
    "huge-until-step": "{{repl untilStep 0 1000000000 1 | len }}",
    "huge-seq": "{{repl seq 1 1000000000 }}",
    "huge-repeat": '{{repl repeat 1000000000 "a" }}',
    "huge-indent": '{{repl "a" | indent 1000000000 }}',
    "huge-nindent": '{{repl "a" | nindent 1000000000 }}',
    "huge-width": '{{repl printf "%1000000000d" 1 }}',
    "huge-width-argument": '{{repl printf "%*d" 1000000000 1 }}',
    "huge-precision": '{{repl printf "%.1000000000f" 1.0 }}',
    "huge-random": "{{repl RandomString 1000000000 }}",
    "huge-random-sprig": "{{repl randAlphaNum 1000000000 }}",
    "huge-key": '{{repl genPrivateKey "rsa" }}' * 1000,
    "doubling-text": loop(DOUBLE_TEXT, TEXT),
    "doubling-join": loop("{{repl $x = join $x (list $x $x) }}", TEXT),
    "doubling-replace": loop('{{repl $x = replace "x" "xx" $x }}', TEXT),
    "doubling-list": loop("{{repl $x = concat $x $x }}", LIST),
    "shared-lists": loop(DOUBLE_LIST, LIST, "{{repl $x }}", 40),
    "shared-lists-json": loop(DOUBLE_LIST, LIST, "{{repl toJson $x }}", 40),
    "shared-lists-equal": loop(DOUBLE_LIST, LIST, "{{repl deepEqual $x $x }}", 40),
    "shared-lists-copied": loop(DOUBLE_LIST, LIST, "{{repl deepCopy $x | len }}", 40),
    "shared-lists-kinds": loop(DOUBLE_LIST, LIST, '{{repl printf "%#v" $x }}', 40),
    "shared-lists-has": loop(DOUBLE_LIST, LIST, "{{repl has 1 (list $x $x) }}", 40),
    "deep-list": loop("{{repl $x = list $x }}", LIST, "{{repl $x }}", 50_000),
    "deep-list-json": loop("{{repl $x = list $x }}", LIST, "{{repl toJson $x }}", 50_000),
    "deep-list-dropped": loop("{{repl $x = list $x }}", LIST, "{{repl $x = 1 }}", 50_000),
    "deep-json": '{{repl fromJson (repeat 100000 "[") }}',
    "self": SELF + "{{repl $d }}",
    "self-json": SELF + "{{repl toJson $d }}",
    "self-yaml": SELF + "{{repl toYaml $d }}",
    "self-copied": SELF + "{{repl deepCopy $d }}",
    "self-equal": SELF + "{{repl deepEqual $d $d }}",
    "self-merged": SELF + "{{repl merge $d $d (dict) }}",
    "self-twice": SELF + '{{repl $e := dict "self" $d "d" $d }}{{repl $_ := merge $d $e }}{{repl $d }}',
    "self-printed": SELF + '{{repl printf "%v %+v %#v %s" $d $d $d $d }}',
    "characters": '{{repl range splitList "" (repeat 1000000 "a") }}x{{repl end }}',
    "regex": '{{repl regexReplaceAll "(a*)*b" (repeat 100000 "a") "x" | len }}',
    "regex-large": '{{repl regexMatch "(((a{1000}){1000}){1000})" "a" }}',
    "regex-find-all": '{{repl regexFindAll "" (repeat 1000000 "a") -1 | len }}',
    "wrap": '{{repl wrap 1 (repeat 1000000 "a ") | len }}',
    "digits-parsed": '{{repl int (repeat 1000000 "9") }}',
    "versions": '{{repl semverCompare (repeat 100000 ">1 || ") "1.2.3" }}',
    "dates": '{{repl date (repeat 1000000 "January") now | len }}',
    "cases-swapped": '{{repl swapcase (repeat 5000000 "é") | len }}',
    "titles": '{{repl title (repeat 5000000 "ä ") | len }}',
    "quoted": '{{repl printf "%+q" (repeat 4000000 "é") | len }}',
    "quoted-lists": '{{repl $x := repeat 400000 "é" }}{{repl printf "%+q" (list $x $x $x $x $x $x $x $x $x $x) | len }}',
    "passwords": '{{repl derivePassword 1 "long" "a" "b" "c" }}' * 1000,
}  # fmt: skip

PROGRAM = r"""
import json, re, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from shipper.context.catalog import REPL_FUNCTIONS
from shipper.errors import LimitError, TemplateError
from shipper.template.engine import Engine
from shipper.template.source import TemplateSource
from tests.template.harness import check_error
from tests.template.test_sandbox import scope
import time
list(REPL_FUNCTIONS.values())
for name, template in json.load(sys.stdin).items():
    begin = time.process_time()
    try:
        engine = Engine({})
        source = TemplateSource("test", template, templating="repl")
        engine.render(engine.parse(source), scope(), escape="none")
        outcome = "text"
    except (LimitError, TemplateError) as error:
        check_error(error)
        assert len(str(error)) < 500, str(error)[:600]
        outcome = str(error)
    # Not ru_maxrss, which a child inherits from the process it was forked from
    peak = int(re.search(r"VmHWM:\s*([0-9]+) kB", Path("/proc/self/status").read_text())[1]) // 1024
    print(json.dumps([name, outcome, peak, time.process_time() - begin]), flush=True)
"""


def test_every_template_ends() -> None:
    """All in one process: its peak memory is the peak of the worst."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(CASES),
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=False,
        timeout=300,
    )
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    missing = list(CASES)[len(outcomes) :]
    assert done.returncode == 0, (missing[:1], done.stderr[-2000:])
    assert len(outcomes) == len(CASES)
    assert not [(name, peak) for name, _, peak, _ in outcomes if peak > 256]
    # A step costs a microsecond, parsing 150,000 tokens half a second; ten times that is no noise any more
    assert not [(name, seconds) for name, _, _, seconds in outcomes if seconds > 5]
