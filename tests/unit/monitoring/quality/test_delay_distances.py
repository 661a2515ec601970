"""How far delays are from what is usual: an alert fires only if the whole interval is."""

import pytest

from monitoring.quality.alert_metrics import distances
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
