"""Resamples of entities, and the sums of slices on them."""

import tracemalloc

import numpy as np
import pytest

from scoring.learning.fairness import sums
from scoring.learning.fairness.slicing import Slicing
from scoring.learning.fairness.sums import JudgedScores, draw_entities, sum_slices

RNG = np.random.default_rng(5)
EVENTS = JudgedScores(
    RNG.integers(0, 2, 500), RNG.random(500), RNG.integers(0, 60, 500), RNG.integers(1, 4, 500) / 2
)
SLICING = Slicing("code", ("a", "b", "c"), RNG.integers(0, 3, 500))


def test_each_resample_draws_as_many_entities_as_there_are():
    draws = draw_entities(EVENTS.groups, samples=30, seed=1)
    assert draws.shape == (60, 30)
    assert (draws.sum(axis=0) == 60).all()
    assert len(np.unique(draws, axis=1).T) == 30


def test_sums_count_the_events_of_an_entity_as_often_as_it_was_drawn(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sums, "SAMPLES_AT_A_TIME", 4)  # the last block is smaller
    draws = draw_entities(EVENTS.groups, samples=10, seed=1)
    found = sum_slices(EVENTS, SLICING, thresholds={"block": 0.5}, draws=draws)
    codes = np.unique(EVENTS.groups, return_inverse=True)[1]
    for sample in range(10):
        counted = EVENTS.counted * draws[codes, sample]
        flagged = counted * (EVENTS.score >= 0.5)
        for values, by_slice in (
            (counted, found.rows),
            (counted * EVENTS.y, found.positives),
            (counted * EVENTS.score, found.scores),
            (flagged, found.flagged["block"]),
            (flagged * EVENTS.y, found.hits["block"]),
        ):
            assert by_slice[:, sample] == pytest.approx(np.bincount(SLICING.codes, values, minlength=3))


def test_many_entities_need_two_bytes_for_each_resample():
    tracemalloc.start()
    try:
        draws = draw_entities(np.arange(20_000), samples=50, seed=1)
        assert tracemalloc.get_traced_memory()[1] < 2 * draws.nbytes
        tracemalloc.reset_peak()
        codes = np.arange(20_000) % 3
        events = JudgedScores(codes == 0, np.linspace(0, 1, 20_000), np.arange(20_000))
        sum_slices(events, Slicing("code", ("a", "b", "c"), codes), thresholds={}, draws=draws)
        as_float64 = 4 * draws.nbytes
        assert tracemalloc.get_traced_memory()[1] < draws.nbytes + as_float64
    finally:
        tracemalloc.stop()
