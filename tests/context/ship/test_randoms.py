"""RandomString and RandomBytes."""

from __future__ import annotations

import base64

import pytest
import re2

from shipper.errors import LimitError, TemplateError
from tests.context.sample import facts, render
from tests.keepers import MemoryKeeper

SHIP = ["[a-z]", "[aB]", "[^a-z]", "[A-Za-z0-9+/]", "[ab]", "[_A-Za-z0-9]", "[[:alnum:]]", r"\\d"]


@pytest.mark.parametrize("class_", SHIP)
def test_the_class_is_respected(class_: str) -> None:
    text = render(f'{{{{repl RandomString 1000 "{class_}" }}}}', facts(keeper=MemoryKeeper()))
    assert len(text) == 1_000
    assert re2.fullmatch(f"(?:{class_.replace(chr(92) * 2, chr(92))})+", text)


def test_without_a_class() -> None:
    assert re2.fullmatch("[_A-Za-z0-9]{64}", render("{{repl RandomString 64 }}", facts(keeper=MemoryKeeper())))
    assert re2.fullmatch("[_A-Za-z0-9]{64}", render("{{ RandomString(64) }}", facts(keeper=MemoryKeeper())))


def test_two_calls_are_two_values() -> None:
    first, second = render("{{repl RandomString 30 }} {{repl RandomString 30 }}", facts(keeper=MemoryKeeper())).split()
    assert first != second


@pytest.mark.parametrize("class_", ["[x]", "bad[", "abc", "", "[aA]", "a"])
def test_what_is_no_class(class_: str) -> None:
    template = f'{{{{repl RandomString 3 "{class_}" }}}}'
    for keeper in (None, MemoryKeeper()):
        with pytest.raises(TemplateError, match="is no class of several characters"):
            render(template, facts(keeper=keeper))
        assert render(template, facts(keeper=keeper, missing="empty")) == ""


def test_without_a_keeper() -> None:
    for template in ("{{repl RandomString 3 }}", '{{repl RandomString 3 "[^a]" }}', "{{repl RandomBytes 3 }}"):
        for missing in ("error", "empty"):
            with pytest.raises(TemplateError, match="needs a state file"):
                render(template, facts(keeper=None)._replace(missing=missing))


def test_nothing_needs_no_keeper() -> None:
    assert render("{{repl RandomString 0 }}{{repl RandomBytes 0 }}", facts(keeper=None)) == ""


def test_counts() -> None:
    for name in ("RandomString", "RandomBytes"):
        with pytest.raises(TemplateError, match="-1"):
            render(f"{{{{ {name}(-1) }}}}")
        with pytest.raises(LimitError, match="65,536"):
            render(f"{{{{ {name}(65537) }}}}")
        with pytest.raises(TemplateError, match="must be an integer"):
            render(f'{{{{ {name}("5") }}}}')


def test_slow_classes_are_charged() -> None:
    with pytest.raises(LimitError):
        render(r'{{repl RandomString 3 "[^a]" }}', facts(keeper=MemoryKeeper(limit=10)))
    assert render(r'{{repl RandomString 3 "[ab]" | len }}', facts(keeper=MemoryKeeper(limit=10))) == "3"


def test_bytes() -> None:
    text = render("{{repl RandomBytes 20 }}", facts(keeper=MemoryKeeper()))
    assert len(base64.b64decode(text, validate=True)) == 20
