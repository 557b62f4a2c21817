"""The keeper of a run: says which value a template asks for, and that it is secret (docs/state.md)."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

from shipper.context.certificates import pair_in
from shipper.errors import LimitError, TemplateError, UsageError
from shipper.render.state import Value
from shipper.spec.model import RenderStep, TemplateAsset, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from shipper.context.facts import Key
    from shipper.render.state import StateFile
    from shipper.spec.model import Asset, Spec
    from shipper.template.source import TemplateSource

MAX_WORK = 60_000
"""What one run may spend on making values: milliseconds, as an estimate."""


class Keeping:
    """The keeper of one run, over a state file. It is told which field is evaluated before it is.

    `used` is called when a template gets a kept value, with what of it is secret; `warn` when one is made anew.
    """

    def __init__(self, state: StateFile, used: Callable[[str], None], warn: Callable[[str], None]) -> None:
        self._state = state
        self._used = used
        self._warn = warn
        self._places: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._spec: Spec | None = None
        self._asset = ""
        self._single = False
        self._place = "template"
        self._calls: Counter[str] = Counter()
        self._spent = 0

    @property
    def now(self) -> datetime:
        return self._state.now

    def save(self) -> None:
        """Keep what was made."""
        self._state.save()

    def renew(self) -> None:
        """Forget what was spent."""
        self._spent = 0

    # --- where a template asks

    def know(self, spec: Spec) -> None:
        """Learn the names of all places of a spec."""
        self._spec = spec  # holds the fields, which go by their ids
        self._names = {id(asset): name for name, asset in assets(spec)}
        self._places = {id(text): place for place, text in places(spec)}

    def begin_asset(self, asset: Asset) -> None:
        """What follows belongs to `asset`."""
        self._asset = self._names[id(asset)]
        self._single = isinstance(asset, TemplateAsset)

    def begin_field(self, field: Text) -> None:
        """A field of the spec is evaluated."""
        self._begin(self._places.get(id(field), self._asset))

    def begin_template(self, source: TemplateSource, folders: Iterable[str | None]) -> None:
        """A template is evaluated: the contents of an asset, or one of its files, which lie in one of `folders`."""
        if self._spec is None:
            self._begin(source.text)
        elif source.origin is not None or self._single:
            self._begin(f"{self._asset}: contents")
        else:
            self._begin(f"{self._asset}: {_relative(source.name, folders)}")

    def _begin(self, place: str) -> None:
        self._place = place
        self._calls.clear()

    # --- the protocol of `Facts.keeper`

    def here(self, *arguments: object) -> Key:
        call = _text(arguments)
        self._calls[call] += 1
        return (self._place, *arguments, self._calls[call])

    def find(self, kind: str, key: Key) -> str | None:
        name = _text((kind, *key))
        given = self._state.given(name)
        if given is not None:
            return self._reveal(given)
        value = self._state.find(name)
        return None if value is None else self._reveal(value.text)

    def keep(
        self, kind: str, key: Key, make: Callable[[], str], good: Callable[[str], bool] | None = None, work: int = 0
    ) -> str:
        name = _text((kind, *key))
        given = self._state.given(name)
        if given is not None:
            return self._reveal(given)
        value = self._state.find(name)
        if value is None or not self._is_good(value, good):
            self._state.prepare()
            value = self._state.find(name)  # another run may have made it meanwhile
            if value is None or not self._is_good(value, good):
                value = self._made(name, kind, make, work, old=value)
        self._state.give(name, value)
        return self._reveal(value.text)

    def charge(self, work: int) -> None:
        self._spent += work
        if self._spent > MAX_WORK:
            raise LimitError("the keys and certificates to be made would take too long", hint="make fewer, or smaller")

    def _is_good(self, value: Value, good: Callable[[str], bool] | None) -> bool:
        if good is None:
            return True
        self.charge(1)
        try:
            return good(value.text)
        except TemplateError as error:
            raise UsageError(
                f"what the state file keeps for {value.place} is damaged: {error.message}",
                hint="put it right; or remove its entry, to have another one made",
            ) from None

    def _made(self, name: str, kind: str, make: Callable[[], str], work: int, *, old: Value | None) -> Value:
        self.charge(work)
        text = make()
        try:
            text.encode()
        except UnicodeEncodeError:
            raise TemplateError("a text that is no Unicode can't be kept") from None
        place = self._place if self._spec is not None else "template"
        if old is not None:
            self._warn(f"the certificate of {kind} for {old.place} expires soon or has another issuer: it is made anew")
        value = Value(kind, place if old is None else old.place, text)
        self._state.put(name, value)
        return value

    def _reveal(self, text: str) -> str:
        """`text`, which from here on is a secret; of a certificate only its key is."""
        self._used(pair_in(text).key or text if text.startswith("-----BEGIN CERTIFICATE") else text)
        return text


def places(spec: Spec) -> Iterator[tuple[str, Text]]:
    """Every templated field with its place: its option or asset as the author calls it, and the field's name."""
    for group in spec.groups:
        yield from _texts(f"config group {group.name}", group._replace(items=()))
        for item in group.items:
            yield from _texts(f"option {item.name}", item)
    for name, asset in assets(spec):
        yield from _texts(name, asset)
    for number, step in enumerate(spec.steps, start=1):
        if not isinstance(step, RenderStep):
            yield from _texts(f"message {number}", step)
        elif step.root is not None:
            yield f"render step {number}", step.root


def assets(spec: Spec) -> Iterator[tuple[str, Asset]]:
    """Every asset with its name: its dest as the author wrote it, for a step's own ones below the step's root."""
    for asset in spec.assets:
        yield f"asset {asset.dest.text}", asset
    for step in spec.steps:
        if isinstance(step, RenderStep):
            root = "" if step.root is None else f"{step.root.text.removesuffix('/')}/"
            for asset in step.assets or ():
                yield f"asset {root}{asset.dest.text}", asset


def _texts(place: str, value: Any) -> Iterator[tuple[str, Text]]:
    """The texts in `value`, with the way to each; what the spec's fields hold is nested a few levels deep."""
    if isinstance(value, Text):
        yield place, value
    elif isinstance(value, tuple):
        names = getattr(value, "_fields", None) or range(1, len(value) + 1)
        for name, each in zip(names, value, strict=True):
            yield from _texts(f"{place}: {name}", each)


def _relative(name: str, folders: Iterable[str | None]) -> str:
    """The name of a template, without the way to the folder that it lies in: that may be another one tomorrow."""
    kind, _, path = name.partition(":")
    for folder in folders:
        root = "" if folder is None else os.path.realpath(folder)
        if root and path.startswith(f"{root}/"):
            return f"{kind}:{path.removeprefix(f'{root}/')}"
    return name


def _text(key: tuple[object, ...]) -> str:
    """Plain data as one text, the same in every run."""
    return json.dumps(key, sort_keys=True)
