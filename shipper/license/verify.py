"""Whether a license may be trusted: nothing of it is read for use before its signature holds."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from shipper.license import envelope
from shipper.license.armor import dearmor
from shipper.license.defects import DefectError, shown
from shipper.license.document import parse_payload
from shipper.license.keys import is_signed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shipper.license.document import License
    from shipper.license.envelope import Envelope
    from shipper.license.keys import PublicKey


NOTHING: Mapping[str, str | int] = MappingProxyType({})


class VerifiedLicense(NamedTuple):
    """A license by a trusted key.

    `payload` is the signed bytes, `envelope_json` the signed envelope as compact JSON (both exactly as they
    came), `keyid` the first trusted key that signed.
    """

    license: License
    payload: bytes
    envelope_json: str
    keyid: str

    @property
    def release(self) -> Mapping[str, str | int]:
        """What the license itself says of a release: nothing. An unsigned one may."""
        return NOTHING

    @property
    def repositories(self) -> tuple[()]:
        """Files of repositories: none. An unsigned license may come with some."""
        return ()


def verify(data: bytes, trust: Sequence[PublicKey], *, product: str | None, file: str) -> VerifiedLicense:
    """The license in the file `data`, which `file` names in messages, if a key of `trust` signed it.

    Signatures by other keys are ignored, one by a trusted key suffices, and a wrong one in a trusted key's name
    refuses the license. `product` is what the license must be for, None for any. The license's times are not
    looked at: `state.require_valid` does that. Raises DefectError, whose `defect` names the reason, and LimitError.
    """
    return verify_envelope(envelope.parse(dearmor(data, file), file), trust, product=product, file=file)


def verify_envelope(signed: Envelope, trust: Sequence[PublicKey], *, product: str | None, file: str) -> VerifiedLicense:
    """The license in an envelope: as `verify`."""
    keyid = trusted_signer(signed, trust, file)
    document = parse_payload(signed.payload, file)
    if product is not None and document.product != product:
        raise DefectError(
            "wrong-product",
            f"license {document.id} is for the product {shown(document.product)}, not for {shown(product)}",
            file=file,
        )
    return VerifiedLicense(document, signed.payload, signed.to_json(), keyid)


def trusted_signer(signed: Envelope, trust: Sequence[PublicKey], file: str) -> str:
    """The id of the first trusted key that signed. Raises DefectError."""
    if signed.payload_type != envelope.PAYLOAD_TYPE:
        raise DefectError(
            "wrong-payload-type",
            f"the signed payload is of type {shown(signed.payload_type)}, which is no license",
            file=file,
            hint=f'a license is of type "{envelope.PAYLOAD_TYPE}"',
        )
    require_trust(trust, file)
    trusted = {key.keyid: key for key in trust}
    message = envelope.signed_bytes(signed.payload_type, signed.payload)
    signers: list[str] = []
    for signature in signed.signatures:
        key = trusted.get(signature.keyid)
        if key is None:
            continue
        if not is_signed(key, signature.sig, message):
            raise DefectError(
                "bad-signature",
                f"the license was altered: its signature by the trusted key {_short(key.keyid)} doesn't match",
                file=file,
            )
        signers.append(key.keyid)
    if not signers:
        raise DefectError(
            "no-trusted-signer",
            f"the license is signed by no trusted key: signed by {_listed([s.keyid for s in signed.signatures])}; "
            f"trusted {_listed(list(trusted))}",
            file=file,
        )
    return signers[0]


def require_trust(trust: Sequence[PublicKey], file: str) -> None:
    """Raise DefectError if there is no key to verify with: nothing is trusted then."""
    if not trust:
        raise DefectError(
            "no-trust-key",
            "no trusted key is known to verify the license with",
            file=file,
            hint="give the vendor's public key with --trust-key",
        )


def _listed(keyids: list[str]) -> str:
    more = f" and {len(keyids) - 3} more" if len(keyids) > 3 else ""
    return ", ".join(_short(keyid) for keyid in keyids[:3]) + more


def _short(keyid: str) -> str:
    """The beginning of a key's id, as far as it is one."""
    return keyid[:16] if keyid.isalnum() and keyid.isascii() else shown(keyid[:16])
