from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from shipper.serving.deadlines import GOODBYE_SECONDS, MAX_PIPELINE
from shipper.serving.limits import Limits

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = Limits()
STATED = {
    "a TLS handshake": [LIMITS.handshake_seconds],
    "TLS handshakes at": [LIMITS.handshakes],
    "the headers, ": [LIMITS.header_seconds],
    "the body, ": [LIMITS.body_seconds],
    "reading an answer": [LIMITS.write_seconds, 48],
    "the end of TLS": [GOODBYE_SECONDS],
    "a connection between requests": [LIMITS.idle_seconds],
    "size of the request line": [LIMITS.header_bytes // 1024, LIMITS.headers],
    "size of the body": [LIMITS.body_bytes >> 20],
    "requests ahead": [MAX_PIPELINE],
    "connections |": [LIMITS.connections, 128],
    "connections of one source": [LIMITS.connections_per_source],
}


@pytest.mark.parametrize("what", STATED)
def test_the_page_states_the_limits(repository: Path, what: str) -> None:
    text = (repository / "docs" / "serving.md").read_text(encoding="utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith(f"| {what}"))
    assert [float(number) for number in re.findall(r"\d+", row.split("|")[2])] == STATED[what]


def test_the_page_states_the_time_to_stop(repository: Path) -> None:
    text = (repository / "docs" / "serving.md").read_text(encoding="utf-8")
    assert f"end a service within {LIMITS.stop_seconds:g} seconds" in " ".join(text.split())
