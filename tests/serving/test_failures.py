"""Wrong keys are held off by source, and what was right from there goes on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shipper.serving.failures import FAILURES, FailureLimit

GOOD, BAD = b"good", b"bad"


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def blocked(watch: Watch, **options: int) -> FailureLimit:
    limit = FailureLimit(clock=watch, **options)
    for _ in range(FAILURES):
        limit.failed("a", BAD)
    return limit


def test_ten_wrong_keys_in_a_minute_are_looked_at() -> None:
    limit = FailureLimit(clock=Watch())
    for _ in range(FAILURES):
        assert limit.wait("a", BAD) == 0
        limit.failed("a", BAD)
    assert limit.wait("a", BAD) == 60


def test_right_ones_that_are_new_wait_too_or_guessing_would_go_on() -> None:
    assert blocked(Watch()).wait("a", GOOD) > 0


def test_other_sources_do_not_wait() -> None:
    assert blocked(Watch()).wait("b", BAD) == 0


def test_what_was_right_from_a_source_goes_on_to_work() -> None:
    limit = FailureLimit(clock=Watch())
    limit.succeeded("a", GOOD)
    for _ in range(2 * FAILURES):
        limit.failed("a", BAD)
    assert limit.wait("a", GOOD) == 0
    assert limit.wait("a", BAD) > 0
    assert blocked(Watch()).wait("a", GOOD) > 0


def test_a_key_that_was_revoked_loses_that() -> None:
    limit = blocked(Watch())
    limit.succeeded("a", GOOD)
    assert limit.wait("a", GOOD) == 0
    limit.failed("a", GOOD)
    assert limit.wait("a", GOOD) > 0


def test_the_time_to_wait_shrinks_to_nothing() -> None:
    watch = Watch()
    limit = blocked(watch)
    watch.seconds += 59.5
    assert limit.wait("a", BAD) == 1
    watch.seconds += 0.5
    assert limit.wait("a", BAD) == 0


def test_the_minute_slides() -> None:
    watch = Watch()
    limit = FailureLimit(clock=watch)
    for _ in range(FAILURES):
        limit.failed("a", BAD)
        watch.seconds += 5
    assert limit.wait("a", BAD) == 10  # the first was 50 seconds ago
    watch.seconds += 10
    limit.failed("a", BAD)
    assert limit.wait("a", BAD) == 5


@given(st.lists(st.tuples(st.sampled_from(["failed", "succeeded"]), st.integers(0, 50)), max_size=200))
def test_memory_is_bounded(calls: list[tuple[str, int]]) -> None:
    limit = FailureLimit(sources=5, clock=Watch())
    for call, number in calls:
        getattr(limit, call)(str(number), b"%d" % number)
    assert len(limit) <= 10


def test_those_of_longest_ago_are_forgotten_first() -> None:
    limit = blocked(Watch(), sources=2)
    limit.failed("b", BAD)
    limit.failed("a", BAD)
    limit.failed("c", BAD)
    assert limit.wait("a", BAD) > 0


@given(st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_never_more_than_ten_in_any_minute(pauses: list[float]) -> None:
    watch = Watch()
    limit = FailureLimit(clock=watch)
    looked_at: list[float] = []
    for pause in pauses:
        watch.seconds += pause
        if not limit.wait("a", BAD):
            limit.failed("a", BAD)
            looked_at.append(watch.seconds)
    for first, eleventh in zip(looked_at, looked_at[FAILURES:], strict=False):
        assert eleventh - first >= 60
