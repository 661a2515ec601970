"""How a lane sizes its next micro-batch by how long the last one took."""

import pytest

from scoring.runner.lane_runner import FEWEST, MOST, WORK_SECONDS, next_limit


@pytest.mark.parametrize(
    ("limit", "entries", "seconds", "wanted", "why"),
    [
        (64, 64, 2 * WORK_SECONDS, 32, "half as many fit after a batch that took twice as long"),
        (64, 64, WORK_SECONDS, 64, "what fits stays"),
        (128, 128, 1.3 * WORK_SECONDS, 64, "98 fit: limits come in steps, for each of which there is a plan"),
        (64, 64, WORK_SECONDS / 10, 128, "a quick batch doubles the limit, no more"),
        (64, 1, WORK_SECONDS, FEWEST, "one entry that took all the time is a batch's fixed cost, not a pace"),
        (
            32,
            32,
            100 * WORK_SECONDS,
            FEWEST,
            "a machine that stands still gets no smaller batches",
        ),
        (MOST, MOST, WORK_SECONDS / 10, MOST, "clients that come next do not wait for more than so many"),
        (32, 32, 0.0, 64, "a batch that took no measurable time"),
    ],
)
def test_the_next_limit(limit: int, entries: int, seconds: float, wanted: int, why: str):
    assert next_limit(limit, entries=entries, seconds=seconds) == wanted, why
