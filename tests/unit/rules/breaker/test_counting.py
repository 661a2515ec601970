"""The counter of would-be blocks agrees with a slow reference, and stays small."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scoring.rules.breaker.counting import MODEL, BlockCounter, Observed
from scoring.rules.breaker.settings import BreakerSettings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

settings = st.builds(
    BreakerSettings,
    max_share=st.sampled_from([0.1, 0.25, 0.4, 1.0]),
    max_blocks=st.none() | st.integers(1, 8),
    min_events=st.integers(2, 12),
    window_s=st.integers(1, 30),
)
# Seconds since the event before, and by what it is blocked.
steps = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.none() | st.lists(st.sampled_from(["velocity", "country"]), unique=True, max_size=2).map(tuple),
    ),
    max_size=60,
)


def events_of(steps: list[tuple[int, tuple[str, ...] | None]]) -> list[Observed]:
    at, events = NOON, []
    for seconds, blocked_by in steps:
        at += timedelta(seconds=seconds)
        events.append(Observed(at, blocked_by))
    return events


def slow_limit(events: list[Observed], settings: BreakerSettings) -> str | None:
    """The limit that is exceeded after `events`, by looking at all of them."""
    window = [each for each in events if each.at > events[-1].at - settings.window]
    latest = window[-settings.min_events :]
    blocked = [each for each in latest if each.blocked_by is not None]
    if len(latest) == settings.min_events and len(blocked) / len(latest) > settings.max_share:
        return "share"
    blocks = [each for each in window if each.blocked_by is not None]
    return "blocks" if settings.max_blocks is not None and len(blocks) > settings.max_blocks else None


@given(settings, steps)
def test_a_limit_is_exceeded_exactly_when_all_events_say_so(
    settings: BreakerSettings, steps: list[tuple[int, tuple[str, ...] | None]]
) -> None:
    counter, seen = BlockCounter(settings), []
    for event in events_of(steps):
        seen.append(event)
        counter.observe(would_block=event.blocked_by is not None, by=event.blocked_by or (), now=event.at)
        excess = counter.excess()
        assert (excess.limit if excess else None) == slow_limit(seen, settings)


@given(settings, steps)
def test_every_block_is_counted_for_its_rules_or_for_the_model(
    settings: BreakerSettings, steps: list[tuple[int, tuple[str, ...] | None]]
) -> None:
    counter = BlockCounter(settings, events_of(steps))
    if excess := counter.excess():
        if excess.limit == "share":
            blocked = [each.blocked_by for each in counter.latest if each.blocked_by is not None]
            assert excess.by == Counter(name for names in blocked for name in names or (MODEL,))
            assert excess.share == excess.blocks / excess.events == len(blocked) / len(counter.latest)
        assert max(excess.by.values()) <= excess.blocks <= sum(excess.by.values())


@given(settings, steps, steps)
def test_a_counter_begun_with_the_events_of_another_goes_on_as_that_one(
    settings: BreakerSettings,
    before: list[tuple[int, tuple[str, ...] | None]],
    after: list[tuple[int, tuple[str, ...] | None]],
) -> None:
    events = events_of(before + after)
    first = BlockCounter(settings, events[: len(before)])
    second = BlockCounter(settings, first.observed)
    assert second.excess() == first.excess()
    for event in events[len(before) :]:
        for counter in (first, second):
            counter.observe(would_block=event.blocked_by is not None, by=event.blocked_by or (), now=event.at)
        assert second.excess() == first.excess()
        assert second.latest == first.latest


def test_the_counter_holds_no_more_than_it_needs() -> None:
    counter = BlockCounter(BreakerSettings(max_blocks=5, min_events=10))
    for _ in range(1_000):
        counter.observe(would_block=True, by=["velocity"], now=NOON)
    assert len(counter.latest) == 10
    excess = counter.excess()
    assert excess is not None
    assert excess.by == {"velocity": 10}


def test_of_earlier_blocks_it_holds_as_many_as_exceed_the_limit() -> None:
    counter = BlockCounter(BreakerSettings(max_blocks=5, min_events=10))
    for place in range(1_000):
        counter.observe(would_block=place % 10 == 0, now=NOON)
    blocks = [each for each in counter.observed if each.blocked_by is not None]
    assert (len(counter.latest), len(counter.observed), len(blocks)) == (10, 15, 6)


def test_a_cleared_counter_counts_anew() -> None:
    counter = BlockCounter(BreakerSettings(max_share=0.4, max_blocks=12, min_events=10))
    for _ in range(2):
        for _ in range(13):
            counter.observe(would_block=True, now=NOON)
        assert counter.excess()
        counter.clear()
        assert counter.observed == ()
    for place in range(10):
        counter.observe(would_block=place < 4, now=NOON)
    assert counter.excess() is None  # four of ten, the limit itself
    counter.observe(would_block=True, now=NOON)
    assert counter.excess() is None  # still four: the oldest block has left
    counter.observe(would_block=True, now=NOON)
    counter.observe(would_block=True, now=NOON)
    counter.observe(would_block=True, now=NOON)
    counter.observe(would_block=True, now=NOON)
    assert counter.excess()


def test_nothing_is_exceeded_once_the_window_has_passed() -> None:
    counter = BlockCounter(BreakerSettings(min_events=10, window_s=60))
    for _ in range(10):
        counter.observe(would_block=True, now=NOON)
    assert counter.excess()
    counter.expire(NOON + timedelta(seconds=60))
    assert counter.excess() is None
