"""Altered licenses at the command line: exit 5 always, and never a word of verified."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

from tests import e2e
from tests.program import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

MUTATIONS = 200
ARMOR = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_ \n\r\t\0"


def mutated(good: bytes, chance: random.Random) -> bytes:
    """`good` with one to three small changes, of which at least one stays."""
    data = bytearray(good)
    while bytes(data) == good:
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(data))
            match chance.randrange(7):
                case 0:
                    data[at] ^= 1 << chance.randrange(8)
                case 1:
                    del data[at : at + chance.choice([1, 1, 2, 64, 65])]
                case 2:
                    data[at:at] = bytes([chance.choice(ARMOR)])
                case 3:
                    data[at] = chance.choice(ARMOR)
                case 4:
                    del data[max(at, 1) :]
                case 5:
                    data[at:at] = data[at : at + chance.choice([1, 4, 65])]
                case _:
                    data += chance.choice([b"\n", b" ", b"\0", bytes(data), b"# comment\n"])
            data = data or bytearray(b"-")
    return bytes(data)


def test_altered_licenses_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    e2e.license_file({"seats": e2e.entitlement(50), "tier": e2e.entitlement("enterprise")}, tmp_path)
    monkeypatch.chdir(tmp_path)
    good = (tmp_path / "license.pem").read_bytes()
    spec = e2e.dump({"assets.v1": [{"inline": {"dest": "a", "contents": "{{ EntitlementValue('seats') }}"}}]})
    (tmp_path / "spec.yaml").write_text(spec)
    verify = ("license", "verify", "altered.pem", "--trust-key", "vendor.pub")
    render = ("render", "spec.yaml", "--license", "altered.pem", "--trust-key", "vendor.pub", "--output-dir", "out")
    (tmp_path / "altered.pem").write_bytes(good)
    assert run(monkeypatch, *verify).out.startswith("verified")
    chance = random.Random(20260101)
    for number in range(MUTATIONS):
        altered = mutated(good, chance)
        (tmp_path / "altered.pem").write_bytes(altered)
        ran = run(monkeypatch, *verify)
        assert (ran.code, ran.out) == (5, ""), (number, altered, ran)
        assert "verified" not in ran.err
        assert ran.err.startswith("altered.pem"), ran.err
        assert run(monkeypatch, *render).code == 5, (number, altered)
        assert not os.path.lexists("out")
        if number % 20 == 0:
            process = e2e.shipper(*verify, cwd=tmp_path)
            assert (process.code, process.out, process.err) == (ran.code, ran.out.encode(), ran.err)


def test_another_vendor_s_key_and_no_key(tmp_path: Path) -> None:
    e2e.license_file({}, tmp_path)
    ran = e2e.shipper("license", "verify", "license.pem", cwd=tmp_path)
    assert (ran.code, ran.out) == (5, b"")
    assert e2e.shipper("license", "keygen", "other", "--no-passphrase", cwd=tmp_path).code == 0
    ran = e2e.shipper("license", "verify", "license.pem", "--trust-key", "other.pub", cwd=tmp_path)
    assert (ran.code, ran.out) == (5, b"")
