from __future__ import annotations

import pytest

from shipper.context.build import build_scope
from shipper.context.functions import FUNCTIONS
from shipper.errors import TemplateError
from shipper.template.engine import Engine
from shipper.template.source import TemplateSource
from tests.context.sample import facts


def decide(text: str) -> bool:
    known = facts(missing="empty")
    return Engine(FUNCTIONS, missing="empty").condition(
        TemplateSource("t", text, templating="repl"), build_scope(known)
    )


@pytest.mark.parametrize("spelling", ["1", "t", "T", "TRUE", "true", "True"])
def test_what_holds(spelling: str) -> None:
    for text in (spelling, f'{{{{repl "{spelling}" }}}}', f"\n {spelling}\n", f'{{{{repl "{spelling}" }}}}\n'):
        assert decide(text) is True


@pytest.mark.parametrize("spelling", ["0", "f", "F", "FALSE", "false", "False"])
def test_what_does_not_hold(spelling: str) -> None:
    for text in (spelling, f'{{{{repl "{spelling}" }}}}', f"{{{{repl if true }}}}{spelling}{{{{repl end }}}}"):
        assert decide(text) is False


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        (" false", 'the text " false"', "Ship takes it for true"),
        ("{{repl false }}\n", 'the text "false\\n"', "Ship takes it for true"),
        ('{{repl ConfigOption "nope" }}', "an empty text", "a missing name is an empty text"),
        ("{{repl /* nothing */}}", "an empty text", "a missing name is an empty text"),
        ('"false"', 'the text "\\"false\\""', "leave out the quotes"),
        ("'true'", "the text \"'true'\"", "leave out the quotes"),
        ('{{repl " true" }}', 'the text " true"', "leave out the blanks around it"),
        ("yes", 'the text "yes"', 'write "true" or "false"'),
        ("Off", 'the text "Off"', 'write "true" or "false"'),
        ("fAlse", 'the text "fAlse"', 'write "true" or "false"'),
        ('{{repl EntitlementValue "num_seats" }}', 'the text "50"', 'compare it, as in eq (…) "true"'),
        ("{{repl . }}", 'the text "<no value>"', 'compare it, as in eq (…) "true"'),
        ("{{repl 1.5 }}", 'the text "1.5"', 'compare it, as in eq (…) "true"'),
        ("truefalse", 'the text "truefalse"', 'compare it, as in eq (…) "true"'),
    ],
)
def test_what_decides_nothing(text: str, what: str, hint: str) -> None:
    with pytest.raises(TemplateError) as caught:
        decide(text)
    assert caught.value.message == f"neither true nor false but {what}"
    assert caught.value.hint.startswith(hint)
    assert caught.value.position is not None
