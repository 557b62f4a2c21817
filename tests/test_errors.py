from __future__ import annotations

from shipper.errors import MAX_SHOWN, shown


def test_a_text_is_shown_in_quotes_and_in_one_line() -> None:
    assert shown("a b") == '"a b"'
    assert shown('say "a"\n\x1b\u202e\ud800') == r'"say \"a\"\n\x1b\u202e\ud800"'
    assert shown("") == '""'


def test_a_long_text_is_cut_in_its_middle() -> None:
    text = "a" * 100 + "end"
    assert shown(text) == f'"{"a" * 60}…aaaaaaaend"'
    assert len(shown(text)) <= MAX_SHOWN
    assert shown("a" * MAX_SHOWN) == f'"{"a" * MAX_SHOWN}"'
