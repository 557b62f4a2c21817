"""What one caller may ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.operator.caps import RateLimit, require_room
from shipper.serving.problems import ProblemError


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_has_so_many_requests() -> None:
    clock = Clock()
    limit = RateLimit(60, clock=clock)
    for _ in range(60):
        limit.take("a")
    with pytest.raises(ProblemError) as refused:
        limit.take("a")
    assert (refused.value.status, refused.value.code) == (429, "TOO_MANY_REQUESTS")
    assert refused.value.headers == {"Retry-After": "1"}
    limit.take("b")  # others are not held up
    clock.now += 1
    limit.take("a")
    with pytest.raises(ProblemError):
        limit.take("a")


@pytest.mark.parametrize("size", [1, 2, 7])
def test_retry_after_is_long_enough(size: int) -> None:
    clock = Clock()
    limit = RateLimit(size, clock=clock)
    for _ in range(size):
        limit.take("a")
    with pytest.raises(ProblemError) as refused:
        limit.take("a")
    clock.now += int(refused.value.headers["Retry-After"])
    limit.take("a")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 30)), max_size=200))
def test_no_minute_has_more_than_twice_the_size(steps: list[tuple[str, float]]) -> None:
    clock = Clock()
    limit = RateLimit(10, clock=clock)
    allowed: dict[str, list[float]] = {"a": [], "b": [], "c": []}
    for caller, pause in steps:
        clock.now += pause
        try:
            limit.take(caller)
        except ProblemError:
            continue
        allowed[caller].append(clock.now)
    for times in allowed.values():
        assert all(sum(begin <= at < begin + 60 for at in times) <= 20 for begin in times)


def test_the_memory_is_bounded() -> None:
    limit = RateLimit(1, callers=3)
    for number in range(100):
        limit.count(str(number))
    assert len(limit) == 3


def test_sessions_of_a_caller_are_counted() -> None:
    require_room(4, 5, 10)
    with pytest.raises(ProblemError) as refused:
        require_room(5, 5, 0)
    assert (refused.value.status, refused.value.code) == (429, "TOO_MANY_SESSIONS")
    assert refused.value.headers == {"Retry-After": "1"}
