"""Errors of an API as `application/problem+json` (RFC 9457), each with a stable `code` for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """An answer that is an error: `detail` is a sentence for people, `code` is for programs."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra


class Refused(msgspec.Struct, frozen=True, omit_defaults=True):
    """One wrong value: where it is (`field` is a path in the body, `index` counts events from 0), and why."""

    detail: str
    field: str = ""
    index: int | None = None


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sent: `type` is `about:blank`, so that `title` is the status' own phrase. There may be more members."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[Refused] = []
