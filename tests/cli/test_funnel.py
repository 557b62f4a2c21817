from __future__ import annotations

import pytest

from shipper.cli.funnel import describe, printable, run
from shipper.errors import (
    LicenseError,
    LimitError,
    NetworkError,
    OutputError,
    Position,
    ShipperError,
    SpecError,
    TemplateError,
    UsageError,
)


def raising(error: BaseException) -> int:
    def command() -> int:
        raise error

    return run(command)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 2),
        (SpecError("x"), 3),
        (TemplateError("x"), 4),
        (LicenseError("x"), 5),
        (NetworkError("x"), 6),
        (OutputError("x"), 7),
        (LimitError("x"), 8),
        (MemoryError(), 8),
        (RecursionError(), 8),
        (ValueError("x"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_the_exit_code_follows_the_class(error: BaseException, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(error) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_a_closed_pipe_is_quiet(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipper.cli.output.discard", lambda: None)
    assert raising(BrokenPipeError()) == 0
    assert capfd.readouterr().err == ""


def test_a_bug_is_one_line_that_says_how_to_report(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHIPPER_DEBUG", raising=False)
    raising(KeyError("\x1b[31m"))
    error = capsys.readouterr().err
    assert error == (
        "bug: KeyError: '\\x1b[31m'; please report it with the output of the same command under SHIPPER_DEBUG=1\n"
    )


def test_a_bug_shows_its_traceback_on_demand(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIPPER_DEBUG", "1")
    raising(KeyError("x"))
    assert "Traceback" in capsys.readouterr().err


def test_an_error_has_place_subject_message_hint_source_line_and_caret() -> None:
    error = TemplateError(
        'EntitlementValue: no entitlement "num_seat" in license lic_1',
        position=Position("specs/acme.yaml", 14, 22, '          value: {{ EntitlementValue("num_seat") }}'),
        subject="asset k8s/deploy.yaml",
        hint='did you mean "num_seats"?',
    )
    assert describe(error) == (
        'specs/acme.yaml:14:22: asset k8s/deploy.yaml: EntitlementValue: no entitlement "num_seat" in license lic_1'
        ' (did you mean "num_seats"?)\n'
        '            value: {{ EntitlementValue("num_seat") }}\n'
        "                       ^"
    )


def test_an_error_without_a_place() -> None:
    assert describe(UsageError("no file x")) == "error: no file x"


def test_the_caret_follows_tabs_and_wide_characters() -> None:
    error = SpecError("x", position=Position("f", 1, 4, "\t漢\x1b!"))
    assert describe(error).split("\n")[1:] == ["  \t漢\\x1b!", "  \t      ^"]


def test_a_long_line_is_cut_around_the_column() -> None:
    error = SpecError("x", position=Position("f", 1, 501, "a" * 500 + "!" + "b" * 500))
    _, source, caret = describe(error).split("\n")
    assert len(source) < 130
    assert source[caret.index("^")] == "!"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a\\nb"),
        ("\x1b]0;x\x07", "\\x1b]0;x\\x07"),
        ("\u202eabc", "\\u202eabc"),
        ("\u2028", "\\u2028"),
        ("\udc80", "\\udc80"),
        ("größe 漢", "größe 漢"),
    ],
)
def test_what_a_terminal_might_obey_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_color_only_where_it_is_wanted() -> None:
    error = ShipperError("x", position=Position("f", 1))
    assert "\x1b" not in describe(error)
    assert "\x1b" in describe(error, color=True)
