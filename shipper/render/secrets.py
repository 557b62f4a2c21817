"""Keeping secrets out of what people read.

Two nets. An evaluation that looked at a secret option may have anything in its errors, however changed: they lose
everything they quote (`hush`). And texts that are known to be secret are searched for in whatever goes to a terminal,
in the forms in which they are likely to appear (`masked`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from shipper import errors
from shipper.context.values import FALSE_TEXTS, TRUE_TEXTS, Author, piece_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from shipper.context.values import Piece
    from shipper.errors import ShipperError

MASK = errors.MASK
HUSHED = "the text is not shown, it may come from a password"
SHORTEST_MASKED = 4
"""Shorter secrets are masked only as whole words, those of one character only in quotes."""
_QUOTED = r"""(?s)("|(?<!\w)').*("|'(?!\w))|("|(?<!\w)').*"""


_NUMBER = r"(?<![\w.,])-?\d(?:[\d.]{3,}|[\d.]*e[+-]?\d+)(?!\w|,\d)"


def hush(error: ShipperError) -> None:
    """Take everything out of `error` that a secret may have become.

    That is all between the first and the last quote, numbers that aren't short, and what the template itself says,
    unless it stands like this in its line.
    """
    if isinstance(error, errors.ToldError) and not _is_written(error):
        error.message = error.message.replace(error.told, MASK)
    error.message, found = re.subn(_QUOTED, f'"{MASK}"', error.message)
    error.message = re.sub(_NUMBER, MASK, error.message)
    if found or '"' in error.hint:
        error.hint = HUSHED


def _is_written(error: errors.ToldError) -> bool:
    """Whether the author wrote, as one text, what the template says."""
    line = error.position.text if error.position else ""
    return any(f"{quote}{error.told}{quote}" in line for quote in "\"'`")


def masked(text: str, secrets: Collection[str]) -> str:
    """`text` with every secret in it hidden, the longest first."""
    shapes = {shape for secret in secrets for shape in forms(secret)}
    folded = text.lower() if text.isascii() else None
    for shape in sorted(shapes, key=len, reverse=True):
        if folded is not None and shape.isascii() and shape.lower() not in folded:
            continue  # a search that ignores case costs a hundred times more
        if len(shape) >= SHORTEST_MASKED:
            text = re.sub(re.escape(shape), MASK, text, flags=re.IGNORECASE)
        elif len(shape) > 1:
            text = re.sub(rf"(?<!\w){re.escape(shape)}(?!\w)", MASK, text, flags=re.IGNORECASE)
        elif shape:
            text = text.replace(f'"{shape}"', f'"{MASK}"')
    return text


@lru_cache(maxsize=1024)
def forms(secret: str) -> frozenset[str]:
    """`secret` as it is, in one line, line by line, escaped, in base64 and in a URL; case doesn't matter."""
    found = {secret, secret.strip(), " ".join(secret.split())}
    if len(secret) < SHORTEST_MASKED:
        return frozenset(found)
    import json
    from base64 import b64encode, urlsafe_b64encode
    from urllib.parse import quote, quote_plus

    data = secret.encode("utf-8", "surrogatepass")
    found |= {line.strip() for line in secret.splitlines() if len(line.strip()) >= 2 * SHORTEST_MASKED}
    found |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    found |= {repr(secret)[1:-1], secret.encode("unicode_escape").decode()}
    found |= {encode(data).decode().rstrip("=") for encode in (b64encode, urlsafe_b64encode)}
    found |= {quote(data), quote(data, safe=""), quote_plus(data)}
    return frozenset(found)


class Secrets(set[str]):
    """The texts of a run that must not be shown; it grows while the run goes on."""

    __slots__ = ()

    def learn(self, text: str) -> None:
        """`text` is secret. What a boolean says is no text to look for: every message is full of it."""
        if text.strip() and text not in TRUE_TEXTS | FALSE_TEXTS:
            self.add(text)

    def learn_printed(self, pieces: Sequence[Piece], public: Collection[str]) -> None:
        """What was printed by a template that looked at a secret is secret, unless it is one of `public`.

        Where that is too short to be found later, the whole text is secret.
        """
        for printed, group in groupby(pieces, lambda piece: type(piece) is not Author):
            if printed:
                text = "".join(text for text in map(piece_text, group) if text not in public)
                self.learn(text if len(text) >= SHORTEST_MASKED else "".join(map(piece_text, pieces)) if text else "")

    def masked(self, text: str) -> str:
        """`text` without secrets."""
        return masked(text, self)
