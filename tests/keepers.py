"""A keeper that forgets everything at the end of a test."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shipper.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.context.facts import Key

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


class MemoryKeeper:
    """Every call is another one: only values with names are found again."""

    def __init__(self, now: datetime = NOW, limit: int = 1_000_000) -> None:
        self.now = now
        self.limit = limit
        self.values: dict[str, str] = {}
        self.calls: Counter[str] = Counter()

    def here(self, *arguments: object) -> Key:
        call = json.dumps(arguments)
        self.calls[call] += 1
        return (*arguments, self.calls[call])

    def find(self, kind: str, key: Key) -> str | None:
        return self.values.get(json.dumps([kind, *key]))

    def keep(
        self, kind: str, key: Key, make: Callable[[], str], good: Callable[[str], bool] | None = None, work: int = 0
    ) -> str:
        name = json.dumps([kind, *key])
        if name not in self.values or (good is not None and not good(self.values[name])):
            self.charge(work)
            self.values[name] = make()
        return self.values[name]

    def charge(self, work: int) -> None:
        self.limit -= work
        if self.limit < 0:
            raise LimitError("too much work")
