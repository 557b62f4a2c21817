"""Templates that end themselves."""

from __future__ import annotations

import pytest

from shipper.context.sprig.flow import MAX_MESSAGE
from shipper.errors import TemplateError
from tests.context.sample import render
from tests.context.sprig.given import call, check, refuse


def test_the_message_becomes_the_error_where_the_call_stands() -> None:
    with pytest.raises(TemplateError) as caught:
        render('a: 1\nb: {{repl fail "seats are missing" }}')
    assert caught.value.message == "fail: seats are missing"
    assert caught.value.position is not None
    assert (caught.value.position.line, caught.value.position.column) == (2, 11)
    with pytest.raises(TemplateError, match="fail: no"):
        render("{{ 'no' | fail }}")


def test_only_the_branch_that_is_taken_fails() -> None:
    check('if false }}{{repl fail "x" }}{{repl else }}ok{{repl end', "ok")


def test_a_message_takes_one_line_and_no_power_over_the_terminal() -> None:
    with pytest.raises(TemplateError) as caught:
        call("fail", "a\nb\x1b[31m" + "x" * 2 * MAX_MESSAGE)
    assert caught.value.message.startswith("fail: a b\\x1b[31mxxx")
    assert len(caught.value.message) < MAX_MESSAGE + 20


def test_hello() -> None:
    check("hello", "Hello!")
    refuse("hello 1", "hello")
