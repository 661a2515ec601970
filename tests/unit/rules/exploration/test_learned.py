"""What exploration has cost and taught."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from scoring.event_types.payment import Payment
from scoring.intervals import wilson_interval
from scoring.rules.exploration.learned import ExplorationResults, ExploredEvent, summarize

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OLD, YOUNG = NOW - Payment.matures_after, NOW - Payment.matures_after + timedelta(seconds=1)


def explored(label: str | None = None, *, amount: int = 1_000, propensity: float = 0.1, at: datetime = OLD):
    return ExploredEvent(amount, propensity, at, label)


def results(events) -> ExplorationResults:
    return summarize(events, kind=Payment, now=NOW)


def test_nothing_explored_teaches_nothing() -> None:
    assert results([]) == ExplorationResults()


def test_losses_are_known_before_events_are_mature() -> None:
    found = results([explored("fraud", at=YOUNG), explored("legitimate"), explored(amount=500)])
    assert (found.events, found.mature, found.money) == (3, 2, 2_500)
    assert (found.bad, found.lost) == (1, 1_000)


def test_the_share_of_good_events_is_of_mature_ones_labeled_or_not() -> None:
    events = [explored("fraud")] * 12 + [explored("legitimate")] * 3 + [explored()] * 5
    found = results(events + [explored("fraud", at=YOUNG)] * 20)
    assert found.good is not None
    assert found.good.share == pytest.approx(8 / 20)
    assert (found.good.low, found.good.high) == pytest.approx(wilson_interval(8, 20))
    assert found.good.effective == pytest.approx(20)


def test_too_few_mature_events_give_no_share() -> None:
    assert results([explored()] * 9).good is None
    assert results([explored()] * 10).good is not None


def test_events_of_a_small_share_stand_for_more() -> None:
    """Ten good events at 10 % and ten bad ones at 1 %: 100 good and 1,000 bad blocks."""
    found = results([explored()] * 10 + [explored("fraud", propensity=0.01)] * 10)
    assert found.good is not None
    assert found.good.share == pytest.approx(100 / 1_100)
    assert found.good.effective == pytest.approx(1_100**2 / (10 * 10**2 + 10 * 100**2))


def test_the_interval_contains_the_true_share_as_often_as_it_says() -> None:
    """Blocks are good with 30 %; those below 50 USD are explored at 20 %, the others at 5 %."""
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(300):
        small = rng.random(4_000) < 0.5
        good = rng.random(4_000) < np.where(small, 0.4, 0.2)
        propensity = np.where(small, 0.2, 0.05)
        drawn = np.flatnonzero(rng.random(4_000) < propensity)
        events = [explored(None if good[e] else "fraud", propensity=float(propensity[e])) for e in drawn]
        share = results(events).good
        assert share is not None
        hits += share.low <= 0.3 <= share.high
    assert 0.92 <= hits / 300 <= 1
