from argparse import ArgumentTypeError
from datetime import UTC, datetime

import pytest

from scoring.management.arguments import read_moment, read_thresholds


def test_a_date_without_a_zone_is_utc():
    assert read_moment("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)
    assert read_moment("2026-01-31T12:00:00+02:00") == datetime(2026, 1, 31, 10, tzinfo=UTC)
    with pytest.raises(ArgumentTypeError):
        read_moment("yesterday")


def test_thresholds_are_read_by_name():
    assert read_thresholds("review=0.2, block=0.9") == {"review": 0.2, "block": 0.9}
    assert read_thresholds("block=0.9") == {"block": 0.9}


@pytest.mark.parametrize("text", ["0.2", "review=x", "allow=0.1", "review=1.2", "review=0.9,block=0.2", ""])
def test_invalid_thresholds_are_refused(text):
    with pytest.raises(ArgumentTypeError):
        read_thresholds(text)
