"""What a comparison must not show: known secrets, and what Kubernetes Secrets hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from shipper.errors import ShipperError, TemplateError
from shipper.kubernetes.tree import read_trees
from shipper.render.diff.fields import Item
from shipper.render.kubernetes_stream import NAMES
from shipper.render.secrets import MASK, SHORTEST_MASKED, forms, masked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from shipper.kubernetes.tree import Node
    from shipper.render.diff.fields import Step

DATA = frozenset({"data", "stringData"})
BEFORE, AFTER = f"{MASK} (before)", f"{MASK} (after)"
_MAY_BE_SECRET = re.compile(r"""kind["']?\s*:\s*(?:[&!|>]\S*\s+)*["']?Secret(?:List)?\b""", re.IGNORECASE)


class Masks:
    """The texts that are secret on either side. With `show` nothing is hidden."""

    def __init__(self, secrets: Collection[str], *, show: bool = False) -> None:
        self.show = show
        self._secrets = frozenset() if show else frozenset(secrets)
        shapes = {shape for secret in self._secrets for shape in forms(secret) if shape}
        self._any = re.compile("|".join(map(re.escape, sorted(shapes, key=len))), re.IGNORECASE) if shapes else None

    def text(self, text: str) -> str:
        """`text` without secrets."""
        if self._any is None or not self._any.search(text):
            return text
        return masked(text, self._secrets)

    def value(self, value: Any) -> Any:
        """Plain data, with what is Sealed in it, without secrets."""
        if self.show:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(child) for key, child in value.items()}
        # A number may be a password, too
        is_secret = isinstance(value, Sealed) or (len(str(value)) >= SHORTEST_MASKED and str(value) in self._secrets)
        return MASK if is_secret else value

    def both(self, old: Any, new: Any) -> tuple[Any, Any, bool]:
        """Two values of one field, and whether any is hidden.

        What became of a secret, or what it was before, is likely one, too: then neither is shown.
        """
        shown = self.value(old), self.value(new)
        hidden = shown[0] != old, shown[1] != new
        if hidden[0] and not hidden[1]:
            return shown[0], blank(new), True
        if hidden[1] and not hidden[0]:
            return blank(old), shown[1], True
        return *shown, any(hidden)

    def sealed(self, document: Any) -> Any:
        """An object in which everything that a Secret holds is Sealed."""
        return document if self.show else seal_secrets(document, listed=False)

    def step(self, step: Step) -> Step:
        """A step of a path without secrets."""
        if isinstance(step, Item):
            return Item(step.keys, tuple(map(self.text, step.values)))
        return self.text(step) if isinstance(step, str) else step

    def texts(self, dest: str, old: str | None, new: str | None) -> tuple[str | None, str | None] | None:
        """Two versions of a file's text; None where all of it may be secret.

        The data of Secrets that changed is told apart only by what is written behind the mask.
        """
        if self.show:
            return old, new
        left, right = secret_spans(dest, old or ""), secret_spans(dest, new or "")
        if left is None or right is None:
            return None
        before, after = values_of(old or "", left), values_of(new or "", right)
        return (
            old if old is None else self.text(_hidden(old, left, after, BEFORE)),
            new if new is None else self.text(_hidden(new, right, before, AFTER)),
        )


class Sealed(NamedTuple):
    """A scalar that can be compared but isn't shown."""

    type: type
    value: Any


def seal_secrets(value: Any, *, listed: bool) -> Any:
    """Plain data with the data of Secrets sealed; `listed` is true in a SecretList, whose items need no kind."""
    if isinstance(value, str):
        return seal(value) if may_hold_secret(value) else value
    if isinstance(value, list):
        return [seal_secrets(item, listed=listed) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("kind")
    secret = listed or kind == "Secret"
    return {
        key: seal(child) if secret and key in DATA else seal_secrets(child, listed=listed or kind == "SecretList")
        for key, child in value.items()
    }


def seal(value: Any) -> Any:
    """`value` with its shape and keys, and every scalar in it Sealed."""
    if isinstance(value, dict):
        return {key: seal(child) for key, child in value.items()}
    if isinstance(value, list):
        return [seal(item) for item in value]
    return Sealed(type(value), value)


def may_hold_secret(text: str) -> bool:
    """Whether a text seems to be a Secret's manifest, or to have one in it."""
    return "ecret" in text.lower() and _MAY_BE_SECRET.search(text) is not None


def blank(value: Any) -> Any:
    """`value` with its shape and keys, and every scalar in it hidden."""
    if isinstance(value, dict):
        return {key: blank(child) for key, child in value.items()}
    if isinstance(value, list):
        return [blank(item) for item in value]
    return MASK


class Span(NamedTuple):
    """The characters `start` to `end` of a text, a value of a Secret's data: of which object, and where in it."""

    start: int
    end: int
    document: int
    path: tuple[str, ...]


def secret_spans(dest: str, text: str) -> list[Span] | None:
    """Where the data of Secrets stands in a YAML or JSON text; None if there may be some that can't be found.

    A file of another name is looked into only where it seems to hold a Secret.
    """
    suspect = may_hold_secret(text)
    if not suspect and not dest.lower().endswith(NAMES):
        return []
    try:
        return sorted(span for number, root in enumerate(read_trees(text)) for span in _spans(root, number))
    except (ShipperError, UnicodeEncodeError):
        return None if suspect or "Secret" in text else []


def _spans(root: Node, document: int) -> Iterator[Span]:
    """The spans in a document. Raises TemplateError where an alias or a merge key may hide one."""
    pending: list[tuple[Node, tuple[str, ...], bool, bool]] = [(root, (), False, False)]
    while pending:
        node, path, listed, secret = pending.pop()
        if node.kind == "map":
            kind = _kind(node)
            holds = listed or kind == "Secret"
            for key, value in node.pairs():
                within = secret or (holds and key.text in DATA)
                pending.append((value, (*path, key.text), listed or kind == "SecretList", within))
        elif node.kind == "list":
            pending += ((item, (*path, str(place)), listed, secret) for place, item in enumerate(node.children))
        elif secret and node.kind == "alias":
            raise TemplateError("an alias in a Secret")
        elif secret or (node.kind == "scalar" and may_hold_secret(node.text)):
            yield Span(node.start, node.end, document, path)


def _kind(map_: Node) -> str:
    """What a map says that it is. Raises TemplateError where that, or one of its keys, can't be told."""
    if any(key.kind != "scalar" or key.text == "<<" for key, _ in map_.pairs()):
        raise TemplateError("a key that is a list, map or alias, or merges")
    found = map_.find("kind")
    if len(found) > 1 or any(value.kind == "alias" for _, value in found):
        raise TemplateError("a kind that is an alias, or is there twice")
    return found[0][1].text if found else ""


def values_of(text: str, spans: Sequence[Span]) -> dict[tuple[int, tuple[str, ...]], str]:
    """The text of each span by its place."""
    return {(span.document, span.path): text[span.start : span.end] for span in spans}


def _hidden(text: str, spans: Sequence[Span], other: dict[tuple[int, tuple[str, ...]], str], differs: str) -> str:
    """`text` with its spans hidden; `differs` stands for those that the other side has, too, and different."""
    parts, done = [], 0
    for span in spans:
        value = text[span.start : span.end]
        mask = MASK if other.get((span.document, span.path), value) == value else differs
        parts += [text[done : span.start], mask, value[len(value.rstrip("\n")) :]]
        done = span.end
    return "".join([*parts, text[done:]])
