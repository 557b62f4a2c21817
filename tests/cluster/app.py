"""An app that trusts the vendor's key alone: one process, which verifies the license that is mounted each time it looks.

python -m tests.cluster.app LICENSE VENDOR.pub     a line on standard input is a look, a line of JSON the answer
"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

VERIFIER = REPOSITORY / "docs" / "verify" / "verify.py"
PRODUCT = "acme"


def main(license: str, public_key: str) -> None:
    verifier = runpy.run_path(str(VERIFIER))
    with open(public_key, "rb") as file:
        key = file.read()
    for _ in sys.stdin:
        try:
            with open(license, "rb") as file:
                answer: Any = json.loads(verifier["verify"](file.read(65537), key, PRODUCT, datetime.now(UTC)))
        except (OSError, verifier["RefusedError"]) as error:
            answer = {"refused": str(error)}
        print(json.dumps(answer), flush=True)


class App:
    """It, from `with` on."""

    def __init__(self, license: Path, public_key: Path) -> None:
        command = [sys.executable, "-m", "tests.cluster.app", str(license), str(public_key)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def look(self) -> dict[str, Any]:
        """The license that it sees now, verified, or why it was refused."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def __enter__(self) -> App:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:  # its standard input ends, and with it the app
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
