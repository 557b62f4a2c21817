"""A vendor with a license that never ends, and `shipper` run in an empty folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.program import Ran, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LICENSE = """
id: lic_test
issued_at: 2024-01-01T00:00:00Z
product: acme
customer: {id: c-1, name: ACME Corp}
entitlements:
  num_seats: {type: integer, value: 50}
  tier: {type: string, value: enterprise}
  air_gap: false
"""


@pytest.fixture(scope="session")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with license.pem and vendor.pub, and with other.pub of somebody else."""
    folder = tmp_path_factory.mktemp("vendor")
    (folder / "license.yaml").write_text(LICENSE)
    (folder / "expiring.yaml").write_text(LICENSE + "expires_at: 2030-01-01T00:00:00Z\ngrace_days: 14\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("vendor", "other"):
            assert run(patch, "license", "keygen", folder / name, "--no-passphrase").code == 0
        for name in ("license", "expiring"):
            issued = run(
                patch, "license", "issue", "--key", folder / "vendor.key", "--from", folder / f"{name}.yaml",
                "--output-file", folder / f"{name}.pem",
            )  # fmt: skip
            assert issued.code == 0, issued.err
    return folder


@pytest.fixture
def shipper(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Ran]:
    """Run `shipper` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments, stdin=b"": run(monkeypatch, *arguments, stdin=stdin)


@pytest.fixture
def render(shipper: Callable[..., Ran], vendor: Path, tmp_path: Path) -> Callable[..., Ran]:
    """Run a command (`render` unless `command` names another) on the text of a spec, with the license."""

    def run_it(spec: str, *arguments: str | Path, command: str = "render", license: bool = True) -> Ran:
        (tmp_path / "spec.yaml").write_text(spec)
        given = ("--license", vendor / "license.pem", "--trust-key", vendor / "vendor.pub") if license else ()
        return shipper(command, "spec.yaml", *given, *arguments)

    return run_it
