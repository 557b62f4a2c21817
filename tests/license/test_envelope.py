"""DSSE: its own test vector, and one spelling for each envelope."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.license import encoding, envelope
from shipper.license.armor import armor, dearmor
from shipper.license.defects import DefectError
from shipper.license.envelope import Envelope, Signature, signed_bytes
from tests.license import sample


def test_signed_bytes_are_those_of_the_dsse_specification() -> None:
    # protocol.md, "Test Vectors"
    assert signed_bytes("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_lengths_count_bytes() -> None:
    assert signed_bytes("ü", "ß€".encode()) == "DSSEv1 2 ü 5 ß€".encode()


@given(st.binary())
def test_base64_comes_back(data: bytes) -> None:
    assert encoding.decode(encoding.encode(data)) == data


@pytest.mark.parametrize("text", ["YWJ=", "YWI", "YWI=\n", " YWI=", "YW-_", "YWI==", "YQ=a", "=", "YWI=YWI=", "ÄÄÄÄ"])
def test_base64_that_is_not_exactly_ours_is_refused(text: str) -> None:
    assert encoding.decode(text) is None


KEYIDS = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'))
ENVELOPES = st.builds(
    Envelope,
    st.text(),
    st.binary(min_size=1),
    st.lists(st.builds(Signature, KEYIDS, st.binary()), min_size=1, max_size=3, unique_by=lambda s: s.keyid).map(tuple),
)


@given(ENVELOPES)
def test_an_envelope_comes_back(signed: Envelope) -> None:
    assert envelope.parse(signed.to_json().encode(), "x") == signed


@given(ENVELOPES, st.sampled_from([b"\n", b"\r\n"]))
def test_an_armored_envelope_comes_back(signed: Envelope, newline: bytes) -> None:
    data = signed.to_json().encode()
    assert dearmor(armor(data, newline), "x") == data


def variants() -> dict[str, str]:
    good = sample.envelope(b"{}").to_json()
    raw = json.loads(good)
    first = raw["signatures"][0]

    def changed(**changes: object) -> str:
        return json.dumps(raw | changes, separators=(",", ":"))

    return {
        "spaces": json.dumps(raw),
        "newline after": good + "\n",
        "other order": json.dumps(dict(reversed(raw.items())), separators=(",", ":")),
        "escaped": good.replace("payloadType", "payload\\u0054ype"),
        "duplicate key": good.replace('{"payloadType"', '{"payload":"e30=","payloadType"', 1),
        "more keys": changed(more=1),
        "more keys in a signature": changed(signatures=[first | {"cert": "x"}]),
        "no keyid": changed(signatures=[{"sig": first["sig"]}]),
        "keyid with a quote": changed(signatures=[first | {"keyid": '"'}]),
        "keyid not ASCII": changed(signatures=[first | {"keyid": "ä"}]),
        "keyid null": changed(signatures=[first | {"keyid": None}]),
        "payload null": changed(payload=None),
        "payload empty": changed(payload=""),
        "payload url-safe": changed(payload="-_-_"),
        "type a number": changed(payloadType=1),
        "signatures empty": changed(signatures=[]),
        "signatures a map": changed(signatures={"0": first}),
        "signatures text": changed(signatures="abc"),
        "a list": "[]",
        "a number": "1",
        "nothing": "",
        "deep": "[" * 60000,
        "long number": "1" * 5000,
    }


@pytest.mark.parametrize("name", sorted(variants()))
def test_any_other_spelling_is_refused(name: str) -> None:
    with pytest.raises(DefectError) as caught:
        envelope.parse(variants()[name].encode(), "x")
    assert caught.value.defect == "bad-envelope"


@given(st.binary(max_size=300))
def test_only_the_documented_error_leaves_the_readers(data: bytes) -> None:
    for read in (dearmor, envelope.parse):
        with pytest.raises(DefectError):
            read(data, "x")
