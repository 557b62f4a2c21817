"""The stored fold of all events: who was here when, who holds a seat now.

Everything here runs inside one transaction of the database and decides in it, so that several operators, requests and
replicas never pass a limit together. What is counted is defined in `shipper.usage`; a test holds that both agree.

A change that a person sees goes through `record`: claims, heartbeats and ends are events like those that are sent.
"""

from shipper.server.ledger.claims import Granted, claim, end, heartbeat
from shipper.server.ledger.record import Batch, Recorded, record, record_all
from shipper.server.ledger.table import current_seats, seat_table

__all__ = [
    "Batch",
    "Granted",
    "Recorded",
    "claim",
    "current_seats",
    "end",
    "heartbeat",
    "record",
    "record_all",
    "seat_table",
]
