"""Migrates a database and kills itself before a step: python -m tests.faults.migrator URL FOLDER STEP.

Steps are the statements of the migrations, and the begins and commits around them. It ends with 0 when there were
fewer.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from shipper.storage import migrations
from shipper.storage.location import SqliteLocation, locate
from shipper.storage.open import connector, create_file, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shipper.storage.database import Row, Transaction, Value
    from shipper.storage.session import Session


class Countdown:
    """Kills this process before the step whose turn it is."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def step(self) -> None:
        self._left -= 1
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


class CountedTransaction:
    def __init__(self, inner: Transaction, countdown: Countdown) -> None:
        self._inner = inner
        self._countdown = countdown

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        self._countdown.step()
        return self._inner.execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        self._inner.executemany(sql, rows)

    def stream(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        return self._inner.stream(sql, parameters)


class CountedSession:
    """A session whose steps count."""

    def __init__(self, inner: Session, countdown: Countdown) -> None:
        self._inner = inner
        self._countdown = countdown
        self.savepoint = inner.savepoint
        self.release = inner.release
        self.undo = inner.undo
        self.abandon = inner.abandon
        self.interrupt = inner.interrupt
        self.close = inner.close

    def begin(self) -> Transaction:
        self._countdown.step()
        return CountedTransaction(self._inner.begin(), self._countdown)

    def commit(self) -> None:
        self._countdown.step()
        self._inner.commit()


def main() -> None:
    url, folder, steps = sys.argv[1:]
    location = locate(url)
    if isinstance(location, SqliteLocation):
        create_file(location.path)
    kind = kind_of(location)
    session = CountedSession(connector(location)(True), Countdown(int(steps)))
    migrations.migrate(session, kind, migrations.known(folder, kind))
    session.close()


if __name__ == "__main__":
    main()
