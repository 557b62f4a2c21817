"""Licenses for the programs of docs/verify: good ones as shipper issues them, and what may be done to them."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shipper import yamlio
from shipper.errors import LicenseError
from shipper.license import armor
from shipper.license.envelope import PAYLOAD_TYPE, Envelope, Signature, parse, signed_bytes
from shipper.license.issue import issue
from shipper.license.times import format_time
from tests.license.sample import key
from tests.verify import curve
from tests.verify.runners import Case

if TYPE_CHECKING:
    from shipper.license.signing import SigningKey

VENDORS = {number: key(number) for number in (1, 2, 3)}
STRANGERS = [key(number) for number in (4, 5, 6)]
PRODUCTS = ("acme", "umbrella", "A.b_c-9", "x" * 128)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
CHARACTERS = (
    "abc \"'\\/{}[]:,<>&%$\n\t\r\x01\x7f\x80\u00e9\u0131\u200b\u2028\u2029\ufeff\ufffd\uffff\U0001f600\U0010ffff"
    '"product":"evil","expires_at":null'
)


class Good:
    """A license that must be accepted, in parts."""

    def __init__(self, random_: random.Random) -> None:
        self.random = random_
        self.seed = random_.choice(list(VENDORS))
        self.signer = VENDORS[self.seed]
        self.product = random_.choice(PRODUCTS)
        begin = datetime(1900, 1, 1, tzinfo=UTC) + random_.randrange(400 * 365 * 86400) * SECOND
        self.not_before = random_.choice(
            [begin, datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), begin.replace(second=0)]
        )
        self.expires_at = random_.choice([None, self.not_before + random_.choice([SECOND, 59 * DAY, 3650 * DAY])])
        self.grace = random_.choice([0, 0, 1, 14, 366, 36500])
        data = issue(self.license_yaml(), [self.signer], self.not_before)
        self.envelope = parse(armor.dearmor(data, "good"), "good")
        self.at = random_.choice(self.instants())

    def license_yaml(self) -> yamlio.Node:
        random_ = self.random
        data: dict[str, Any] = {
            "id": f"lic_{random_.randrange(10**12)}",
            "product": self.product,
            "type": self.text(),
            "customer": {"name": "n" + self.text(), "id": "c" + self.text(), "email": self.text()},
            "not_before": format_time(self.not_before),
            "expires_at": self.expires_at and format_time(self.expires_at),
            "grace_days": self.grace,
            "entitlements": {
                random_.choice(
                    ["product", "version", "not_before", "expires_at", "grace_days", "seats", "tier", "x"]
                ): {
                    "value": random_.choice([self.text(), random_.randint(1 - 2**53, 2**53 - 1), True, False]),
                    "title": self.text(),
                    "description": self.text() * random_.choice([0, 1, 10]),
                }
                for _ in range(random_.randrange(5))
            },
        }
        if random_.random() < 0.5:
            data["seats"] = {
                "limit": random_.randrange(1000),
                "window": random_.choice(["billing-month", "concurrent"]),
            }
        text = json.dumps(data, ensure_ascii=False)
        escaped = "".join(char if " " <= char <= "~" else f"\\U{ord(char):08x}" for char in text)
        return yamlio.parse(escaped, "license.yaml", error=LicenseError, limits=yamlio.Limits.LICENSE)

    def text(self) -> str:
        return "".join(self.random.choice(CHARACTERS) for _ in range(self.random.randrange(30)))

    def instants(self) -> list[str]:
        """Times at which the license is valid or in grace, with the first and the last second."""
        found = [self.not_before, self.not_before + self.random.randrange(86400) * SECOND]
        if self.end is None:
            found += [datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), self.not_before + 40000 * DAY]
        else:
            found = [self.not_before, self.end - SECOND, self.end - SECOND]
        return [format_time(each) for each in found]

    @property
    def end(self) -> datetime | None:
        return self.expires_at and self.expires_at + self.grace * DAY

    def case(self, name: str, **changes: str | bytes | Envelope) -> Case:
        """The case, in a random one of the forms of an envelope unless the license is given."""
        signed = changes.get("envelope", self.envelope)
        text = signed.to_json().encode() if isinstance(signed, Envelope) else b""
        given = changes.get("license")
        license = given if isinstance(given, bytes) else self.random.choice(FORMS)(text)
        pem = changes.get("key", self.signer.public.to_pem().encode())
        assert isinstance(pem, bytes)
        return Case(name, license, pem, str(changes.get("product", self.product)), str(changes.get("at", self.at)))


FORMS: list[Callable[[bytes], bytes]] = [
    armor.armor,
    armor.armor,
    lambda envelope: armor.armor(envelope, b"\r\n"),
    lambda envelope: envelope,
    base64.b64encode,
]


def good_cases(count: int) -> list[Case]:
    """Cases that must be accepted: as issued, some signed by others, too."""
    random_ = random.Random(20260101)
    cases = []
    for number in range(count):
        good = Good(random_)
        signatures = [*good.envelope.signatures]
        for stranger in random_.sample(STRANGERS, random_.choice([0, 0, 1, 3])):
            sig = random_.choice([stranger.sign(b"something"), b"", bytes(64), bytes(65), random_.randbytes(7)])
            keyid = random_.choice(
                [stranger.public.keyid, f"k{random_.randrange(10**9)}", stranger.public.keyid.upper()]
            )
            signatures.insert(random_.randrange(len(signatures) + 1), Signature(keyid, sig))
        envelope = good.envelope._replace(signatures=tuple(signatures))
        cases.append(good.case(f"good {number}", envelope=envelope))
    return cases


def bad_cases(count: int) -> list[Case]:
    """Cases that must be refused: each has one thing done to a good license."""
    random_ = random.Random(20260102)
    cases: list[Case] = []
    while len(cases) < count:
        good = Good(random_)
        change = CHANGES[len(cases) % len(CHANGES)]
        case = change(good)
        if case is not None:
            cases.append(case._replace(name=f"{len(cases)} {change.__name__}"))
    return cases


Change = Callable[[Good], Case | None]
CHANGES: list[Change] = []


def change(function: Change) -> Change:
    CHANGES.append(function)
    return function


def flipped(data: bytes, random_: random.Random) -> bytes:
    at = random_.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random_.randrange(8)]) + data[at + 1 :]


def resigned(good: Good, payload: bytes, kind: str = PAYLOAD_TYPE, signer: SigningKey | None = None) -> Envelope:
    by = signer or good.signer
    return Envelope(kind, payload, (Signature(by.public.keyid, by.sign(signed_bytes(kind, payload))),))


def with_sig(good: Good, sig: bytes) -> Envelope:
    return good.envelope._replace(signatures=(Signature(good.signer.public.keyid, sig),))


@change
def bit_of_the_file(good: Good) -> Case:
    return good.case("", license=flipped(good.case("").license, good.random))


@change
def bit_of_the_envelope(good: Good) -> Case:
    return good.case("", license=good.random.choice(FORMS)(flipped(good.envelope.to_json().encode(), good.random)))


@change
def bit_of_the_payload(good: Good) -> Case:
    return good.case("", envelope=good.envelope._replace(payload=flipped(good.envelope.payload, good.random)))


@change
def bit_of_the_signature(good: Good) -> Case:
    return good.case("", envelope=with_sig(good, flipped(good.envelope.signatures[0].sig, good.random)))


@change
def other_field(good: Good) -> Case:
    fields = json.loads(good.envelope.payload)
    fields |= good.random.choice(
        [{"expires_at": None, "serial": 2}, {"grace_days": 36499}, {"serial": 99}, {"version": 2}]
    )
    payload = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    return good.case("", envelope=good.envelope._replace(payload=payload))


@change
def cut_off(good: Good) -> Case:
    data = good.case("").license
    return good.case("", license=data[: good.random.choice([0, 1, len(data) - 1, good.random.randrange(len(data))])])


@change
def byte_less_or_more(good: Good) -> Case:
    data = good.case("").license
    at = good.random.randrange(len(data))
    more = good.random.choice([b"", bytes([good.random.randrange(256)]), b"\n", b"\0", b" ", b"="])
    return good.case("", license=data[:at] + more + data[at + (not more) :])


@change
def around(good: Good) -> Case:
    data = good.case("").license
    text = good.random.choice([b"\n", b"\r\n", b" ", b"\0", b"\xef\xbb\xbf", b"{}", b"x", b"-", data])
    return good.case("", license=good.random.choice([text + data, data + text]))


@change
def other_lines(good: Good) -> Case:
    lf = armor.armor(good.envelope.to_json().encode())
    lines = lf.splitlines(keepends=True)
    at = good.random.randrange(1, len(lines))
    texts = [
        lf.replace(b"\n", b"\r\n", at),
        lf.replace(b"\n", b"\r"),
        lf.replace(b"\n", b"\n\n", 1),
        lf[:-1],
        lf.replace(b"\n", b"\r\n")[:-2],
        b"".join([*lines[:at], b"\n", *lines[at:]]),
        b"".join([*lines[:at], b" ", *lines[at:]]),
        b"".join([*lines[:1], lines[1].strip(), *lines[2:]]),
        lines[0] + b"".join(line.strip() for line in lines[1:-1]) + b"\n" + lines[-1],
        lf.replace(b"LICENSE", b"LICENCE"),
        lf.replace(b"-----", b"----", 1),
        b"".join(lines[1:]),
        b"".join(lines[:-1]),
        lines[0] + lines[-1],
        lines[0] + b"\n" + lines[-1],
    ]
    return good.case("", license=good.random.choice(texts))


@change
def other_base64(good: Good) -> Case:
    """The same bytes, written in another way."""
    text = good.envelope.to_json()
    payload = base64.b64encode(good.envelope.payload).decode()
    sig = base64.b64encode(good.envelope.signatures[0].sig).decode()
    which = good.random.choice([payload, sig])
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    changed = [
        which.replace("=", ""),
        which + "=",
        which + "==",
        which[:8] + "\\n" + which[8:],
        which[:8] + " " + which[8:],
    ]
    if which.endswith("="):
        used = which.rstrip("=")
        changed = [*changed, used[:-1] + letters[letters.index(used[-1]) + 1] + which[len(used) :]] * 2
    if "+" in which or "/" in which:
        changed.append(which.replace("+", "-").replace("/", "_"))
    other = good.random.choice([each for each in changed if each != which])
    return good.case("", license=good.random.choice(FORMS)(text.replace(which, other).encode()))


@change
def other_padding(good: Good) -> Case | None:
    """The padding of the outer base64."""
    text = base64.b64encode(good.envelope.to_json().encode())
    bare = text.rstrip(b"=")
    if bare == text:
        return good.case("", license=text + good.random.choice([b"=", b"====", b"A", b"AA"]))
    return good.case(
        "", license=good.random.choice([bare, text + b"=", bare[:-1] + bytes([bare[-1] + 1]) + text[len(bare) :]])
    )


@change
def other_json(good: Good) -> Case:
    """The same envelope for a lenient reader of JSON."""
    signed = good.envelope
    text = signed.to_json()
    raw = json.loads(text)
    entry = json.dumps(raw["signatures"][0], separators=(",", ":"))
    kind = '"payloadType":"' + PAYLOAD_TYPE + '"'
    texts = [
        json.dumps(raw),
        json.dumps(dict(reversed(raw.items())), separators=(",", ":")),
        text.replace(":", ": ", 1),
        text + " ",
        text + "\n",
        text + "\0",
        " " + text,
        text.replace("{", '{"a":1,', 1),
        text[:-1] + ',"a":1}',
        text[:-1] + ',"payload":"e30="}',
        text.replace("{", '{"payload":"e30=",', 1),
        text.replace("{", "{" + kind + ",", 1),
        text.replace("payloadType", "PayloadType"),
        text.replace('"payload"', '"payl\\u006fad"'),
        text.replace("application/", "application\\/"),
        text.replace(entry, entry + "," + entry),
        text.replace(entry, ""),
        text.replace(entry, entry + ","),
        text.replace(entry, entry.replace("{", '{"cert":"x",')),
        text.replace(entry, entry[:-1] + ',"sig":"AAAA"}'),
        text.replace("[", "").replace("]", ""),
        text.replace(signed.signatures[0].keyid, signed.signatures[0].keyid.replace("0", "\\u0030", 1) + "\\u0000"),
    ]
    return good.case("", license=good.random.choice(FORMS)(good.random.choice(texts).encode()))


@change
def other_type(good: Good) -> Case:
    kind = good.random.choice(["application/vnd.shipper.receipt.v1+json", PAYLOAD_TYPE + " ", PAYLOAD_TYPE.upper(), "",
                               "application/vndXshipper.license.v1+json", "application/vnd.shipper.license.v11json"])  # fmt: skip
    if good.random.random() < 0.5:
        return good.case("", envelope=good.envelope._replace(payload_type=kind))
    return good.case("", envelope=resigned(good, good.envelope.payload, kind))


@change
def other_key(good: Good) -> Case:
    stranger = good.random.choice(STRANGERS)
    return good.case("", key=stranger.public.to_pem().encode())


@change
def other_signer(good: Good) -> Case:
    """Signed by a stranger, with or without the vendor's name."""
    signed = resigned(good, good.envelope.payload, signer=good.random.choice(STRANGERS))
    sig = signed.signatures[0].sig
    keyid = good.signer.public.keyid
    names = [signed.signatures[0].keyid, keyid, keyid.upper(), "", keyid[:-1], keyid + " ", keyid[:16]]
    return good.case("", envelope=signed._replace(signatures=(Signature(good.random.choice(names), sig),)))


@change
def right_signature_by_another_name(good: Good) -> Case:
    keyid = good.signer.public.keyid
    names = ["", keyid.upper(), keyid[:-1], "a" * 64, "0" + keyid, good.random.choice(STRANGERS).public.keyid, "." * 64]
    sig = good.envelope.signatures[0].sig
    return good.case("", envelope=good.envelope._replace(signatures=(Signature(good.random.choice(names), sig),)))


@change
def trusted_key_twice(good: Good) -> Case:
    """A right and a wrong signature by the trusted key, or two of one stranger."""
    right = good.envelope.signatures[0]
    wrong = right._replace(sig=good.random.choice([right.sig, bytes(64), flipped(right.sig, good.random)]))
    stranger = Signature(STRANGERS[0].public.keyid, bytes(64))
    pairs = good.random.choice(
        [(right, wrong), (wrong, right), (stranger, right, stranger), (right, stranger, stranger)]
    )
    return good.case("", envelope=good.envelope._replace(signatures=pairs))


@change
def one_signature_by_the_trusted_key_wrong(good: Good) -> Case:
    """A stranger's right signature does not make up for it."""
    stranger = STRANGERS[0]
    right = Signature(stranger.public.keyid, stranger.sign(signed_bytes(PAYLOAD_TYPE, good.envelope.payload)))
    wrong = Signature(good.signer.public.keyid, flipped(good.envelope.signatures[0].sig, good.random))
    return good.case(
        "", envelope=good.envelope._replace(signatures=good.random.choice([(right, wrong), (wrong, right)]))
    )


@change
def signature_of_another_license(good: Good) -> Case:
    other = Good(good.random)
    sig = good.signer.sign(signed_bytes(PAYLOAD_TYPE, other.envelope.payload))
    return good.case("", envelope=with_sig(good, sig))


@change
def signature_of_the_bare_payload(good: Good) -> Case:
    payload = good.envelope.payload
    messages = [
        payload,
        b"",
        base64.b64encode(payload),
        signed_bytes("", payload),
        signed_bytes(PAYLOAD_TYPE, payload) + b"\n",
    ]
    return good.case("", envelope=with_sig(good, good.signer.sign(good.random.choice(messages))))


@change
def signature_of_another_length(good: Good) -> Case:
    sig = good.envelope.signatures[0].sig
    return good.case(
        "", envelope=with_sig(good, good.random.choice([sig[:-1], sig + b"\0", b"", sig[:32], sig + sig, b"\0" + sig]))
    )


@change
def s_and_l(good: Good) -> Case:
    """S + L is the same scalar: RFC 8032 §5.1.7 refuses it."""
    sig = good.envelope.signatures[0].sig
    s = int.from_bytes(sig[32:], "little") + good.random.randint(1, 15) * curve.L
    return good.case("", envelope=with_sig(good, sig[:32] + s.to_bytes(32, "little")))


@change
def r_of_small_order(good: Good) -> Case:
    r = good.random.choice(curve.small_encodings())
    s = good.random.choice([bytes(32), good.envelope.signatures[0].sig[32:], (curve.L - 1).to_bytes(32, "little")])
    return good.case("", envelope=with_sig(good, r + s))


@change
def r_with_a_part_of_small_order(good: Good) -> Case:
    message = signed_bytes(PAYLOAD_TYPE, good.envelope.payload)
    torsion = good.random.choice(curve.small_order()[1:])
    return good.case("", envelope=with_sig(good, curve.sign_with(bytes([good.seed]) * 32, message, torsion)))


@change
def other_product(good: Good) -> Case | None:
    name = good.random.choice([good.product.swapcase(), good.product[:-1] + ".", "", good.product + "x", ".*", "evil"])
    return None if name == good.product else good.case("", product=name)


@change
def not_valid_yet(good: Good) -> Case:
    return good.case("", at=format_time(good.not_before - good.random.choice([SECOND, DAY, 400 * DAY])))


@change
def expired(good: Good) -> Case | None:
    if good.end is None:
        return None
    return good.case("", at=format_time(good.end + good.random.choice([0 * SECOND, SECOND, DAY, 5000 * DAY])))


@change
def of_another_version(good: Good) -> Case:
    fields = json.loads(good.envelope.payload)
    name = good.random.choice(["version", "not_before", "expires_at", "grace_days"])
    value: Any = good.random.choice(["2", 2, None, "", [], {}, "2030-01-01", -1, "2030-01-01T00:00:00z", ...])
    if value is ...:
        del fields[name]
    elif name == "expires_at" and value is None:
        return good.case("", at="1600-01-01T00:00:00Z")
    elif name == "grace_days" and value == 2:
        fields["grace_days"] = 36501
    else:
        fields[name] = value
    payload = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    return good.case("", envelope=resigned(good, payload))


@change
def too_large(good: Good) -> Case:
    stranger = Signature("x", bytes(64 * 1024))
    return good.case("", envelope=good.envelope._replace(signatures=(*good.envelope.signatures, stranger)))
