"""Real actions of public specs, from the shared corpus: each parses, or its error names what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shipper.errors import TemplateError
from tests.corpora import corpus
from tests.template.repl.outline import parsed

DECLARED = "$ca $cert $tls $service"
"""Variables that the specs declare in an action before."""
PREFIX = "".join(f"{{{{repl {name} := print }}}}" for name in DECLARED.split())

# What is no template in any version of Ship or KOTS, and what is said of it
WRONG = {
    r'^(\{\{repl|repl\{\{) *\w+\s+\\"': r'unexpected "\\" \(quotes need no backslash here\)',
    r"^(\{\{repl|repl\{\{) *\w+ pom_file": r'no function "pom_file" \(.*a text goes in double quotes\)',
    r"^\{\{repl configOption ": r'no function "configOption" \(did you mean "ConfigOption"\?\)',
    r"^\{\{repl ParseBool True": r'no function "True" \(write true\)',
    r"^\{\{repl if pipeline": r'no function "pipeline"',
    r"^(\{\{repl|repl\{\{) *(AnyFunction|DoesNotExistFunc|NotARealTemplate|NotATemplateFunction)": r'no function "\2"',
    # Pieces of programs, not of templates
    r'^repl\{\{"\) \|\| strings\.Contains': r"unexpected",
    r"^repl\{\{\|\{\{repl\)": r"an action without an end",
}
# What only other products of Replicated have
ABSENT = re.compile(r'no function "(\w+)" \(.+\)|there is no "\.Result" \(.+\)')


def examples() -> list[str]:
    found: dict[str, Any] = {}
    for group in corpus("repl-syntax-examples.json").values():
        found.update(dict.fromkeys(group))
    return list(found)


def whole(text: str) -> str:
    """The action with what stands around it in its spec."""
    if re.match(r"(\{\{repl|repl\{\{)-? *end\b", text):
        return f"{PREFIX}{{{{repl if true }}}}{text}"
    opens = re.match(r"(\{\{repl|repl\{\{)-? *(if|range)\b", text)
    return PREFIX + text + ("{{repl end }}" if opens else "")


def expected(text: str) -> str | None:
    for pattern, message in WRONG.items():
        match = re.match(pattern, text)
        if match:
            return message.replace(r"\2", match[2]) if r"\2" in message else message
    return None


@pytest.mark.parametrize("text", examples())
def test_an_example_parses_or_its_error_names_what_is_wrong(text: str) -> None:
    message = expected(text)
    try:
        parsed(whole(text))
    except TemplateError as error:
        assert error.position is not None
        said = f"{error.message} ({error.hint})" if error.hint else error.message
        if message is None:
            found = ABSENT.fullmatch(said)
            assert found, said
            assert found[1] is None or found[1] in text
        else:
            assert re.search(message, said), said
    else:
        assert message is None, "this is no template"


def test_most_examples_parse() -> None:
    """What doesn't is another product's function or a mistake in the source of the example."""
    failing = []
    for text in examples():
        try:
            parsed(whole(text))
        except TemplateError:
            failing.append(text)
    assert len(failing) <= 0.25 * len(examples()), failing
