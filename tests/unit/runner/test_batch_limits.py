"""How many entries the next micro-batch may hold, by how long the last one took."""

import pytest

from scoring.runner.batch_limits import MAX_SIZE, MAX_WORK_SECONDS, MIN_SIZE, next_size


@pytest.mark.parametrize(
    ("limit", "entries", "seconds", "wanted", "why"),
    [
        (64, 64, 2 * MAX_WORK_SECONDS, 32, "half as many fit after a batch that took twice as long"),
        (64, 64, MAX_WORK_SECONDS, 64, "as many as fit"),
        (
            128,
            128,
            1.3 * MAX_WORK_SECONDS,
            64,
            "98 fit: sizes come in steps",
        ),
        (64, 64, MAX_WORK_SECONDS / 10, 128, "a quick batch doubles the limit, no more"),
        (
            64,
            1,
            MAX_WORK_SECONDS,
            MIN_SIZE,
            "the time of one entry is a fixed cost, not a pace",
        ),
        (
            32,
            32,
            100 * MAX_WORK_SECONDS,
            MIN_SIZE,
            "a stalled machine gets no smaller batches",
        ),
        (
            MAX_SIZE,
            MAX_SIZE,
            MAX_WORK_SECONDS / 10,
            MAX_SIZE,
            "no more, however fast: the next clients wait",
        ),
        (32, 32, 0.0, 64, "a batch that took no measurable time"),
    ],
)
def test_the_next_limit(limit: int, entries: int, seconds: float, wanted: int, why: str):
    assert next_size(limit, entries=entries, seconds=seconds) == wanted, why
