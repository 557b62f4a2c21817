"""What the customer configured, where Ship and KOTS have more or other functions than the core."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.context.functions.configuration import is_value, option_of
from shipper.context.registry import function
from shipper.errors import TemplateError

if TYPE_CHECKING:
    from shipper.context.facts import Facts, Option


@function(
    ('{{repl ConfigOptionEquals "hostname" "app.example.com" }}', "true"),
    ('{{repl ConfigOptionEquals "tls" "1" }}', "true"),
    table="repl",
)
def ConfigOptionEquals(facts: Facts, name: str, value: str) -> bool:
    """Whether the option's text is the text `value`; a boolean option is compared as a boolean, so "1" is "true"."""
    option = option_of(facts, name)
    return option is not None and _is_value(option, value)


@function(('{{repl ConfigOptionNotEquals "hostname" "a.example.com" }}', "true"), table="repl")
def ConfigOptionNotEquals(facts: Facts, name: str, value: str) -> bool:
    """Whether the option's text is another than `value`."""
    option = option_of(facts, name)
    return option is not None and not _is_value(option, value)


def _is_value(option: Option, value: str) -> bool:
    """As in Jinja; but a boolean option that has no text has no value, not even false."""
    return is_value(option, value) if option.text else not value


@function(('{{repl ConfigOptionIndex "hostname" | quote }}', '""'), table="further")
def ConfigOptionIndex(facts: Facts, name: str) -> str:
    """Always empty, as in Ship; the option must exist."""
    option_of(facts, name)
    return ""


@function(('{{repl ConfigOptionName "hostname" }}', "hostname"), table="further")
def ConfigOptionName(facts: Facts, name: str) -> str:
    """The name of an option: `name` itself, if there is such an option."""
    option_of(facts, name)
    return str(name)


@function(('{{repl ConfigOptionFilename "certificate" }}', "server.crt"), table="further")
def ConfigOptionFilename(facts: Facts, name: str) -> str:
    """The name of the file that the option's value was read from, without its folder; empty if it has no value."""
    option = option_of(facts, name)
    if option is None or option.filename or not option.text or facts.missing == "empty":
        return option.filename if option else ""
    raise TemplateError(f'option "{name}" was not read from a file', hint=f"give it with --set-file {name}=PATH")
