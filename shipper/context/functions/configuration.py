"""What the customer configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.context.functions.text import decode_base64
from shipper.context.registry import Scalar, function
from shipper.context.values import FALSE_TEXTS, TRUE_TEXTS, TypedText, path_text, scalar_text
from shipper.errors import TemplateError, did_you_mean

if TYPE_CHECKING:
    from shipper.context.facts import Facts, Option


@function(('{{ ConfigOption("hostname") }}', "app.example.com"))
def ConfigOption(facts: Facts, name: str) -> str:
    """The text of the configuration option `name`, which remembers its declared type.

    `config.replicas` is the same as a typed value.
    """
    option = option_of(facts, name)
    return TypedText(option.text, option.type, path_text("config", name)) if option else ""


@function(('{{ ConfigOptionEquals("tls", "1") }}', "true"))
def ConfigOptionEquals(facts: Facts, name: str, value: Scalar) -> bool:
    """Whether the option's text is `value`; a boolean option is compared as a boolean, so "1" is "true"."""
    option = option_of(facts, name)
    return option is not None and is_value(option, value)


@function(('{{ ConfigOptionNotEquals("tls", "1") }}', "false"))
def ConfigOptionNotEquals(facts: Facts, name: str, value: Scalar) -> bool:
    """Whether the option's text is not `value`."""
    option = option_of(facts, name)
    return option is not None and not is_value(option, value)


@function(('{{ ConfigOptionData("certificate") }}', "hello"))
def ConfigOptionData(facts: Facts, name: str) -> str:
    """The text that the option holds in base64 (a file)."""
    option = option_of(facts, name)
    return decode_base64(option.text, f'option "{name}"', lenient=facts.missing == "empty") if option else ""


def option_of(facts: Facts, name: str) -> Option | None:
    """The option `name`, or None where a missing one counts as empty text."""
    option = facts.options.get(name)
    if option is None and facts.missing != "empty":
        raise TemplateError(f'no configuration option "{name}"', hint=did_you_mean(name, facts.options))
    return option


def is_value(option: Option, value: object) -> bool:
    """Whether `value` is the option's text, or says the same boolean."""
    text = scalar_text(value)
    if option.type == "boolean" and text in TRUE_TEXTS | FALSE_TEXTS:
        return (option.text in TRUE_TEXTS) == (text in TRUE_TEXTS)
    return option.text == text
