"""Weeks begin on Monday, in UTC."""

from datetime import UTC, datetime

import pytest

from monitoring.windows.weeks import to_week, weeks_between


@pytest.mark.parametrize(
    ("moment", "monday"),
    [
        (datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)),
        (datetime(2026, 12, 6, 23, 59, 59, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)),
        (datetime(2027, 1, 1, 12, tzinfo=UTC), datetime(2026, 12, 28, tzinfo=UTC)),
    ],
)
def test_a_week_begins_on_monday(moment: datetime, monday: datetime) -> None:
    assert to_week(moment) == monday


def test_weeks_cover_the_time_between() -> None:
    since, until = datetime(2026, 12, 2, tzinfo=UTC), datetime(2026, 12, 14, tzinfo=UTC)
    assert [each.day for each in weeks_between(since, until)] == [30, 7]
    assert list(weeks_between(until, until)) == []
