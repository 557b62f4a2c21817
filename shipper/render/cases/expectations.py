"""Reading what a case expects."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shipper.render.cases.golden import is_file
from shipper.render.cases.model import Expected, ExpectedError, Files, Part
from shipper.spec.fields import Fields, Report, scalar_of
from shipper.spec.model import Text
from shipper.yamlio import Mapping, Scalar, to_data

if TYPE_CHECKING:
    from shipper.yamlio import Node

EXPECT_KEYS = ("files", "rendered", "skipped", "contains", "lacks", "documents", "golden", "error")
ERROR_KEYS = ("message", "exit_code")
MAX_EXIT_CODE = 255


def expected_of(fields: Fields) -> Expected:
    """What stands below `expect` in a case. Raises SpecError."""
    node = fields.get("expect")
    if node is None:
        return Expected()
    what = f'{fields.what}: "expect"'
    expect = Fields(node, what, Report(None), EXPECT_KEYS)
    error = expect.get("error")
    if error is not None:
        for name in EXPECT_KEYS[:-1]:
            if expect.get(name) is not None:
                raise expect.key(name).error(
                    f'{what}: nothing is rendered where an error is expected, so "{name}" is too much'
                )
        return Expected(error=_error(error, what))
    files = expect.get("files")
    return Expected(
        files=Files(texts(expect, "files"), files.position) if files is not None else None,
        rendered=texts(expect, "rendered"),
        skipped=texts(expect, "skipped"),
        contains=_by_file(expect, "contains"),
        lacks=_by_file(expect, "lacks"),
        documents=tuple(_part(item, what) for item in expect.items("documents")),
        golden=_golden(expect),
    )


def _error(node: Node, what: str) -> ExpectedError:
    """An error: its message alone, or a map."""
    if isinstance(node, Scalar):
        return ExpectedError(_telling(Text(node.text, node), f'{what}: "error"'), None, node.position)
    fields = Fields(node, f'{what}: "error"', Report(None), ERROR_KEYS)
    code = fields.scalar("exit_code")
    message = fields.text("message")
    if code is None and message is None:
        raise node.error(f"{fields.what} says which one", hint="a text of its message, or {exit_code: …}")
    value = code.value if code else None
    if code is not None and not (type(value) is int and 0 < value <= MAX_EXIT_CODE):
        raise code.error(f'{fields.what}: "exit_code" is a number from 1 to {MAX_EXIT_CODE}')
    if message is not None:
        _telling(message, fields.what)
    return ExpectedError(message, value if isinstance(value, int) else None, node.position)


def _telling(text: Text, what: str) -> Text:
    """A text to look for. Raises SpecError for an empty one, which is everywhere: nothing would be tested."""
    if not text.text:
        raise text.scalar.error(f"{what}: an empty text is everywhere")
    return text


def _golden(fields: Fields) -> Text | None:
    """The path of golden output: below the folder of the case's file, since what it names is replaced."""
    text = fields.text("golden")
    if text is None:
        return None
    names = text.text.split("/")
    if os.path.isabs(text.text) or ".." in names or not set(names) - {"", "."} or "\0" in text.text:
        raise text.scalar.error(f'{fields.what}: "golden" is a path below the folder of the case\'s file, without ..')
    if is_file(text) and not os.path.dirname(os.path.normpath(text.text)):
        raise text.scalar.error(
            f'{fields.what}: "golden" is a file among the cases, and would be taken for one',
            hint=f"such as golden/{os.path.basename(text.text)}",
        )
    return text


def _part(node: Node, what: str) -> Part:
    if not isinstance(node, Mapping) or not node.nodes:
        raise node.error(f"{what}: a document is a map, with at least one field")
    data = to_data(node)
    return Part(data if isinstance(data, dict) else {}, node.position)


def _by_file(fields: Fields, name: str) -> tuple[tuple[Text, tuple[Text, ...]], ...]:
    """A map of a file's dest to a text or several."""
    node = fields.get(name)
    if node is None:
        return ()
    if not isinstance(node, Mapping):
        raise node.error(f'{fields.what}: "{name}" is a map of a file\'s dest to texts')
    below = Fields(node, f'{fields.what}: "{name}"', Report(None), tuple(node.nodes))
    return tuple(
        (Text(key.text, key), tuple(_telling(text, below.what) for text in texts(below, key.text)))
        for key, _ in node.entries
    )


def texts(fields: Fields, name: str) -> tuple[Text, ...]:
    """A list of texts, or one text. Raises SpecError."""
    node = fields.get(name)
    if node is None:
        return ()
    items = [node] if isinstance(node, Scalar) else fields.items(name)
    scalars = [scalar_of(item, f'{fields.what}: an item of "{name}"') for item in items]
    return tuple(Text(scalar.text, scalar) for scalar in scalars)
