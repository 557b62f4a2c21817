"""shipper.client: what an app in Python gets, what it is told, and what is loaded for it."""

from __future__ import annotations

import base64
import dataclasses
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from shipper import client
from shipper.license.armor import armor
from shipper.license.document import Seats
from tests.license.sample import OTHER, STRANGER, VENDOR, envelope, license_file, payload_bytes

if TYPE_CHECKING:
    from pathlib import Path

PEM = VENDOR.public.to_pem()
AT = datetime(2026, 6, 1, tzinfo=UTC)
COMPACT = envelope(payload_bytes()).to_json()
ALLOWED = {"cryptography", "shipper", "_cffi_backend"}


def verify(data: bytes | str, product: str = "acme", at: datetime = AT) -> client.License:
    return client.verify(data, PEM, product=product, at=at)


@pytest.mark.parametrize(
    "data",
    [license_file(), license_file().decode(), armor(COMPACT.encode(), b"\r\n"), COMPACT, COMPACT.encode(),
     base64.b64encode(COMPACT.encode()), base64.b64encode(COMPACT.encode()).decode()],
)  # fmt: skip
def test_every_form_of_a_license(data: bytes | str) -> None:
    found = verify(data)
    assert (found.id, found.serial, found.product) == ("lic_00000000000000000000000001", 1, "acme")
    assert (found.customer_id, found.customer_name) == ("c-0042", "ACME Corp")
    assert dict(found.entitlements) == {"num_seats": 50, "tier": "enterprise"}
    assert found.seats == Seats(50, "user", "billing-month", 1, "deny")
    assert (found.expires_at, found.ends) == (datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 15, tzinfo=UTC))
    assert (found.state, found.payload) == ("valid", payload_bytes())


def test_it_can_not_be_changed() -> None:
    found = verify(COMPACT)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.state = "in_grace"  # type: ignore[misc]  # that is what is shown
    with pytest.raises(TypeError):
        found.entitlements["num_seats"] = 51  # type: ignore[index]  # that is what is shown


def test_grace_is_a_state() -> None:
    assert verify(COMPACT, at=datetime(2030, 1, 1, tzinfo=UTC)).state == "in_grace"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "this is not a license file"),
        ("{}", "no signed envelope"),
        (COMPACT + "\n", "no signed envelope"),
        ("\ud800", "this is not a license file"),
        (envelope(payload_bytes(), STRANGER).to_json(), "signed by no trusted key"),
        (COMPACT.replace("eyJ", "eyK", 1), "doesn't match"),
    ],
)
def test_what_is_refused(data: str, message: str) -> None:
    with pytest.raises(client.LicenseError, match=message):
        verify(data)


def test_product_and_time() -> None:
    with pytest.raises(client.LicenseError, match='is for the product "acme", not for "umbrella"'):
        verify(COMPACT, "umbrella")
    with pytest.raises(client.LicenseError, match="expired at 2030-01-01T00:00:00Z"):
        verify(COMPACT, at=datetime(2030, 1, 15, tzinfo=UTC))
    with pytest.raises(client.LicenseError, match="is valid from"):
        verify(COMPACT, at=datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC))


@pytest.mark.parametrize("product", [None, b"acme", 1])
def test_a_product_that_is_none_is_not_any_product(product: str) -> None:
    with pytest.raises(client.UsageError, match="product"):
        verify(COMPACT, product)


@pytest.mark.parametrize("at", [AT.replace(tzinfo=None), AT.date(), "2026-06-01T00:00:00Z", 0])
def test_a_time_needs_a_time_zone(at: datetime) -> None:
    with pytest.raises(client.UsageError, match="time zone"):
        verify(COMPACT, at=at)


def test_without_a_time_it_is_now() -> None:
    past = envelope(payload_bytes(expires_at="2026-01-02T00:00:00Z", grace_days=0)).to_json()
    with pytest.raises(client.LicenseError, match="expired"):
        client.verify(past, PEM, product="acme")


def test_several_keys() -> None:
    other = OTHER.public.to_pem()
    for trust in (other + PEM, [other, PEM], [other.encode(), PEM.encode()]):
        assert client.verify(COMPACT, trust, product="acme", at=AT).id
    with pytest.raises(client.LicenseError, match="no trusted key"):
        client.verify(COMPACT, [], product="acme", at=AT)
    with pytest.raises(client.UsageError, match="no public key"):
        client.verify(COMPACT, "", product="acme", at=AT)


def test_too_much_is_refused() -> None:
    with pytest.raises(client.LimitError):
        verify("{" * 65537)


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "license").write_text(COMPACT)
    assert client.verify_file(tmp_path / "license", PEM, product="acme", at=AT).id
    with pytest.raises(client.UsageError, match="no such file"):
        client.verify_file(tmp_path / "none", PEM, product="acme", at=AT)


def test_a_password_is_in_no_representation() -> None:
    account = {"server": "registry.example.com", "username": "acme", "password": "pa55-w0rd"}
    found = verify(envelope(payload_bytes(registry=account)).to_json())
    assert "pa55-w0rd" not in repr(found)


def test_little_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "license").write_text(COMPACT)
    code = (
        "import sys\nfrom datetime import datetime, UTC\nfrom shipper import client\n"
        f"client.verify_file({str(tmp_path / 'license')!r}, {PEM!r}, product='acme', at=datetime(2026, 6, 1, tzinfo=UTC))\n"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    plain = subprocess.run(
        [sys.executable, "-I", "-c", "import sys; print(*sorted(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = {name.partition(".")[0] for name in modules - set(plain.stdout.split())}
    assert {name for name in found if name not in sys.stdlib_module_names} <= {*ALLOWED, "_openssl"}
    rooms = {name.split(".")[1] for name in modules if name.startswith("shipper.")}
    assert rooms <= {"client", "errors", "license", "yamlio"}
