"""Writes docs/verify/vectors.json: licenses that every verifier has to judge alike (`make docs`)."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

from shipper.license.envelope import Signature
from shipper.license.times import format_time
from tests.verify import runners
from tests.verify.cases import CHANGES, DAY, FORMS, SECOND, STRANGERS, Good
from tests.verify.runners import Asked, Case

PATH = "docs/verify/vectors.json"
BAD_OF_A_KIND = 2
MAX_BYTES = 6_000  # the case of one that is too large is left out
ABOUT = (
    "Made by `make docs` of shipper. license: base64 of the file's bytes. key: the PEM text of the trusted key. "
    "payload_sha256 is given for an accepted license, refused for a refused one. The keys are known to everybody."
)


class Short(Good):
    """A license with short texts."""

    def text(self) -> str:
        return super().text()[:6]


def cases() -> list[Case]:
    """A good one of each kind, and a few for each thing that may be done to one."""
    random_ = random.Random(7)
    good = Short(random_)
    while good.expires_at is None:
        good = Short(random_)
    text = good.envelope.to_json().encode()
    names = ["license file", "license file with CRLF", "envelope", "envelope in base64"]
    found = [good.case(name, license=form(text)) for name, form in zip(names, FORMS[1:], strict=True)]
    strangers = (Signature(STRANGERS[0].public.keyid, bytes(3)), *good.envelope.signatures, Signature("", b""))
    found.append(good.case("signed by strangers, too", envelope=good.envelope._replace(signatures=strangers)))
    found.append(good.case("first second", at=format_time(good.not_before)))
    assert good.end is not None
    found.append(good.case("last second of grace", at=format_time(good.end - SECOND)))
    endless = Short(random_)
    while endless.expires_at is not None:
        endless = Short(random_)
    found.append(endless.case("without an end", at=format_time(endless.not_before + 36500 * DAY)))
    for change in CHANGES[:-1]:
        number = 0
        while number < BAD_OF_A_KIND:
            case = change(Short(random_))
            if case is not None and len(case.license) < MAX_BYTES:
                number += 1
                found.append(case._replace(name=f"{change.__name__.replace('_', ' ')} {number}"))
    return found


def reference() -> str:
    """The text of docs/verify/vectors.json."""
    made = cases()
    answers = runners.by_client(Asked(made, ""), Path())
    entries = ",\n".join(json.dumps(_entry(case, answer)) for case, answer in zip(made, answers, strict=True))
    return f'{{"about": {json.dumps(ABOUT)}, "vectors": [\n{entries}\n]}}\n'


def _entry(case: Case, answer: str) -> dict[str, Any]:
    word, _, rest = answer.partition(" ")
    return {
        "name": case.name,
        "product": case.product,
        "at": case.at,
        "key": case.key.decode(),
        "license": base64.b64encode(case.license).decode(),
        ("payload_sha256" if word == "ok" else "refused"): rest,
    }


def read(text: str) -> list[tuple[Case, str]]:
    """The cases of the file, each with the answer that is expected."""
    return [
        (
            Case(one["name"], base64.b64decode(one["license"]), one["key"].encode(), one["product"], one["at"]),
            f"ok {one['payload_sha256']}" if "payload_sha256" in one else f"refused {one['refused']}",
        )
        for one in json.loads(text)["vectors"]
    ]
