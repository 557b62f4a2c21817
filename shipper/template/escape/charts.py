"""Text that is YAML only once Helm has run: a chart's template in a repl spec.

Nobody can say what its author means by a place in it. So a value goes in only if it is harmless in every place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shipper.context.values import Author, YamlText
from shipper.errors import TemplateError
from shipper.template.escape.final import Text, make_edits
from shipper.template.escape.holdout import position_of
from shipper.template.escape.sites import Replacement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.context.values import Piece, Printed
    from shipper.template.escape.holdout import HeldOut, Slot

_HELM = re.compile(r"\{\{(?!repl\b)")
_HARMLESS = re.compile(r"[A-Za-z0-9_./](?:[A-Za-z0-9_./:@+=-]*[A-Za-z0-9_./@+=-])?")
_QUOTED = re.compile(r'"[A-Za-z0-9_./:@+= -]*"')


def is_chart(pieces: Sequence[Piece]) -> bool:
    """Whether `pieces` come from a repl template in which actions of another engine stand."""
    return any(
        type(piece) is Author
        and "{{" in piece.text
        and getattr(piece.source.template, "templating", "") == "repl"
        and _HELM.search(piece.text) is not None
        for piece in pieces
    )


def write_chart(held: HeldOut) -> Text:
    """The text with its values. Raises TemplateError for a value that could mean something to YAML or to Helm."""
    return make_edits(held, [_replacement(slot) for slot in held.slots])


def _replacement(slot: Slot) -> Replacement:
    piece = slot.piece
    if not _is_harmless(piece):
        raise TemplateError(
            "this value can't be written safely: the text around it is no YAML until Helm has run",
            position=position_of(piece.source),
            hint="only letters, digits and . / : @ + = - _ are safe there; say escape: none if you take care of it",
        )
    return Replacement(slot.start, slot.end, piece.written())


def _is_harmless(piece: Printed) -> bool:
    if not piece.text or _HARMLESS.fullmatch(piece.text):
        return True
    return isinstance(piece.value, YamlText) and _QUOTED.fullmatch(piece.text) is not None
