"""SQL with `?` becomes Postgres' own, and a script its statements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.storage.dialect import bulk, numbered, plain_insert, statements


@pytest.mark.parametrize(
    ("sql", "ours"),
    [
        ("SELECT ?, '?', \"?\" /* ? */ -- ?\n, ?", "SELECT $1, '?', \"?\" /* ? */ -- ?\n, $2"),
        ("a = 'it''s ?' AND b = ?", "a = 'it''s ?' AND b = $1"),
        ("LIKE '%?' || ?", "LIKE '%?' || $1"),
        ("", ""),
    ],
)
def test_parameters_are_numbered(sql: str, ours: str) -> None:
    assert numbered(sql) == ours


@given(st.lists(st.sampled_from(["?", "'?'", "'a''?;'", '"?;"', "/* ?; */", "-- ?;\n", " x ", ";"])))
def test_only_what_is_no_text_counts(parts: list[str]) -> None:
    # Blanks between them: two texts side by side are one with a quote in it
    script = " ".join(parts)
    assert numbered(script).count("$") == parts.count("?")
    assert len(list(statements(script + ";"))) == parts.count(";") + 1


def test_a_script_is_split_at_its_semicolons() -> None:
    script = "-- a; b\nCREATE TABLE a (b TEXT DEFAULT ';'); -- c;\n\nDROP TABLE a;\n-- the end;\n"
    assert list(statements(script)) == [
        "-- a; b\nCREATE TABLE a (b TEXT DEFAULT ';')",
        "-- c;\n\nDROP TABLE a",
    ]
    assert list(statements("SELECT 1")) == ["SELECT 1"]


@pytest.mark.parametrize(
    ("sql", "plain"),
    [
        ("INSERT INTO a (b, c) VALUES (?, ?)", True),
        ("insert into a(b) values(?) on conflict do nothing;", True),
        ("INSERT INTO a (b) VALUES (?) ON CONFLICT (b) DO UPDATE SET b = excluded.b", True),
        ("INSERT INTO a (b) VALUES (?) ON CONFLICT (b) DO UPDATE SET b = ?", False),
        ("INSERT INTO a (b) VALUES (?) ON CONFLICT (c) DO UPDATE SET b = excluded.b", False),
        ("INSERT INTO a (b) VALUES (?) ON CONFLICT ON CONSTRAINT d DO UPDATE SET b = excluded.b", False),
        ("INSERT INTO a (b, c) VALUES (?, 1)", False),
        ("INSERT INTO a (b) VALUES (?) RETURNING b", False),
        ("UPDATE a SET b = ?", False),
    ],
)
def test_plain_inserts_are_known(sql: str, plain: bool) -> None:
    assert (plain_insert(sql) is not None) == plain


def test_many_rows_are_one_statement() -> None:
    insert = plain_insert("INSERT INTO a (b, c) VALUES (?, ?) ON CONFLICT DO NOTHING")
    assert insert is not None
    assert bulk(insert, [("x", None), (None, True)]) == (
        "INSERT INTO a (b, c) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING",
        ["x", None, None, True],
    )
    assert bulk(insert, [("x", None), ("y",)]) is None


def test_rows_that_update_the_same_one_are_no_single_statement() -> None:
    insert = plain_insert("INSERT INTO a (b, c, d) VALUES (?, ?, ?) ON CONFLICT (d, b) DO UPDATE SET c = excluded.c")
    assert insert is not None
    assert bulk(insert, [("x", 1, "y"), ("x", 2, "z"), ("y", 1, "y")]) is not None
    assert bulk(insert, [("x", 1, "y"), ("x", 2, "y")]) is None
