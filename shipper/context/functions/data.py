"""Values as YAML and JSON text, and text in quotes."""

from __future__ import annotations

from shipper.context.registry import Scalar, function
from shipper.context.serialize import to_flow, to_json, to_yaml
from shipper.context.values import YamlText, scalar_text
from shipper.yamltext import one_line, quote_yaml

WRITTEN = 3  # a value a step


@function(
    ('{{ toYaml({"app": "web", "ports": [80, 443]}) }}', "app: web\nports:\n- 80\n- 443"),
    ('{{ toYaml("yes") }}', '"yes"'),
    shift=WRITTEN,
)
def toYaml(value: object) -> str:
    """A value as block YAML, without a final line break. Text that could be read as something else is quoted."""
    return YamlText(to_yaml(value))


@function(('{{ toJson({"b": 1, "a": [true, none]}) }}', '{"b":1,"a":[true,null]}'), shift=WRITTEN)
def toJson(value: object) -> str:
    """A value as compact JSON, keys in their order."""
    return YamlText(to_json(value))


@function(('{{ yaml({"a": [1, "two"]}) }}', '{"a": [1, "two"]}'), ('{{ "80" | yaml }}', '"80"'), shift=WRITTEN)
def yaml(value: object) -> str:
    """A value as YAML on one line, for a place where block YAML has no room."""
    return YamlText(to_flow(value))


@function(('{{ quote("a \\"b\\"") }}', '"a \\"b\\""'), ("{{ 80 | quote }}", '"80"'))
def quote(value: Scalar) -> str:
    r"""A scalar as a string in double quotes, with the escapes `\n`, `\xNN`, `\uNNNN`, which YAML reads too."""
    return YamlText(quote_yaml(scalar_text(value)))


@function(('{{ squote("it\'s") }}', "'it''s'"))
def squote(value: Scalar) -> str:
    """A scalar as a string in single quotes; in double quotes if it holds line breaks or unprintable characters."""
    text = scalar_text(value)
    if one_line(text) != text:
        return YamlText(quote_yaml(text))
    doubled = text.replace("'", "''")
    return YamlText(f"'{doubled}'")
