"""What all tests share: options, hypothesis profiles, the tools as fixtures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests import tools

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["tests.databases"]

# Same examples in every run: a failure in CI is seen again on the developer's machine. `explore` looks for new ones.
settings.register_profile("ci", derandomize=True, deadline=None, database=None, print_blob=True)
settings.register_profile(
    "explore", deadline=None, max_examples=5_000, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


SERVER_VARIABLES = {
    "ADDRESS", "DATABASE_URL", "TLS_CERT_PATH", "TLS_KEY_PATH", "ROOT_PATH", "TRUST_KEY_PATH", "LOG_LEVEL", "LOG_FORMAT"
}  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files anew instead of comparing with them"
    )


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def helm() -> str:
    """The path of the real helm."""
    return tools.require("helm")


@pytest.fixture(scope="session")
def kubectl() -> str:
    """The path of the real kubectl."""
    return tools.require("kubectl")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on what the caller's shell sets for shipper."""
    for name in list(os.environ):
        ours = name.startswith(("SHIPPER_", "OPERATOR_", "LICENSE_", "PG")) or name in SERVER_VARIABLES
        if ours and name not in {"SHIPPER_CORPORA", "SHIPPER_REQUIRE_TOOLS"}:
            monkeypatch.delenv(name)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return tools.REPOSITORY
