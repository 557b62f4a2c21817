"""The one reader of YAML and JSON that comes from outside.

Values are built from parser *events* without recursion, so that no input can exhaust the stack, and every
node knows where it stands. What is refused, and never guessed at: duplicate keys, tags, merge keys, keys that
are no scalars, anchors inside themselves, more than one document, text that is not UTF-8. Plain scalars have
the types of YAML 1.2's core schema; keys are always text.
"""

from __future__ import annotations

from shipper.yamlio.files import read_file
from shipper.yamlio.nodes import Mapping, Node, Scalar, Sequence, TextOrigin, to_data
from shipper.yamlio.reader import Limits, events, load, parse
from shipper.yamlio.source import SourceText
from shipper.yamlio.strictjson import load_json

__all__ = [
    "Limits",
    "Mapping",
    "Node",
    "Scalar",
    "Sequence",
    "SourceText",
    "TextOrigin",
    "events",
    "load",
    "load_json",
    "parse",
    "read_file",
    "to_data",
]
