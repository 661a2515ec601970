"""Times as files have them; what could be read in two ways is not guessed."""

from typing import Any

import pytest

from scoring.catalog.errors import FieldError
from scoring.ingest.errors import InvalidMapping
from scoring.ingest.values.times import TimeReader, TimeRule


@pytest.mark.parametrize(
    ("raw", "rule", "read"),
    [
        ("2025-03-01T10:00:00Z", {}, "2025-03-01T10:00:00Z"),
        ("2025-07-01 12:00:00", {"timezone": "Europe/Berlin"}, "2025-07-01T12:00:00+02:00"),
        (1740823200, {}, "2025-03-01T10:00:00+00:00"),
        ("1740823200", {}, "2025-03-01T10:00:00+00:00"),
        (1740823200123, {}, "2025-03-01T10:00:00.123000+00:00"),
        (1740823200123456, {}, "2025-03-01T10:00:00.123456+00:00"),
        ("1740823200123456789", {}, "2025-03-01T10:00:00.123457+00:00"),
        (1740823200.5, {}, "2025-03-01T10:00:00.500000+00:00"),
        (86400, {"unit": "s"}, "1970-01-02T00:00:00+00:00"),
        (0, {"origin": "2013-09-01T00:00:00Z"}, "2013-09-01T00:00:00+00:00"),
        ("172792.0", {"origin": "2013-09-01T00:00:00Z"}, "2013-09-02T23:59:52+00:00"),
        (743, {"origin": "2025-01-01T00:00:00Z", "unit": "h"}, "2025-01-31T23:00:00+00:00"),
        (45717.5, {"unit": "excel", "timezone": "UTC"}, "2025-03-01T12:00:00+00:00"),
        ("03/04/2025 10:00", {"format": "%d/%m/%Y %H:%M", "timezone": "UTC"}, "2025-04-03T10:00:00+00:00"),
        ("20250301", {"format": "%Y%m%d", "timezone": "Asia/Tokyo"}, "2025-03-01T00:00:00+09:00"),
        ("1e+05", {"origin": "2013-09-01T00:00:00Z"}, "2013-09-02T03:46:40+00:00"),
        ("1.740823200000000000e+09", {}, "2025-03-01T10:00:00+00:00"),
        ("1.740823200123e12", {}, "2025-03-01T10:00:00.123000+00:00"),
        ("2025-03-01 10:00:00 UTC", {}, "2025-03-01 10:00:00Z"),
        ("2025-03-01 10:00:00.123456 UTC", {}, "2025-03-01 10:00:00.123456Z"),
        ("2025/03/01 9:30", {"timezone": "UTC"}, "2025-03-01T09:30:00+00:00"),
        ("31.12.2025 23:59:59", {"order": "day", "timezone": "UTC"}, "2025-12-31T23:59:59+00:00"),
        ("2016-12-31t23:59:60z", {}, "2016-12-31T23:59:59+00:00"),
    ],
)  # fmt: skip
def test_a_time_is_read_as_its_rule_says(raw: Any, rule: dict[str, str], read: str) -> None:
    assert TimeReader(TimeRule(**rule)).read(raw) == read


@pytest.mark.parametrize(
    ("raw", "rule", "said"),
    [
        ("03/04/2025", {}, "not a time with a time zone"),
        ("2025-03-01 10:00:00", {}, "time without an offset"),
        ("2025-03-01", {"timezone": "UTC"}, "the date 2025-03-01 without a time of day"),
        ("2025/3/1", {"timezone": "UTC"}, "the date 2025-03-01 without a time of day"),
        ("31.12.2025 10:00", {"timezone": "UTC"}, "is '31.12.2025 10:00'"),
        ("01-Mar-2025 10:00:00", {"timezone": "UTC"}, "is '01-Mar-2025 10:00:00'"),
        ("2025-03-01 10:00:00 CET", {"timezone": "UTC"}, "is '2025-03-01 10:00:00 CET'"),
        ("2025-3-1 9:5:07", {"timezone": "UTC"}, "is '2025-3-1 9:5:07'"),
        ("1.74082E+12", {}, "1.74082E.12, whose last digits are lost"),
        ("1.74082E+09", {"unit": "s"}, "whose last digits are lost"),
        (20250301, {}, "is the number 20250301"),
        (45717, {}, "not a time since 1970"),
        (True, {}, "is not a time"),
        ("2025-03-01", {"format": "%d/%m/%Y", "timezone": "UTC"}, "is '2025-03-01'"),
        ("1e400", {"origin": "2013-09-01T00:00:00Z"}, "not a time"),
        (10**18, {"unit": "s"}, "out of range"),
    ],
)
def test_an_ambiguous_time_is_refused(raw: Any, rule: dict[str, str], said: str) -> None:
    with pytest.raises(FieldError, match=said):
        TimeReader(TimeRule(**rule)).read(raw)


@pytest.mark.parametrize(
    ("raw", "rule", "read"),
    [
        ("2025-03-01", {}, "2025-03-01T23:59:59.999999+00:00"),
        ("2025-07-01", {"timezone": "Europe/Berlin"}, "2025-07-01T23:59:59.999999+02:00"),
        ("01.07.2025", {"format": "%d.%m.%Y"}, "2025-07-01T23:59:59.999999+00:00"),
    ],
)
def test_where_dates_are_read_a_date_means_its_end(raw: str, rule: dict[str, str], read: str) -> None:
    assert TimeReader(TimeRule(**rule), dates=True).read(raw) == read


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"unit": "weeks"}, "'weeks' is not one of ns, us"),
        ({"unit": "h"}, "requires --time-origin"),
        ({"unit": "excel"}, "requires --timezone"),
        ({"origin": "2013-09-01"}, "--time-origin '2013-09-01'"),
        ({"format": "dd/mm/yyyy"}, "no part such as %Y"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
    ],
)
def test_an_invalid_rule_is_refused(rule: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidMapping, match=said):
        TimeRule(**rule)
