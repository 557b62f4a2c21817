"""Values are put together as Helm does it, and messages name the place of a value, never the value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shipper.errors import LimitError, ShipperError
from shipper.setup.values import MAX_BYTES, MAX_DEPTH, Given, merge, read_values
from tests.setup.helm_values import coalesced

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DEFAULTS = """\
text: one
number: 8080
empty: {}
list: [1, 2]
nothing: null
map: {a: 1, b: {c: 2, d: 3}, e: [4]}
"""
# Texts of files, and flags
CASES: tuple[tuple[Sequence[str], Sequence[str]], ...] = (
    ((), ()),
    (("",), ()),
    (("# only a comment\n",), ()),
    (("map: {b: {c: 5}}\nlist: [{x: null}]\nnew: {x: null}\n",), ()),
    (("map: {a: null, b: null, zz: null}\ntext: null\nunknown: null\nempty: {x: null}\nnothing: {a: 1}\n",), ()),
    (("map: {b: {c: 5}}\n", "map: null\n"), ()),
    (("map: null\n", "map: {b: {d: 6}}\n"), ()),
    (("map: {b: 7}\ntext: {a: 1}\n",), ()),
    (("list: {a: 1}\nmap: []\n",), ()),
    (
        (
            "number: 0o17\na: 0777\nb: yes\nc: 1_000\nd: 8080.0\ne: 1e3\nf: 12345678901234567890\ni: 1e20\nj: 1e21\nk: -0.0\ng: 0.1\nh: 12:30\n",
        ),
        (),
    ),
    (("8: x\ntrue: y\n1.5: z\nno: w\nbig: 9007199254740993\nneg: -9007199254740993\nh: 2001-01-01\n",), ()),
    (("a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}\nf: !!str 3\ng: !!binary aGk=\n",), ()),
    (("list: [a, b]\n",), ("--set", "list[0]=c,map.b.c=null,number=null", "--set-string", "number=7")),
    (("map: {b: {c: 5}}\n",), ("--set", "map.b.c=6,map.b.zz=null,empty.x=1")),
    (("---\ntext: two\n...\n",), ("--set", "text=three")),
)


def given_by(files: Sequence[Path], flags: Sequence[str]) -> Given:
    pairs = list(zip(flags[::2], flags[1::2], strict=True))
    return Given(
        [str(file) for file in files],
        [text for flag, text in pairs if flag == "--set"],
        [text for flag, text in pairs if flag == "--set-string"],
    )


@pytest.mark.parametrize("helm", ["helm", "helm3"])
@pytest.mark.parametrize(("texts", "flags"), CASES)
def test_values_are_those_that_helm_sees(tmp_path: Path, texts: Sequence[str], flags: Sequence[str], helm: str) -> None:
    files = [tmp_path / f"{number}.yaml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    (tmp_path / "chart").mkdir()
    named = [part for file in files for part in ("-f", str(file))]
    theirs = coalesced(tmp_path / "chart", DEFAULTS, [*named, *flags], helm)
    defaults = read_values(str(tmp_path / "chart" / "values.yaml")).data
    assert merge(defaults, given_by(files, flags)).values == theirs


def read(tmp_path: Path, data: str | bytes) -> Any:
    file = tmp_path / "v.yaml"
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_values(str(file))


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ("a: {hush\nb: 1}\n", ":2:2"),
        ("a: *hush\n", ":1:1"),
        ("a: 1\nb: hush\na: hush2\n", ":3:1"),
        ("- hush\n", ":1:1"),
        ("hush\n", ":1:1"),
        ("a: 1\n---\nb: hush\n", ":3:1"),
        ("a: !!int hush\n", ":1:1"),
        ("a: .nan\nhush: 1\n", ":1:1"),
        (b"a: 1\nb: hush \xff\n", ":2"),
        (b"\xff\xfea\x00", ":1"),
        ("a: hush\x01\n", ":1:8"),
        ("a: " + "[" * (MAX_DEPTH + 1) + "hush" + "]" * (MAX_DEPTH + 1), ":1:"),
        ("a: " + "[" * 5_000, ""),
        ("a: &a [hush,hush,hush,hush,hush,hush,hush,hush,hush]\n"
         + "".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)),
         ""),
    ],
)  # fmt: skip
def test_what_is_no_values_file_is_refused_with_its_place_only(tmp_path: Path, data: str | bytes, place: str) -> None:
    with pytest.raises(ShipperError) as raised:
        read(tmp_path, data)
    error = raised.value
    assert error.exit_code in {2, 3, 8}
    assert "hush" not in str(error)
    assert error.position is not None
    assert error.position.text == ""
    assert str(error.position).startswith(f"{tmp_path}/v.yaml{place}")


def test_a_value_has_the_place_of_the_file_that_it_comes_from(tmp_path: Path) -> None:
    low, high = tmp_path / "low.yaml", tmp_path / "high.yaml"
    low.write_text("a:\n  b: 1\n  c: 2\n", encoding="utf-8")
    high.write_text("# mine\na:\n  c: 3\nlist:\n  - x\n", encoding="utf-8")
    merged = merge({"a": {"d": 4}}, Given([str(low), str(high)], ["a.e=5,list[1]=y"]))
    assert merged.values == {"a": {"b": 1, "c": 3, "d": 4, "e": 5}, "list": ["x", "y"]}
    assert str(merged.position(("a", "b"))) == f"{low}:2:3"
    assert str(merged.position(("a", "c"))) == f"{high}:3:3"
    assert str(merged.position(("list", 0))) == f"{high}:5:5"
    assert merged.position(("a", "d")) is None
    assert merged.position(("a", "e")) is None
    assert merged.position(("list", 1)) is None


def test_flags_win_and_make_their_maps() -> None:
    given = Given(sets=["a.b=1,c=2"], flags={("a", "b"): 3, ("c", "d"): 4, ("e",): [5]})
    assert merge({}, given).values == {"a": {"b": 3}, "c": {"d": 4}, "e": [5]}


def test_a_file_can_be_a_value(tmp_path: Path) -> None:
    (tmp_path / "tls.key").write_bytes(b"\xef\xbb\xbfone\ntwo, three\n")
    given = Given(set_files=[rf"tls.data.tls\.key={tmp_path}/tls.key"])
    assert merge({}, given).values == {"tls": {"data": {"tls.key": "one\ntwo, three\n"}}}


def test_a_file_may_be_as_large_as_what_templates_read(tmp_path: Path) -> None:
    path = tmp_path / "v.yaml"
    path.write_text("#" * MAX_BYTES)
    assert read_values(str(path)).data == {}
    path.write_text("#" * (MAX_BYTES + 1))
    with pytest.raises(LimitError, match="larger than the limit of 1,048,576 bytes"):
        read_values(str(path))
