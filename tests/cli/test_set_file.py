"""Options whose value is what a file holds."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

BINARY = bytes(range(256))
SPEC = """\
assets.v1:
- inline:
    dest: out.yaml
    contents: |
      apiVersion: v1
      kind: Secret
      metadata: {name: s}
      data: {cert: "{{ ConfigOption("cert") }}"}
      stringData: {text: {{ config.text }}, data: {{ ConfigOptionData("cert") if config.show else "" }}, pw: {{ config.pw }}}
config.v1:
- name: g
  items:
  - {name: cert, type: file}
  - {name: text}
  - {name: pw, type: password}
  - {name: show, type: bool}
  - {name: count, type: integer}
"""


def lines(ran: Ran) -> list[str]:
    assert ran.code == 0, ran.err
    return ran.out.splitlines()


def test_a_file_option_holds_the_bytes_in_base64(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "cert").write_bytes(BINARY)
    ran = render(SPEC, "--set-file", "cert=cert")
    assert lines(ran)[3] == f'data: {{cert: "{b64encode(BINARY).decode()}"}}'


def test_its_data_is_the_text_of_the_file(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "cert").write_text("a: 'ü'\n")
    ran = render(SPEC, "--set-file", "cert=cert", "--set", "show=1")
    assert "data: \"a: 'ü'\\n\"" in lines(ran)[4]


def test_bytes_that_are_no_text_have_no_data(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "cert").write_bytes(BINARY)
    ran = render(SPEC, "--set-file", "cert=cert", "--set", "show=1")
    assert (ran.code, ran.out) == (4, "")
    assert 'option "cert" holds bytes that are no UTF-8 text' in ran.err


def test_other_options_hold_the_text_with_its_last_line_break(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"a\r\nb=c\n")
    assert 'text: "a\\r\\nb=c\\n"' in lines(render(SPEC, "--set-file", "text=text"))[4]


def test_it_wins_over_set_and_values(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("text: from-values\n")
    (tmp_path / "text").write_text("from-file")
    ran = render(SPEC, "--set-file", "text=text", "--set", "text=from-set", "--values", "v.yaml")
    assert "text: from-file" in lines(ran)[4]


def test_later_values_files_win_over_earlier_ones(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("text: a\npw: a\n")
    (tmp_path / "b.yaml").write_text("text: b\npw: null\n")
    assert '{text: b, data: "", pw: a}' in lines(render(SPEC, "-f", "a.yaml", "-f", "b.yaml"))[4]
    assert '{text: a, data: "", pw: a}' in lines(render(SPEC, "-f", "b.yaml", "-f", "a.yaml"))[4]


@pytest.mark.parametrize("value", ["aGVsbG8", "a b=", "aGVs!G8=", "=", "höllo", "YWJj=", "YWJj===="])
def test_a_file_option_takes_base64_only_and_shows_nothing_of_it(value: str, render: Callable[..., Ran]) -> None:
    ran = render(SPEC, "--set", f"cert={value}")
    expected = "error: option cert: the value is no standard base64 (--set-file NAME=PATH takes the file itself)\n"
    assert (ran.code, ran.out, ran.err) == (3, "", expected)


def test_base64_with_line_breaks_becomes_one_line(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("cert: |\n  aGVs\n  bG8=\n")
    assert lines(render(SPEC, "-f", "v.yaml"))[3] == 'data: {cert: "aGVsbG8="}'


@pytest.mark.parametrize(
    ("setting", "code", "message"),
    [
        ("cert", 2, "error: --set-file takes NAME=PATH"),
        ("=cert", 2, "error: --set-file takes NAME=PATH"),
        ("cert=", 2, "error: --set-file takes NAME=PATH"),
        ("cert=missing", 2, 'error: option cert: no such file: "missing"'),
        ("cert=.", 2, 'error: option cert: "." is a directory, not a file'),
        ("text=bytes", 3, "error: option text: the file is no UTF-8 text (only the type file takes any bytes)"),
        ("count=secret", 3, 'error: option count: "geheim\\n" is no integer'),
        ("crt=secret", 3, 'error: there is no option "crt" (did you mean "cert"?)'),
    ],
)
def test_what_is_refused(setting: str, code: int, message: str, render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff")
    (tmp_path / "secret").write_text("geheim\n")
    ran = render(SPEC, "--set-file", setting)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(message)


def test_a_password_from_a_file_stays_secret(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("correct horse\n")
    spec = SPEC + "lifecycle.v1: [{message: {contents: 'pw is {{ config.pw }}'}}, {render: {}}]\n"
    ran = render(spec, "--set-file", "pw=pw")
    assert ran.code == 0
    assert "horse" not in ran.err
    assert "pw is ********" in ran.err
    assert "horse" not in render(spec, "--set-file", "pw=pw", command="explain").out


def test_a_file_that_is_too_large(render: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"a" * (4 * 1024 * 1024 + 1))
    ran = render(SPEC, "--set-file", "cert=big")
    assert ran.code == 8
    assert "larger than the limit" in ran.err


def test_standard_input_is_one_input(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    ran = shipper("render", "spec.yaml", "--set-file", "cert=-", stdin=b"hello")
    assert lines(ran)[3] == 'data: {cert: "aGVsbG8="}'
    twice = ("error: only one input can be standard input\n", 2)
    for arguments in (
        ("render", "spec.yaml", "--set-file", "cert=-", "--set-file", "text=-"),
        ("render", "-", "--set-file", "cert=/dev/stdin"),
        ("eval", "-", "--set-file", "a=-"),
    ):
        ran = shipper(*arguments, stdin=b"hello")
        assert (ran.err, ran.code) == twice


def test_eval_takes_text_from_a_file(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x\n")
    assert shipper("eval", "{{ config.a }}", "--set-file", "a=a").out == "x\n"
    (tmp_path / "a").write_bytes(b"\xff")
    assert shipper("eval", "{{ config.a }}", "--set-file", "a=a").code == 3
