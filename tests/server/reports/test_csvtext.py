from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.server.reports.csvtext import csv_text


def test_a_table_has_a_header_and_crlf() -> None:
    text = csv_text(["name", "count"], [["ann", 1], ['b"o,b', 2.5], ["two\nlines", None]])
    assert text == 'name,count\r\nann,1\r\n"b""o,b",2.5\r\n"two\nlines",\r\n'


def test_no_rows_is_a_header() -> None:
    assert csv_text(["name"], []) == "name\r\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "=cmd|' /C calc'!A0"])
def test_no_text_is_a_formula(text: str) -> None:
    ((cell,),) = csv.reader(io.StringIO(csv_text([], [[text]]).removeprefix("\r\n"), newline=""))
    assert cell == f"'{text}"


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=2), max_size=5))
def test_what_is_written_is_read_back(rows: list[list[str]]) -> None:
    text = csv_text(["a", "b"], rows)
    text.encode()
    read = list(csv.reader(io.StringIO(text, newline=""), strict=True))[1:]
    assert [[cell.removeprefix("'") for cell in row] for row in read] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in read for cell in row)
