"""The rules of trust, and that no altered file passes."""

from __future__ import annotations

import itertools
import json
import os
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import LicenseError
from shipper.license.armor import armor
from shipper.license.defects import DefectError
from shipper.license.envelope import Signature
from shipper.license.verify import VerifiedLicense, verify
from tests.license import sample
from tests.license.sample import OTHER, STRANGER, VENDOR, envelope, license_file, packed, payload_bytes, signature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.license.signing import SigningKey

GOOD = license_file()
GOOD_CRLF = armor(envelope(payload_bytes()).to_json().encode(), b"\r\n")
# How many random mutations to try
MUTATIONS = int(os.environ.get("SHIPPER_MUTATIONS", "100000"))


def check(data: bytes, *trusted: SigningKey, product: str | None = "acme") -> VerifiedLicense:
    return verify(data, [key.public for key in trusted or (VENDOR,)], product=product, file="license.pem")


def defect(data: bytes, *trusted: SigningKey, product: str | None = "acme") -> str:
    with pytest.raises(DefectError) as caught:
        check(data, *trusted, product=product)
    assert caught.value.exit_code == 5
    return caught.value.defect


def refused(data: bytes) -> bool:
    """Whether the documented error is raised; any other ends the test."""
    try:
        check(data)
    except LicenseError:
        return True
    return False


def test_a_good_license_is_returned_as_it_was_signed() -> None:
    found = check(GOOD)
    assert found.license.entitlements["num_seats"].value == 50
    assert found.payload == payload_bytes()
    assert found.envelope_json == envelope(payload_bytes()).to_json()
    assert found.keyid == VENDOR.public.keyid
    assert check(GOOD_CRLF) == found


def test_no_trust_key_refuses() -> None:
    with pytest.raises(DefectError) as caught:
        verify(GOOD, [], product=None, file="license.pem")
    assert caught.value.defect == "no-trust-key"


def test_signatures_by_unknown_keys_are_ignored() -> None:
    data = payload_bytes()
    assert check(license_file(data, STRANGER, VENDOR)).keyid == VENDOR.public.keyid
    junk = Signature("another kind of id", b"another kind of signature")
    assert check(packed(envelope(data)._replace(signatures=(junk, signature(VENDOR, data)))))


def test_one_signature_by_a_trusted_key_suffices() -> None:
    assert check(GOOD, OTHER, VENDOR).keyid == VENDOR.public.keyid
    assert check(license_file(payload_bytes(), OTHER, VENDOR), VENDOR, OTHER).keyid == OTHER.public.keyid


@pytest.mark.parametrize("order", [1, -1])
def test_a_wrong_signature_by_a_trusted_key_refuses_beside_a_right_one(order: int) -> None:
    data = payload_bytes()
    signatures = (signature(VENDOR, data), Signature(OTHER.public.keyid, bytes(64)))[::order]
    mixed = packed(envelope(data)._replace(signatures=signatures))
    assert defect(mixed, VENDOR, OTHER) == "bad-signature"
    assert check(mixed, VENDOR)


def test_a_key_id_proves_nothing() -> None:
    data = payload_bytes()
    forged = Signature(VENDOR.public.keyid, signature(STRANGER, data).sig)
    assert defect(packed(envelope(data)._replace(signatures=(forged,)))) == "bad-signature"


def test_a_key_counts_once() -> None:
    assert defect(license_file(payload_bytes(), VENDOR, VENDOR)) == "duplicate-keyid"


def test_no_signature_holds_for_another_payload_type_or_license() -> None:
    datas = [payload_bytes(serial=serial) for serial in range(1, 4)]
    kinds = ["application/vnd.shipper.license.v1+json", "application/vnd.shipper.receipt.v1+json", "text/plain"]
    makers = list(itertools.product(datas, kinds))
    for (data, kind), (signed, signed_kind) in itertools.product(makers, makers):
        made = envelope(data, kind=kind)._replace(signatures=(signature(VENDOR, signed, signed_kind),))
        if data == signed and kind == signed_kind == kinds[0]:
            assert check(packed(made))
        else:
            assert defect(packed(made)) == ("bad-signature" if kind == kinds[0] else "wrong-payload-type")


def test_the_product_is_compared_exactly() -> None:
    assert check(GOOD, product=None)
    for other in ("Acme", "acm", "acme ", ""):
        assert defect(GOOD, product=other) == "wrong-product"


def test_nothing_of_an_untrusted_license_is_read() -> None:
    data = license_file(payload_bytes(product=1), STRANGER)
    assert defect(data) == "no-trusted-signer"


@pytest.mark.parametrize("good", [GOOD, GOOD_CRLF], ids=["lf", "crlf"])
class TestEveryByteCounts:
    def test_no_flipped_bit_passes(self, good: bytes) -> None:
        for index, bit in itertools.product(range(len(good)), range(8)):
            altered = bytearray(good)
            altered[index] ^= 1 << bit
            assert refused(bytes(altered)), (index, bit)

    def test_no_truncation_passes(self, good: bytes) -> None:
        for end in range(len(good)):
            assert refused(good[:end]), end
            assert refused(good[end + 1 :]), end

    def test_no_inserted_or_deleted_byte_passes(self, good: bytes) -> None:
        rng = random.Random(1)
        for index in range(len(good) + 1):
            for byte in (0x00, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x3D, 0x41, 0x85, rng.randrange(256)):
                assert refused(good[:index] + bytes([byte]) + good[index:]), (index, byte)
            assert index == len(good) or refused(good[:index] + good[index + 1 :]), index

    def test_no_replaced_line_break_passes(self, good: bytes) -> None:
        breaks = [index for index, byte in enumerate(good) if byte in b"\r\n"]
        for index, byte in itertools.product(breaks, range(256)):
            altered = good[:index] + bytes([byte]) + good[index + 1 :]
            assert altered == good or refused(altered), (index, byte)


def mutations(rng: random.Random, good: bytes) -> Iterator[bytes]:
    """Endless damage, at every layer: the file, the envelope in it, its signature."""
    compact = envelope(payload_bytes()).to_json().encode()
    while True:
        target = bytearray(rng.choice([good, compact, compact]))
        inner = len(target) == len(compact)
        for _ in range(rng.randint(1, 4)):
            index = rng.randrange(len(target) or 1)
            match rng.randrange(5):
                case 0:
                    target[index : index + 1] = bytes([rng.randrange(256)])
                case 1:
                    target[index:index] = rng.randbytes(rng.randint(1, 5))
                case 2:
                    del target[index : index + rng.randint(1, 40)]
                case 3:
                    start = rng.randrange(len(target) or 1)
                    target[index:index] = target[start : start + 30]
                case _:
                    target[index : index + 1] = rng.choice([b'"', b"\\", b"{", b"[", b",", b"9", b"\\ud800", b"="])
        yield armor(bytes(target)) if inner else bytes(target)


def test_random_mutations_raise_nothing_but_the_documented_error() -> None:
    originals = {GOOD, GOOD_CRLF}
    for data in itertools.islice(mutations(random.Random(20260101), GOOD), MUTATIONS):
        assert data in originals or refused(data), data


@given(st.binary(max_size=400))
def test_a_signed_payload_of_any_bytes_raises_nothing_else(data: bytes) -> None:
    if data:
        assert defect(license_file(data)) in {"bad-payload", "unsupported-version"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(sample.payload())), JSON, min_size=1, max_size=3))
def test_a_signed_payload_with_any_field_values_is_read_or_refused(changes: dict[str, object]) -> None:
    data = json.dumps(sample.payload() | changes).encode()
    assert refused(license_file(data)) or check(license_file(data)).license.product == "acme"
