"""Which events policies are measured on: mature decisions with their labels, or a sample of them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from scoring.catalog.registry import event_type
from scoring.learning.policies import decisions
from scoring.learning.policies.capacity import read_recent_scores
from scoring.learning.policies.comparing import Comparison
from scoring.learning.policies.decisions import sample_decisions
from scoring.learning.policies.judged import judged_decisions, read_judged_events
from scoring.learning.policies.segmenting import segments_of
from scoring.log.append import append
from scoring.log.entries import Entry
from scoring.rules.policies.policy import FIXED, Policy, Segment, Terms
from tests.factories.log import NOW, decided, labeled, received
from tests.factories.policies import policy

pytestmark = pytest.mark.django_db(transaction=True)

PAYMENT = event_type("payment")
MATURE = NOW + PAYMENT.matures_after + timedelta(days=1)


def decide(names: Sequence[str], **data: Any) -> list[Entry]:
    """Receive and decide events of these names."""
    events = append([received(name) for name in names], now=NOW)
    append([decided(event, **data) for event in events], now=NOW)
    return events


def test_mature_decisions_count_with_their_label_score_and_amount() -> None:
    fraud, good = decide(["T-1", "T-2"], score=0.7, stake=5_000)
    append([labeled(fraud.stream), labeled(good.stream, effective="legitimate", value="legitimate")], now=NOW)
    decide(["T-3"], score=0.2, stake=None)

    events = judged_decisions(PAYMENT, now=MATURE)

    assert events is not None
    assert events.positive.tolist() == [True, False, False]
    assert events.score.tolist() == [0.7, 0.7, 0.2]
    assert events.stake.tolist() == [5_000, 5_000, PAYMENT.nominal_stake]
    assert (events.source, events.positives, events.events, events.unknown) == ("decisions", 1, 3, 0)
    assert events.days == pytest.approx(1)


def test_decisions_that_are_not_mature_or_without_a_score_do_not_count() -> None:
    decide(["T-1"], score=0.7)
    assert judged_decisions(PAYMENT, now=NOW + PAYMENT.matures_after - timedelta(hours=1)) is None
    decide(["T-2"], score=None, basis="no_model")
    events = judged_decisions(PAYMENT, now=MATURE)
    assert events is not None
    assert len(events.score) == 1


def test_blocked_events_without_a_label_are_left_out_and_explored_ones_count_for_them() -> None:
    decide(["T-1", "T-2"], score=0.9, outcome="block")
    [confirmed] = decide(["T-3"], score=0.95, outcome="block")
    append([labeled(confirmed.stream)], now=NOW)
    exploration = {"drawn": True, "propensity": 0.25, "share": 0.25, "stopped_by": ""}
    decide(["T-4"], score=0.9, outcome="allow", initial="block", exploration=exploration)

    events = judged_decisions(PAYMENT, now=MATURE)

    assert events is not None
    assert events.unknown == 2
    assert events.score.tolist() == [0.95, 0.9]
    assert events.weight.tolist() == [1.0, 4.0]


def test_a_revised_decision_counts_once_with_its_last_score() -> None:
    [event] = decide(["T-1"], score=0.3)
    append([decided(event, revision=1, score=0.6)], now=NOW)
    events = judged_decisions(PAYMENT, now=MATURE)
    assert events is not None
    assert events.score.tolist() == [0.6]


def test_too_few_decisions_are_not_judged_by() -> None:
    decide(["T-1"], score=0.3)
    assert read_judged_events("payment", now=MATURE) is None  # there is no champion either


def test_a_long_log_is_sampled_but_labeled_fraud_is_all_there(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"T-{number}" for number in range(200)]
    events = decide(names, score=0.2)
    append([labeled(event.stream) for event in events[:10]], now=NOW)
    monkeypatch.setattr(decisions, "MAX_POSITIONS", 100)

    sample = sample_decisions("payment", since=NOW - timedelta(days=1), until=NOW + timedelta(days=1))
    judged = judged_decisions(PAYMENT, now=MATURE)

    assert 10 < len(sample.score) < 100
    assert judged is not None
    assert judged.positives == 10
    assert judged.weight[judged.positive].tolist() == [1.0] * 10
    assert judged.events == pytest.approx(200, rel=0.3)


def test_segments_are_found_by_fields_and_by_the_features_that_decisions_logged() -> None:
    append_events = [received("T-1", category="travel"), received("T-2", category="food")]
    events = append(append_events, now=NOW)
    append([decided(event, score=0.5) for event in events], now=NOW)
    judged = judged_decisions(PAYMENT, now=MATURE)
    assert judged is not None
    travel = Segment("travel", 'category == "travel"', Terms(FIXED, {"block": 0.4}))
    busy = Segment("busy", "card_count_1h > 1000000.0", Terms(FIXED, {"block": 0.4}))
    segmented = policy(terms=Terms(FIXED, {"block": 0.9}), segments=(busy, travel))

    assert segments_of(segmented, judged).tolist() == [1, -1]
    comparison = Comparison(PAYMENT, judged, {"review": 0.1, "block": 0.9}, None)
    effects = {each.name: each.effect.block.events for each in comparison.by_segment(segmented)}
    assert effects == {"busy": 0, "travel": pytest.approx(1), "": 0}
    assert comparison.rows_in(segmented, "travel").tolist() == [True, False]
    assert comparison.rows_in(segmented, "").tolist() == [False, True]


def test_without_segments_no_entry_is_read(django_assert_num_queries: Any) -> None:
    decide(["T-1"], score=0.5)
    judged = judged_decisions(PAYMENT, now=MATURE)
    assert judged is not None
    with django_assert_num_queries(0):
        assert segments_of(Policy("payment", 1, Terms(FIXED)), judged).tolist() == [-1]


def test_recent_scores_are_those_of_the_last_weeks(monkeypatch: pytest.MonkeyPatch) -> None:
    decide([f"T-{number}" for number in range(210)], score=0.4)
    recent = read_recent_scores("payment", now=NOW + timedelta(days=7))
    assert recent is not None
    assert (len(recent.score), recent.held_out) == (210, False)
    assert recent.reviews_a_day(0.3, 0.9) == pytest.approx(30, rel=0.01)
    assert np.unique(recent.score).tolist() == [0.4]
    assert read_recent_scores("payment", now=NOW + timedelta(days=60)) is None
