"""Off-policy estimates: the published formulas, known truth, and what cannot be known."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring.rules.off_policy.estimating import Figure, OffPolicyResult, estimate_policy
from scoring.rules.off_policy.revealing import LoggedEvents, reveal
from scoring.rules.off_policy.sums import GivenOutcomes, PairedCosts, Sums

OUTCOMES = ("allow", "review", "block")
SCORE = np.array([0.9, 0.8, 0.95, 0.7, 0.3, 0.2, 0.6, 0.05, 0.1, 0.85, 0.4, 0.02])
FRAUD = np.array([1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0], dtype=bool)
REVEALED = np.array([1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1], dtype=bool)
PROPENSITY = np.where(SCORE >= 0.65, 0.25, 1.0)


def logged(**changes: Any) -> LoggedEvents:
    """Twelve events that a policy with the block threshold 0.65 decided, a quarter of its blocks explored."""
    usual = {
        "score": SCORE,
        "positive": FRAUD & REVEALED,
        "revealed": REVEALED,
        "propensity": PROPENSITY,
        "stake": np.full(len(SCORE), 100.0),
        "weight": np.ones(len(SCORE)),
    }
    return LoggedEvents(**(usual | changes))


def blocking(score: NDArray[np.float64], threshold: float) -> GivenOutcomes:
    return GivenOutcomes(np.where(score >= threshold, 2, 0))


def estimated(events: LoggedEvents, *, now: float = 0.65, tried: float = 0.85, days: float = 12.0) -> Any:
    sums = Sums(OUTCOMES)
    sums.add(events, before=blocking(events.score, now), after=blocking(events.score, tried))
    return estimate_policy(sums, outcomes=OUTCOMES, days=days)


def figure(result: OffPolicyResult, name: str) -> Figure:
    return next(each for each in result.figures if each.name == name)


def test_estimates_are_those_of_the_open_bandit_pipeline() -> None:
    """obp 0.5.5 gave these values for fraud that the tried policy allows, as the reward of a bandit.

    Of its two actions, "reveal" and "hide", the logging policy reveals with the propensity and the evaluated
    one always; the reward is 1 for fraud with a score below 0.85, and the regression model is the score.
    """
    found = figure(estimated(logged()), "fraud_allowed").after  # of 12 events in 12 days: a mean
    assert found.ips == pytest.approx(0.5)
    assert found.snips == pytest.approx(0.31578947368421056)
    assert found.value == pytest.approx(0.39166666666666666)
    assert found.direct == pytest.approx(0.26416666666666666)


def test_without_hidden_classes_every_estimator_counts() -> None:
    everything = np.ones(len(SCORE), dtype=bool)
    events = logged(positive=FRAUD, revealed=everything, propensity=np.ones(len(SCORE)))
    result = estimated(events, days=1.0)
    precision, recall = figure(result, "precision").before, figure(result, "recall").after
    assert (precision.value, precision.ips, precision.snips) == pytest.approx((0.8, 0.8, 0.8))
    assert (recall.value, recall.snips) == pytest.approx((0.5, 0.5))
    assert figure(result, "fraud_money_allowed").after.value == pytest.approx(300)
    assert figure(result, "good_money_blocked").before.value == pytest.approx(100)
    assert (result.unknown, result.moved, result.explored) == (0, 0, 0)


def test_a_hidden_class_does_not_matter() -> None:
    assert estimated(logged()) == estimated(logged(positive=np.where(REVEALED, FRAUD, False)))


def test_sampled_events_count_as_often_as_they_stand_for_others() -> None:
    twice = logged(**{name: np.tile(value, 2) for name, value in vars(logged()).items()})
    result, double = estimated(logged(weight=np.full(12, 2.0))), estimated(twice)
    for one, other in zip(result.figures, double.figures, strict=True):
        assert one.after.value == pytest.approx(other.after.value)
        assert one.after.ips == pytest.approx(other.after.ips)
    assert result.events == double.events == 24
    assert figure(result, "precision").after.effective < figure(double, "precision").after.effective


def test_pages_of_events_add_up() -> None:
    sums, events = Sums(OUTCOMES), logged()
    for part in (slice(0, 5), slice(5, 12)):
        page = LoggedEvents(**{name: value[part] for name, value in vars(events).items()})
        sums.add(page, before=blocking(page.score, 0.65), after=blocking(page.score, 0.85))
    paged = estimate_policy(sums, outcomes=OUTCOMES, days=12.0)
    for one, other in zip(paged.figures, estimated(events).figures, strict=True):
        assert one.after.value == pytest.approx(other.after.value)
        assert (one.after.low, one.after.high) == pytest.approx((other.after.low, other.after.high))


def test_blocks_that_nothing_could_show_are_neither_good_nor_fraud() -> None:
    hidden = SCORE >= 0.65
    events = logged(positive=FRAUD & ~hidden, revealed=~hidden, propensity=np.where(hidden, 0.0, 1.0))
    result = estimated(events)
    precision = figure(result, "precision").before
    assert (precision.low, precision.high) == (0.0, 1.0)
    assert (precision.ips, precision.snips) == (None, None)
    assert precision.value == pytest.approx(SCORE[hidden].mean())
    assert (result.unknown, result.moved) == (5, 2)  # scores of 0.7 and 0.8 would be allowed
    allowed = figure(result, "fraud_allowed")
    assert allowed.before.ips == pytest.approx(2 / 12)
    assert allowed.after.high >= 4 / 12  # both of them may be fraud
    assert allowed.difference is None
    same = figure(estimated(events, tried=0.65), "fraud_allowed").difference
    assert same == pytest.approx((0.0, 0.0, 0.0))


def test_no_estimate_is_shown_that_cannot_be() -> None:
    """Scores that overstate explored events are corrected by more than all there is."""
    result = estimated(logged(positive=np.zeros(len(SCORE), dtype=bool)))
    for name in ("precision", "fraud_allowed", "fraud_money_allowed"):
        found = figure(result, name).after
        assert (found.value, found.low) == (0.0, 0.0), name
    assert figure(estimated(logged(positive=SCORE > 0)), "precision").before.value == 1.0


def test_costs_follow_the_class() -> None:
    good, fraud = np.full(12, 1.0), np.full(12, 10.0)
    given = GivenOutcomes(np.zeros(12, dtype=np.int64), PairedCosts(good, fraud))
    everything = np.ones(12, dtype=bool)
    sums = Sums(OUTCOMES)
    events = logged(positive=FRAUD, revealed=everything, propensity=np.ones(12))
    sums.add(events, before=given, after=given)
    cost = figure(estimate_policy(sums, outcomes=OUTCOMES, days=1.0), "cost")
    assert (cost.after.value, cost.after.ips) == (pytest.approx(66.0), pytest.approx(66.0))
    assert cost.after.low < 66.0 < cost.after.high


def test_nothing_is_estimated_of_no_events() -> None:
    assert estimate_policy(Sums(OUTCOMES), outcomes=OUTCOMES, days=1.0) == OffPolicyResult()


def test_a_result_survives_its_data() -> None:
    result = estimated(logged())
    assert OffPolicyResult.of(result.as_data()) == result


WORLDS, EVENTS, SHARE = 100, 4_000, 0.2
NAMES = ("precision", "recall", "fraud_allowed", "fraud_money_allowed", "good_money_blocked")


def test_intervals_cover_the_truth_of_simulated_worlds() -> None:
    """Scores are wrong on purpose: no estimate that trusts them alone is right. `benchmarks/off_policy.py`
    runs more worlds; among these few, 90 is what chance may make of a nominal 95.
    """
    covered, truth = dict.fromkeys(NAMES, 0), _truth()
    for seed in range(WORLDS):
        result = _world(np.random.default_rng(seed))
        for name in NAMES:
            found = figure(result, name).after
            covered[name] += found.low <= truth[name] <= found.high
    assert {name: count for name, count in covered.items() if count < 0.9 * WORLDS} == {}


def _world(rng: np.random.Generator) -> OffPolicyResult:
    """The estimate of a policy that blocks from a score of 0.4, by decisions that block from 0.6."""
    score = rng.beta(0.3, 2.0, EVENTS)
    chance = score**1.5  # of fraud
    fraud, stake = rng.random(EVENTS) < chance, rng.gamma(4.0, 25.0, EVENTS)
    blocked = score >= 0.6
    through = blocked & (rng.random(EVENTS) < SHARE)
    revealed, propensity = reveal(
        blocked=blocked & ~through,
        labeled=np.zeros(EVENTS, dtype=bool),
        let_through=np.where(through, SHARE, np.nan),
        propensity=np.where(blocked, SHARE, 0.0),
    )
    events = LoggedEvents(score, fraud & revealed, revealed, propensity, stake, np.ones(EVENTS))
    return estimated(events, now=0.6, tried=0.4, days=1.0)


def _truth() -> dict[str, float]:
    """What that policy does: means over many events, in proportion to EVENTS. A stake is 100 on average."""
    score = np.random.default_rng(10**6).beta(0.3, 2.0, 2_000_000)
    chance, block = score**1.5, score >= 0.4
    scale = EVENTS / len(score)
    allowed = float(chance[~block].sum()) * scale
    return {
        "precision": float(chance[block].mean()),
        "recall": float(chance[block].sum() / chance.sum()),
        "fraud_allowed": allowed,
        "fraud_money_allowed": 100.0 * allowed,
        "good_money_blocked": 100.0 * float((1 - chance)[block].sum()) * scale,
    }
