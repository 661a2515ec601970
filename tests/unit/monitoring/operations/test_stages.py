"""Percentiles of stages from counts by bucket, and how busy a lane's holder is."""

import pytest

from monitoring.operations.stages import busy_share, quantile_seconds, stage_times
from scoring.signals.telemetry import BUCKETS

EMPTY = [0.0] * (len(BUCKETS) + 1)


def runs(**counts: float) -> list[float]:
    """Counts by the upper bound of their bucket in milliseconds: `runs(ms5=3)`."""
    places = {f"ms{1_000 * bound:g}": place for place, bound in enumerate(BUCKETS)} | {"more": len(BUCKETS)}
    found = [*EMPTY]
    for name, count in counts.items():
        found[places[name]] = count
    return found


@pytest.mark.parametrize(
    ("counts", "q", "expected"),
    [
        (runs(ms5=10), 0.5, 0.00375),  # halfway between 2.5 and 5 ms
        (runs(ms5=99, ms250=1), 0.99, 0.005),
        (runs(ms5=98, ms250=2), 0.99, 0.175),
        (runs(ms5=1, more=9), 0.99, BUCKETS[-1]),
        (runs(ms10=1), 0.0, 0.005),
    ],
)
def test_a_quantile_is_interpolated_in_its_bucket(counts: list[float], q: float, expected: float) -> None:
    assert quantile_seconds(counts, q) == pytest.approx(expected)


def test_stages_come_in_the_order_in_which_events_pass_them() -> None:
    counts = {
        ("seconds", "persist"): 0.02,
        ("bucket", "persist", "3"): 4.0,
        ("events", "persist"): 40.0,
        ("seconds", "claim"): 0.01,
        ("bucket", "claim", "2"): 1.0,
        ("problem", "422", "invalid-event"): 3.0,
    }
    claim, persist = stage_times(counts)
    assert (claim.stage, claim.runs, persist.stage, persist.runs, persist.events) == (
        *("claim", 1),
        *("persist", 4, 40),
    )
    assert persist.p99 == pytest.approx(0.004975)


def test_the_busier_thread_of_the_holder_counts() -> None:
    counts = {
        **{("seconds", stage): 60.0 for stage in ("claim", "sequence", "decide")},
        ("seconds", "persist"): 90.0,
        ("seconds", "wait"): 5_000.0,  # of clients, not of the lane
    }
    times = stage_times(counts)
    assert busy_share(times, lanes=1, seconds=300) == pytest.approx(0.6)
    assert busy_share(times, lanes=2, seconds=300) == pytest.approx(0.3)
    assert busy_share(times, lanes=0, seconds=300) == 0
