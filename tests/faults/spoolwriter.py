"""An operator's spool and sender in a process that tests kill.

    python -m tests.faults.spoolwriter SPOOL SERVER START [SYNCED_FOLDER SYNCHRONOUS]

Threads add events, and print the id of each one that is durable, while the sender sends them to SERVER. With
SYNCED_FOLDER only what was synced is kept there (`tests.faults.powerloss`).
"""

from __future__ import annotations

import itertools
import os
import sys
import threading

from shipper.license import urls
from shipper.operator import sender as sending
from shipper.operator.sender import Identity, Sender
from shipper.operator.serverclient import ServerClient
from shipper.operator.spool import Spool
from shipper.storage.database import BusyError, FullError
from shipper.usage.clock import wall
from tests.operator.fakeserver import KEY
from tests.operator.sample import event

THREADS = 8


def main() -> None:
    path, server, start, *model = sys.argv[1:]
    if model:
        from tests.faults.powerloss import install

        install(*model)
    sending.FIRST_PAUSE = sending.LONGEST_PAUSE = sending.LINGER = 0.01
    spool = Spool.open(path)
    sender = Sender(spool, ServerClient(urls.parse(server), KEY), Identity("op-1", "prod"), wall)
    sender.start()
    acknowledged = os.dup(1)

    def add(name: int) -> None:
        for number in itertools.count(int(start)):
            try:
                spool.add(event(f"{name}-{number}"))
            except (BusyError, FullError):
                continue
            os.write(acknowledged, f"e{name}-{number}\n".encode())

    for name in range(THREADS):
        threading.Thread(target=add, args=(name,)).start()


if __name__ == "__main__":
    main()
