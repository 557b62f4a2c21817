"""Schemathesis asks a whole service by its OpenAPI document: all checks, sequences of requests too.

It runs as a program of its own, so that its plugins and settings don't touch other tests. Nothing is held off here:
it shows wrong keys to every route, and wants to hear 401.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

from shipper.serving.limits import Limits
from tests.serving.inprocess import Running

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp

    from shipper.serving.app import Application

FULL = os.environ.get("SHIPPER_FAULTS") == "full"
SECONDS = 3 * 3600 if FULL else 300


class AskedByDocument:
    """A run of Schemathesis: what was answered, by route and status.

    `app` is `inner`, or that with something before it. `config` is Schemathesis' own file, `headers` go with every
    request, `phases` are its phases and `paths` what is in the paths that it asks, all of them if nothing is said.
    """

    def __init__(
        self,
        app: ASGIApp,
        inner: Application,
        folder: Path,
        config: str,
        *headers: str,
        examples: int,
        phases: str = "",
        paths: str = "",
    ) -> None:
        self.answers: Counter[tuple[str, str, int]] = Counter()
        inner.observe = self._observe
        self.operations = {(route.path, route.method) for route in inner.routes}
        (folder / "schemathesis.toml").write_text(config)
        with Running(app, limits=Limits(connections_per_source=4096)) as service:
            command = [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml")),
                *("run", f"{service.url}/api/v1/openapi.json", "--checks", "all", "--continue-on-failure"),
                *("--max-examples", str(examples), "--no-color"),
                *(["--phases", phases] if phases else []),
                *(["--include-path-regex", paths] if paths else []),
                *(["--generation-database", "none"] if FULL else ["--generation-deterministic"]),
                *(part for header in headers for part in ("--header", header)),
            ]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS, env=_environment()
            )
        self.code = done.returncode
        self.output = done.stdout + done.stderr

    def _observe(self, path: str, method: str, status: int, _seconds: float) -> None:
        self.answers[path, method, status] += 1

    def require_clean(self) -> None:
        """No check failed, and nothing was our mistake."""
        assert not [answer for answer in self.answers if answer[2] >= 500 or not answer[2]]
        assert self.code == 0, self.output

    def succeeded(self) -> set[tuple[str, str]]:
        """The operations that did what was asked at least once."""
        return {(path, method) for path, method, status in self.answers if 200 <= status < 300 and method != "HEAD"}


def _environment() -> dict[str, str]:
    """Without what pytest and coverage set, and without a way to report anywhere."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONWARNINGS": "ignore", "NO_PROXY": "*"}
