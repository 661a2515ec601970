"""Which events policies are measured on: mature decisions with their labels, or a sample of them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from scoring.catalog.registry import event_type
from scoring.intake.amending.corrections import retract_event
from scoring.learning.policies import decisions
from scoring.learning.policies.capacity import read_recent_scores
from scoring.learning.policies.comparing import Comparison
from scoring.learning.policies.decisions import sample_decisions
from scoring.learning.policies.judged import judged_decisions, read_judged_events, stored_decisions
from scoring.learning.policies.off_policy.reading import read_logged_decisions
from scoring.learning.policies.refreshing_segments import refresh_segments
from scoring.learning.policies.sampled_segments import places_of
from scoring.learning.policies.sampling import stored
from scoring.learning.policies.sampling.models import DecisionSample, SampledSegments
from scoring.learning.policies.sampling.stored import JUDGED, draw_sample, refresh_samples, stored_sample
from scoring.learning.policies.segmenting import segments_of
from scoring.log.append import append
from scoring.log.entries import Entry
from scoring.rules.policies.drafting import draft_policy
from scoring.rules.policies.models import StoredPolicy
from scoring.rules.policies.policy import FIXED, Policy, Segment, Terms
from scoring.rules.policies.stored import policy_from
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


def test_explored_events_stand_for_all_blocks_that_could_have_been_explored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exploration = {"drawn": False, "propensity": 0.25, "share": 0.25, "stopped_by": ""}
    names = ["T-1", "T-2", "T-3"]
    labeled_block, *_ = decide(names, score=0.9, outcome="block", exploration=exploration)
    append([labeled(labeled_block.stream)], now=NOW)
    drawn = {**exploration, "drawn": True}
    decide(["T-4"], score=0.9, outcome="allow", initial="block", exploration=drawn)
    capped = {**exploration, "propensity": 0.0, "stopped_by": "amount_cap"}
    decide(["T-5"], score=0.95, outcome="block", exploration=capped)

    read = judged_decisions(PAYMENT, now=MATURE)
    monkeypatch.setattr(stored, "MIN_POSITIONS", 0)
    draw_sample(PAYMENT, JUDGED, now=MATURE)

    for events in (read, stored_decisions(PAYMENT, now=MATURE)):
        assert events is not None
        assert (events.weight.tolist(), events.unknown) == ([4.0], 1)


def test_retracted_events_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, *retracted = decide(["T-1", "T-2"], score=0.7) + decide(["T-3"], score=0.9, outcome="block")
    for each in retracted:
        retract_event(each.stream, reason="sent twice", now=NOW)

    read, logged = judged_decisions(PAYMENT, now=MATURE), read_logged_decisions(PAYMENT, now=MATURE)
    monkeypatch.setattr(stored, "MIN_POSITIONS", 0)
    draw_sample(PAYMENT, JUDGED, now=MATURE)

    drawn = stored_decisions(PAYMENT, now=MATURE), read_logged_decisions(PAYMENT, now=MATURE)
    for events in (read, logged, *drawn):
        assert events is not None
        assert events.versions.tolist() == [kept.position]
    assert (read.unknown if read else None) == 0
    assert (drawn[0].unknown if drawn[0] else None) == 0


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


@pytest.fixture
def any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples are stored however few decisions there are."""
    monkeypatch.setattr(stored, "MIN_POSITIONS", 0)


def test_a_stored_sample_has_the_decisions_that_a_page_would_read(any_number: None) -> None:
    fraud, good = decide(["T-1", "T-2"], score=0.7, stake=5_000)
    append([labeled(fraud.stream), labeled(good.stream, effective="legitimate", value="legitimate")], now=NOW)
    decide(["T-3"], score=0.2, stake=None)
    decide(["T-4"], score=None, basis="no_model")
    decide(["T-5"], score=0.9, outcome="block")
    exploration = {"drawn": True, "propensity": 0.25, "share": 0.25, "stopped_by": ""}
    decide(["T-6"], score=0.9, outcome="allow", initial="block", exploration=exploration)
    [revised] = decide(["T-7"], score=0.3)
    append([decided(revised, revision=1, score=0.6)], now=NOW)
    now = MATURE

    assert draw_sample(PAYMENT, JUDGED, now=now)
    found, read = stored_decisions(PAYMENT, now=now), judged_decisions(PAYMENT, now=now)

    assert found is not None
    assert read is not None
    for part in ("score", "positive", "stake", "weight", "versions", "decisions"):
        ordered = getattr(found, part)[np.argsort(found.decisions)].tolist()
        assert ordered == getattr(read, part)[np.argsort(read.decisions)].tolist(), part
    assert (found.unknown, found.events, found.drawn_at) == (1, 5, now)
    assert (found.since, found.until, found.days) == (read.since, read.until, read.days)
    assert draw_sample(PAYMENT, JUDGED, now=NOW) is False  # nothing is mature


def test_a_smaller_sample_of_a_long_log_keeps_its_fraud(any_number: None) -> None:
    events = decide([f"T-{number}" for number in range(400)], score=0.01)
    append([labeled(event.stream) for event in events[:20]], now=NOW)
    draw_sample(PAYMENT, JUDGED, now=MATURE)
    found = read_judged_events("payment", now=MATURE, size=100)
    assert found is not None
    assert (len(found.score), found.events, found.positives) == (100, 400, 20)
    assert set(found.weight[found.positive].tolist()) == {1.0}
    assert found.weight.sum() == pytest.approx(400, rel=0.3)


def test_samples_are_drawn_where_they_are_missing_or_old(any_number: None) -> None:
    decide(["T-1", "T-2"], score=0.3)
    assert refresh_samples(now=MATURE) == ["payment/judged"]
    assert refresh_samples(now=MATURE + timedelta(minutes=59)) == []
    assert refresh_samples(now=MATURE + timedelta(hours=1)) == ["payment/judged"]
    DecisionSample.objects.update(decisions=stored.FEW)
    assert refresh_samples(now=MATURE + timedelta(hours=20)) == []
    assert refresh_samples(now=MATURE + timedelta(hours=21)) == ["payment/judged"]
    assert stored_sample("payment", JUDGED, now=MATURE + timedelta(days=7)) is not None
    assert stored_sample("payment", JUDGED, now=MATURE + timedelta(days=9)) is None


def test_few_decisions_are_not_sampled() -> None:
    decide(["T-1"], score=0.3)
    assert refresh_samples(now=MATURE) == []


def test_recent_scores_come_from_the_stored_sample(any_number: None) -> None:
    decide([f"T-{number}" for number in range(210)], score=0.4)
    now = NOW + timedelta(days=7)
    assert refresh_samples(now=now) == ["payment/recent"]
    decide(["T-later"], score=0.4)
    recent = read_recent_scores("payment", now=now)
    assert recent is not None
    assert (len(recent.score), recent.until) == (210, now)
    assert recent.reviews_a_day(0.3, 0.9) == pytest.approx(30, rel=0.01)


def test_segments_of_a_stored_sample_are_found_once(any_number: None, django_assert_num_queries: Any) -> None:
    events = append([received("T-1", category="travel"), received("T-2", category="food")], now=NOW)
    append([decided(event, score=0.5) for event in events], now=NOW)
    travel = Segment("travel", 'category == "travel"', Terms(FIXED, {"block": 0.4}))
    segmented = policy(terms=Terms(FIXED, {"block": 0.9}), segments=(travel,))
    draw_sample(PAYMENT, JUDGED, now=MATURE)
    judged = stored_decisions(PAYMENT, now=MATURE)
    assert judged is not None

    places = places_of(segmented, judged)

    assert places.tolist() == segments_of(segmented, judged).tolist()
    assert sorted(places.tolist()) == [-1, 0]
    with django_assert_num_queries(1):
        assert places_of(segmented, judged).tolist() == places.tolist()


def test_segments_of_policies_in_use_are_found_with_a_new_sample(
    any_number: None, django_assert_num_queries: Any
) -> None:
    decide(["T-1", "T-2"], score=0.5)
    segments = [{"name": "all", "expression": "amount > 0.0", "mode": "fixed", "thresholds": {"block": 0.4}}]
    data = {"mode": "fixed", "thresholds": {"review": 0.2, "block": 0.9}, "segments": segments}
    draft_policy(event_type="payment", data=data, based_on=0, actor="user/ana", now=NOW)
    refresh_segments(now=MATURE)
    assert not SampledSegments.objects.exists()  # there is no sample
    for now in (MATURE, MATURE + timedelta(hours=2)):
        draw_sample(PAYMENT, JUDGED, now=now)
        refresh_segments(now=now)
        found = list(SampledSegments.objects.all())
        assert [each.drawn_at for each in found] == [now, now]  # of effects, and of the estimate
        assert [np.frombuffer(each.places, dtype="<i2").tolist() for each in found] == [[0, 0], [0, 0]]
        logged = read_logged_decisions(PAYMENT, now=now)
        assert logged is not None
        with django_assert_num_queries(2):  # the version, and its segments
            [version] = StoredPolicy.objects.all()
            assert places_of(policy_from(version), logged).tolist() == [0, 0]
