"""Times are read as RFC 3339 writes them, and nothing else is taken for one."""

from datetime import UTC, datetime

import pytest

from scoring.catalog.errors import FieldError
from scoring.catalog.parsing.moments import parse_moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-28T10:00:00Z", datetime(2026, 11, 28, 10, tzinfo=UTC)),
        ("2026-11-28t10:00:00z", datetime(2026, 11, 28, 10, tzinfo=UTC)),
        ("2026-11-28 10:00:00.25+01:00", datetime(2026, 11, 28, 9, 0, 0, 250_000, tzinfo=UTC)),
        ("20261128T100000Z", datetime(2026, 11, 28, 10, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2016-12-31T15:59:60.5-08:00", datetime(2016, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_utc(text: str, moment: datetime) -> None:
    assert parse_moment(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-W48-6T10:00:00Z",  # a week date
        "2026-w48-6T10:00:00z",
        "2026-11-28T10:00:00",
        "2026-11-28",
        "2026-11-28T10:00:60Z",  # no leap second can be there
        "2026-11-28T10:00:61Z",
        "2026-11-28T25:00:00Z",
        "2026-02-30T10:00:00Z",
        "0001-01-01T00:59:60+01:00",
        "2026-11-28T10:00:00Z" + " " * 100,
        "yesterday at noon",
        1_772_366_340,
        None,
    ],
)
def test_times_without_a_time_zone_are_refused(text: object) -> None:
    with pytest.raises(FieldError, match="is not a time with a time zone"):
        parse_moment(text)


@pytest.mark.parametrize("text", ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00+10:00"])
def test_a_time_before_1970_is_out_of_range(text: str) -> None:
    with pytest.raises(FieldError, match="is out of range"):
        parse_moment(text)


def test_the_error_for_a_time_beyond_the_year_9999_names_both_bounds() -> None:
    with pytest.raises(FieldError) as refused:
        parse_moment("9999-12-31T23:59:59-23:59")
    assert refused.value.allowed == "the years 1970 to 9999"
