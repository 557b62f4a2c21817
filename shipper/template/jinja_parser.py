"""Jinja source to jinja2's own tree. Every node's `lineno` is a character offset (see `jinja_lexer`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.parser import Parser

from shipper.errors import LimitError, TemplateError, did_you_mean, shown
from shipper.template.jinja_lexer import tokenize
from shipper.template.limits import MAX_SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2.lexer import TokenStream

    from shipper.template.source import TemplateSource

TAGS = ("call", "filter", "for", "from", "if", "import", "include", "macro", "print", "raw", "set", "with")

T = TypeVar("T")

_UNSUPPORTED = {
    "autoescape": "YAML is always escaped; see --escape",
    "block": "use a macro or an include",
    "break": "filter the loop: {% for x in list if condition %}",
    "continue": "filter the loop: {% for x in list if condition %}",
    "debug": "use shipper explain",
    "do": "nothing can be changed in place; use {% set %} or a namespace",
    "extends": "use an include, or a macro with a call block",
    "pluralize": "",
    "trans": "",
}
_DESCRIPTIONS = (
    ("end of print statement", "}}"),
    ("begin of print statement", "{{"),
    ("end of statement block", "%}"),
    ("begin of statement block", "{%"),
    ("'end of template'", "the end of the template"),
    ("end of template", "the end of the template"),
)


class _Environment(Environment):
    """Never renders: what the parser asks of an environment is its lexer and that it has no extensions."""

    def _tokenize(
        self,
        source: str,
        name: str | None,  # noqa: ARG002 (jinja2's signature)
        filename: str | None = None,  # noqa: ARG002
        state: str | None = None,
    ) -> TokenStream:
        return tokenize(source, expression=state == "variable")


class _Parser(Parser):
    """jinja2's parser with messages that say where a block was opened and which tags there are."""

    def __init__(self, source: str, state: str | None = None) -> None:
        super().__init__(_ENVIRONMENT, source, state=state)
        self.opened: list[tuple[str, int]] = []

    def parse_statement(self) -> Any:
        token = self.stream.current
        self.opened.append((token.value, token.lineno))
        node = super().parse_statement()
        self.opened.pop()
        return node

    def _fail_ut_eof(self, name: str | None, end_token_stack: list[tuple[str, ...]], lineno: int | None) -> NoReturn:
        if name is None:
            opened, start = self.opened[-1]
            raise _SyntaxError(f'"{opened}" is never closed', start, hint=f"add {{% end{opened} %}}")
        at = lineno or 0
        inner = self.opened[-2] if len(self.opened) > 1 else None
        closes = name.removeprefix("end") if name.startswith("end") else {"else": "if", "elif": "if"}.get(name)
        if closes in TAGS:
            if inner is None:
                raise _SyntaxError(f'"{name}" without "{closes}" before it', at)
            wanted = " or ".join(f'"{tag.partition(":")[2]}"' for tag in end_token_stack[-1])
            raise _SyntaxError(f'"{name}" inside an open "{inner[0]}"', at, hint=f"expected {wanted}")
        if name in _UNSUPPORTED:
            raise _SyntaxError(f'tag "{name}" is not supported', at, hint=_UNSUPPORTED[name])
        hint = did_you_mean(name, TAGS) or f"there are {', '.join(TAGS)}"
        raise _SyntaxError(f"unknown tag {shown(name)}", at, hint=hint)

    def parse_block(self) -> NoReturn:
        self.fail_unknown_tag("block", self.stream.current.lineno)

    def parse_extends(self) -> NoReturn:
        self.fail_unknown_tag("extends", self.stream.current.lineno)

    def parse_autoescape(self) -> NoReturn:
        self.fail_unknown_tag("autoescape", self.stream.current.lineno)


class _SyntaxError(TemplateSyntaxError):
    """A TemplateSyntaxError with a hint."""

    def __init__(self, message: str, lineno: int, hint: str = "") -> None:
        super().__init__(message, lineno)
        self.hint = hint


_ENVIRONMENT = _Environment(keep_trailing_newline=True)


def parse(source: TemplateSource) -> nodes.Template:
    """The tree of `source`.

    Raises TemplateError with a position for what is no Jinja or not supported, and LimitError for a source that is too large
    or too deeply nested.
    """
    body = _guard(source, lambda: _Parser(source.text).subparse())
    return nodes.Template(body, lineno=0)


def parse_expression(source: TemplateSource) -> nodes.Expr:
    """The tree of `source` read as one bare expression; raises as `parse`."""

    def read() -> nodes.Expr:
        parser = _Parser(source.text, state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            parser.fail(f'unexpected "{parser.stream.current.value}" after the expression')
        return expression

    return _guard(source, read)


def _guard(source: TemplateSource, read: Callable[[], T]) -> T:
    if len(source.text) > MAX_SOURCE:
        raise LimitError(f"a template may have {MAX_SOURCE:,} characters at most", position=source.position(0))
    try:
        return read()
    except TemplateSyntaxError as error:
        from shipper.template.foreign import foreign_hint

        hint = getattr(error, "hint", "") or foreign_hint(source, error.lineno)
        position = source.position(error.lineno)
        raise TemplateError(_plain(error.message or "no template"), position=position, hint=hint) from None
    except LimitError as error:
        error.position = source.position(0)
        raise
    except RecursionError:
        raise LimitError("the template is nested too deeply", position=source.position(0)) from None


def _plain(message: str) -> str:
    for theirs, ours in _DESCRIPTIONS:
        message = message.replace(theirs, ours)
    message = re.sub(r"(?<!\w)'([^']*)'(?!\w)", r'"\1"', message).rstrip(".")
    return message[:1].lower() + message[1:]
