"""Weeks from Monday to Monday, in UTC."""

from collections.abc import Iterator
from datetime import datetime, timedelta

WEEK = timedelta(weeks=1)


def to_week(moment: datetime) -> datetime:
    """The Monday, 0:00, with which the week of a moment begins."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday())


def weeks_between(since: datetime, until: datetime) -> Iterator[datetime]:
    """The starts of the weeks that have a moment in [since, until), oldest first."""
    start = to_week(since)
    while start < until:
        yield start
        start += WEEK
