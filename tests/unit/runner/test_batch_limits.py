"""How many entries the next micro-batch may hold, by how long the last one took."""

import pytest

from scoring.runner.batch_limits import (
    MAX_FILL,
    MAX_FILL_INTERACTIVE,
    MAX_SIZE,
    MAX_WORK_SECONDS,
    MIN_SIZE,
    BatchLimits,
    next_size,
)
from tests.factories.claims import claim


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


def test_a_batch_never_has_less_room_for_clients_than_for_bulk():
    limits = BatchLimits()
    assert limits.of_next() == (MAX_FILL, MAX_FILL)
    limits.size = MAX_SIZE
    assert limits.of_next() == (MAX_SIZE, MAX_FILL)


def test_while_clients_wait_there_is_room_for_little_bulk():
    limits = BatchLimits()
    limits.note_claims([claim({}, stream="payment/shop/T-1", urgent=True)])
    assert limits.of_next() == (MIN_SIZE, MAX_FILL_INTERACTIVE)
