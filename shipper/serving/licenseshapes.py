"""Shapes that both services give the license in, for the OpenAPI document."""

from __future__ import annotations

from typing import Annotated

import msgspec


class Envelope(msgspec.Struct, frozen=True):
    """The signed license as a DSSE envelope: `payload` is base64 of the signed bytes."""

    payloadType: str  # noqa: N815 - DSSE's names
    payload: str
    signatures: list[dict[str, str]]


class FieldName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=128, examples=["expires_at"])]
