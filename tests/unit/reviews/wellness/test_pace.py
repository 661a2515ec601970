"""When a break is due, and how many sensitive cases may still be opened."""

from datetime import UTC, datetime, timedelta

import pytest

from reviews.wellness.pace import Action, Limits, pace_of, strictest

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LIMITS = Limits(sensitive_per_hour=3, work=timedelta(minutes=60), break_=timedelta(minutes=10))


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def worked(*before_noon: float, sensitive: bool = False) -> list[Action]:
    """Actions so many minutes before noon, each on a case of its own."""
    return [Action(NOON - minutes(ago), place, sensitive) for place, ago in enumerate(before_noon)]


@pytest.mark.parametrize(
    ("actions", "stretch", "until"),
    [
        ([], 0, None),
        (worked(5), 0, None),
        (worked(55, 46, 37, 28, 19, 11, 3), 52, None),  # not an hour yet
        (worked(65, 56, 47, 38, 29, 20, 11, 2), 63, 8),  # the break counts from the last action
        (worked(90, 80, 70, 60, 50, 40), 0, None),  # paused for the last 40 minutes
        (worked(70, 61, 40, 31, 22, 13, 4), 36, None),  # paused between 61 and 40
        (worked(70, 60), 0, None),
    ],
)
def test_a_break_is_due_after_an_hour_without_a_pause_of_ten_minutes(
    actions: list[Action], stretch: float, until: float | None
) -> None:
    pace = pace_of(actions, LIMITS, now=NOON)
    assert pace.worked == minutes(stretch)
    assert pace.break_until == (None if until is None else NOON + minutes(until))


def test_the_break_ends_when_the_pause_is_long_enough() -> None:
    actions = worked(65, 56, 47, 38, 29, 20, 11, 2)
    assert pace_of(actions, LIMITS, now=NOON + minutes(8)).break_until is None


@pytest.mark.parametrize(
    ("actions", "seen", "possible_in"),
    [
        (worked(50, 40, sensitive=True), 2, None),
        (worked(50, 40, 10, sensitive=True), 3, 10),  # when the one of 50 minutes ago is an hour old
        (worked(70, 50, 40, sensitive=True), 2, None),
        (worked(50, 40, 10), 0, None),
        ([Action(NOON - minutes(ago), 7, True) for ago in (50, 40, 30, 20)], 1, None),  # one case, renewed
    ],
)
def test_sensitive_cases_are_counted_once_each_within_an_hour(
    actions: list[Action], seen: int, possible_in: float | None
) -> None:
    pace = pace_of(actions, LIMITS, now=NOON)
    assert pace.sensitive == seen
    assert pace.sensitive_from == (None if possible_in is None else NOON + minutes(possible_in))


def test_without_limits_nothing_waits() -> None:
    pace = pace_of(worked(*range(0, 600, 5), sensitive=True), Limits(), now=NOON)
    assert (pace.break_until, pace.sensitive_from) == (None, None)


def test_of_several_groups_the_strictest_limits_hold() -> None:
    limits = strictest([Limits(20, None, minutes(5)), Limits(None, minutes(45), minutes(15)), Limits(8)])
    assert limits == Limits(8, minutes(45), minutes(15))
    assert strictest([]) == Limits()
