"""How far delays and volumes are from what is usual: an alert fires only if the whole interval is."""

import pytest

from monitoring.quality.alert_metrics import distances, ratios
from monitoring.quality.judging import Kind, Reading, State


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (7_200.0, 7_000.0, 7_400.0, (7_170.0, 6_970.0, 7_370.0)),
        (7_200.0, 20.0, 7_400.0, (7_170.0, 0.0, 7_370.0)),  # few events: it may be as usual
        (-3_600.0, -3_700.0, -3_500.0, (3_630.0, 3_530.0, 3_730.0)),
    ],
)
def test_distances_from_a_usual_delay_of_half_a_minute(
    value: float, low: float, high: float, expected: tuple[float, float, float]
) -> None:
    assert distances(Reading(Kind.DELAY, State.FINE, value, 30.0, low, high)) == expected


def test_nothing_is_known_before_something_is_usual() -> None:
    assert distances(Reading(Kind.DELAY, State.UNKNOWN, 40.0)) == (None, None, None)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (50, (5.0, 5.0, 5.0)),  # chance gives at most 29
        (25, (2.5, 1.0, 2.5)),
        (5, (0.5, 0.5, 1.0)),
        (0, (0.0, 0.0, 1.0)),  # an hour without events, as chance has it where few are expected
    ],
)
def test_ratios_to_ten_expected_events(events: int, expected: tuple[float, float, float]) -> None:
    assert ratios(Reading(Kind.VOLUME, State.FINE, float(events), 10.0, 0.0, 29.0)) == expected


def test_too_few_events_are_told_from_chance() -> None:
    assert ratios(Reading(Kind.VOLUME, State.BAD, 20.0, 100.0, 55.0, 160.0)) == (0.2, 0.2, 0.2)
