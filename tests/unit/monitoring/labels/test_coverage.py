"""Label coverage: a week is judged by what earlier weeks had at its age, and delays by when labels came."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.labels.coverage import compare, cover_weeks, judged_week, known_within
from monitoring.labels.describing import age_text
from monitoring.labels.page import verdict_of
from monitoring.models import LabelWeek
from monitoring.windows.weeks import WEEK

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
EVENTS = 10_000


def week(number: int, *, now: datetime, delays: Sequence[int], events: int = EVENTS) -> LabelWeek:
    """The week `number` after MONDAY as it is known at `now`: labels so many days after its last day."""
    start = MONDAY + number * WEEK
    known = [delay for delay in delays if start + 7 * DAY + delay * DAY <= now]
    return LabelWeek(
        event_type="payment",
        start=start,
        until=start + WEEK,
        events=events,
        read=events,
        labeled=len(known),
        by_source={"chargeback": len(known)},
        arrivals=[[(6 + delay) // 7, delay, known.count(delay)] for delay in sorted(set(known))],
        computed_at=now,
    )


def weeks(now: datetime, *, late: int = 0, last: int = 9) -> list[LabelWeek]:
    """Ten weeks with ten labels on each of 30 days; those of the last one come `late` days later."""
    usual = [day for day in range(30) for _ in range(10)]
    shifted = [day + late for day in usual]
    return [week(at, now=now, delays=shifted if at == last else usual) for at in range(10)]


NOW = MONDAY + 10 * WEEK + 14 * DAY  # the last week ended 14 days ago


def test_a_young_week_is_compared_with_earlier_ones_at_its_age() -> None:
    found = compare(weeks(NOW)[-1], weeks(NOW)[:-1], now=NOW)
    assert found is not None
    assert (found.age, found.counted, found.expected) == (14, 140, pytest.approx(140))
    assert found.loss == pytest.approx(0.0)
    assert found.low < 0 < found.high


def test_labels_that_come_later_than_usual_are_missing() -> None:
    found = compare(weeks(NOW, late=7)[-1], weeks(NOW)[:-1], now=NOW)
    assert found is not None
    assert found.loss == pytest.approx(0.5)
    assert 0.35 < found.low < found.loss < found.high < 0.65
    tone, text = verdict_of(cover_weeks(weeks(NOW, late=7), now=NOW))
    assert (tone, text.split(":")[0]) == ("bad", "Labels are missing for the week of 2026-05-04")


def test_the_youngest_week_with_enough_expected_labels_is_judged() -> None:
    judged = judged_week(cover_weeks(weeks(MONDAY + 10 * WEEK + DAY), now=MONDAY + 10 * WEEK + DAY))
    assert judged is not None
    assert judged.week.start == MONDAY + 8 * WEEK  # the week after it has 10 expected labels
    assert verdict_of(cover_weeks(weeks(NOW), now=NOW))[0] == "good"
    assert verdict_of(cover_weeks(weeks(NOW)[:2], now=NOW))[0] == "info"


def test_a_week_without_any_label_is_missing_all() -> None:
    none = week(9, now=NOW, delays=[])
    found = compare(none, weeks(NOW)[:-1], now=NOW)
    assert found is not None
    assert (found.counted, found.loss) == (0, 1.0)
    assert found.low > 0.9


def test_only_labels_within_the_age_count() -> None:
    assert known_within(weeks(NOW)[0], 5) == 50
    assert known_within(weeks(NOW)[0], 0) == 0


def test_delays_are_those_of_labels_that_became_known_in_a_week() -> None:
    one = week(0, now=NOW, delays=[1, 1, 8, 8, 8, 20])
    other = week(1, now=NOW, delays=[1, 1, 1])
    found = {each.week.start: each.delays for each in cover_weeks([one, other], now=NOW)}
    second = found[MONDAY + WEEK]
    assert second is not None
    assert (second.labels, second.quarter, second.median, second.slow) == (2, 1, 1, 1)
    assert found[MONDAY] is None


def test_an_age_of_one_day_is_no_plural() -> None:
    assert [age_text(days) for days in (1, 2)] == ["1 day", "2 days"]
