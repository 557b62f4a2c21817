"""The key that a request shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.serving.auth import MAX_KEY, digest, require, same, shown_key
from shipper.serving.problems import ProblemError
from shipper.serving.routes import Scope

KEY = b"shpo_abcdef"


def header(value: bytes) -> tuple[bytes, bytes]:
    return b"x-license-key", value


def bearer(value: bytes) -> tuple[bytes, bytes]:
    return b"authorization", value


@pytest.mark.parametrize(
    "headers",
    [
        [header(KEY)],
        [header(b" " + KEY + b"\t")],
        [bearer(b"Bearer " + KEY)],
        [bearer(b"bearer   " + KEY)],
        [bearer(b"BEARER " + KEY)],
        [header(KEY), bearer(b"Bearer " + KEY)],
        [(b"accept", b"*/*"), header(KEY), header(KEY)],
    ],
)
def test_a_key_in_either_header(headers: list[tuple[bytes, bytes]]) -> None:
    assert shown_key(headers) == KEY


@pytest.mark.parametrize("headers", [[], [header(b"")], [header(b"  ")], [bearer(b"Bearer ")], [header(b"x" * 4097)]])
def test_no_key(headers: list[tuple[bytes, bytes]]) -> None:
    assert shown_key(headers) is None


def test_the_longest_key() -> None:
    assert shown_key([header(b"x" * MAX_KEY)])


@pytest.mark.parametrize(
    "headers",
    [
        [header(KEY), header(b"other")],
        [header(KEY), bearer(b"Bearer other")],
        [header(KEY), header(b"")],
    ],
)
def test_two_keys_are_none(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(ProblemError) as caught:
        shown_key(headers)
    assert caught.value.status == 401
    assert KEY.decode() not in caught.value.detail


@pytest.mark.parametrize("value", [b"Basic dXNlcjpwYXNz", b"Bearer", KEY, b""])
def test_another_scheme_shows_no_key_and_is_for_somebody_else(value: bytes) -> None:
    assert shown_key([bearer(value)]) is None
    assert shown_key([bearer(value), header(KEY)]) == KEY


def test_digests_are_compared_also_of_bytes_that_are_no_text() -> None:
    assert same(digest(b"\xe9\0"), digest(b"\xe9\0"))
    assert not same(digest(b"\xe9"), digest("é".encode()))


@given(st.frozensets(st.sampled_from(Scope)), st.frozensets(st.sampled_from(Scope)))
def test_a_scope_opens_its_own_and_admin_all(held: frozenset[Scope], wanted: frozenset[Scope]) -> None:
    if held & wanted or Scope.admin in held:
        require(held, wanted)
    else:
        with pytest.raises(ProblemError) as caught:
            require(held, wanted)
        assert caught.value.status == 403
