"""What a `when` in repl decides: the text that it gives, read by Go's ParseBool, and an error for anything else.

Ship takes all that ParseBool can't read for true, even " false". So only what says true may have blanks around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.context.values import FALSE_TEXTS, TRUE_TEXTS, piece_text
from shipper.errors import TemplateError, shown
from shipper.template.engine import without_margins

if TYPE_CHECKING:
    from shipper.context.values import Piece
    from shipper.template.source import TemplateSource

_WORDS = frozenset({"yes", "no", "on", "off", "y", "n", "true", "false"})


def decide(pieces: list[Piece], source: TemplateSource) -> bool:
    """Whether the condition in `source`, which prints `pieces`, holds.

    Raises TemplateError unless that is a spelling of true or false.
    """
    text = "".join(map(piece_text, pieces))
    if text in FALSE_TEXTS:
        return False
    inner = without_margins(pieces)
    if text in TRUE_TEXTS or inner in TRUE_TEXTS:
        return True
    what = f"the text {shown(text)}" if text else "an empty text"
    raise TemplateError(f"neither true nor false but {what}", position=source.position(0), hint=_hint(text))


def _hint(text: str) -> str:
    if not text:
        return 'a missing name is an empty text: write eq (…) "true", or … | ParseBool'
    stripped = text.strip()
    if stripped in FALSE_TEXTS:
        return 'Ship takes it for true: leave out the blanks and line breaks around it, in YAML with "|-" or ">-"'
    bare = stripped.strip("\"'")
    if bare in TRUE_TEXTS | FALSE_TEXTS:
        return "leave out the quotes" if bare != stripped else "leave out the blanks around it"
    if bare.lower() in _WORDS:
        return 'write "true" or "false"'
    return 'compare it, as in eq (…) "true"'
