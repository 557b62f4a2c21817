"""Sprig's random values."""

from __future__ import annotations

import base64
import re
from uuid import UUID

import pytest

from shipper.errors import LimitError, TemplateError
from tests.context.sample import facts, render
from tests.keepers import MemoryKeeper


def made(template: str) -> str:
    return render(template, facts(keeper=MemoryKeeper()))


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("randAlphaNum", "[A-Za-z0-9]{500}"),
        ("randAlpha", "[A-Za-z]{500}"),
        ("randNumeric", "[0-9]{500}"),
        ("randAscii", "[ -~]{500}"),
    ],
)
def test_text(name: str, pattern: str) -> None:
    text = made(f"{{{{repl {name} 500 }}}}")
    assert re.fullmatch(pattern, text)
    assert len(set(text)) > (9 if name == "randNumeric" else 40)
    assert made(f"{{{{repl {name} 0 }}}}") == ""
    with pytest.raises(TemplateError, match="-3"):
        made(f"{{{{repl {name} -3 }}}}")
    with pytest.raises(LimitError):
        made(f"{{{{repl {name} 100000 }}}}")
    assert render(f"{{{{repl {name} -3 }}}}", facts(missing="empty")) == ""


def test_bytes() -> None:
    assert len(base64.b64decode(made("{{repl randBytes 24 }}"), validate=True)) == 24
    assert made("{{repl randBytes 0 }}") == ""


def test_integers() -> None:
    values = [int(made("{{repl randInt -2 3 }}")) for _ in range(200)]
    assert {-2, -1, 0, 1, 2} == set(values)
    assert made("{{repl printf `%d` (randInt 4 5) }}") == "4"
    for bounds in ("5 5", "6 5", "0 9223372036854775808"):
        with pytest.raises(TemplateError):
            made(f"{{{{repl randInt {bounds} }}}}")


def test_uuid() -> None:
    found = UUID(made("{{repl uuidv4 }}"))
    assert (found.version, found.variant) == (4, "specified in RFC 4122")


def test_shuffle() -> None:
    assert sorted(made('{{repl "hällo" | shuffle }}')) == sorted("hällo")
    assert len({made('{{repl shuffle "abcdefgh" }}') for _ in range(20)}) > 10


@pytest.mark.parametrize(
    "call",
    [
        "randAlphaNum 5",
        "randAlpha 5",
        "randNumeric 5",
        "randAscii 5",
        "randBytes 5",
        "randInt 1 5",
        "uuidv4",
        'shuffle "ab"',
    ],
)
def test_without_a_keeper(call: str) -> None:
    with pytest.raises(TemplateError, match="needs a state file"):
        render(f"{{{{repl {call} }}}}", facts(keeper=None, missing="empty"))
