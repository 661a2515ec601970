"""Which decisions open, change and close cases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from reviews.models import Case
from reviews.queue.opening import CASES
from reviews.queue.ranking import is_sampled
from reviews.work import claims, verdicts
from scoring.log.append import append
from scoring.log.consumers.registry import rebuild_consumer
from scoring.log.errors import ConsumerNotRebuildable
from scoring.log.read import read_stream
from tests.factories.log import decided, labeled, received
from tests.integration.reviews.conftest import DAY, consume, review_event, revise

OpenCase = Callable[..., Case]
HOUR = timedelta(hours=1)


def rows() -> list[dict[str, Any]]:
    return list(Case.objects.order_by("pk").values())


def entry_types(case: Case) -> list[str]:
    return [entry.type for entry in read_stream(f"case/{case.event_stream}")]


def test_a_case_carries_the_facts_of_the_decision(open_case: OpenCase) -> None:
    case = open_case("T-1", score=0.25, stake=8_000)
    assert (case.why, case.state, case.outcome) == ("review", "open", "review")
    assert (case.score, case.stake, case.currency, case.expected_loss) == (0.25, 8_000, "USD", 2_000)
    assert case.opened_at == DAY


def test_without_score_or_amount_defaults_are_assumed(open_case: OpenCase) -> None:
    case = open_case("T-1", score=None, stake=None)
    assert (case.score, case.stake, case.expected_loss) == (None, None, 2_500)


def test_sampled_events_of_other_outcomes_become_cases(open_case: OpenCase) -> None:
    names = [f"T-{number}" for number in range(1_500)]
    events = append([received(name) for name in names], now=DAY)
    append([decided(event, outcome="allow", stake=1_234) for event in events], now=DAY)
    consume()
    expected = {event.stream for event in events if is_sampled(event.stream)}
    assert 1 <= len(expected) <= 25
    assert set(Case.objects.values_list("event_stream", flat=True)) == expected
    assert set(Case.objects.values_list("why", "outcome")) == {("sample", "allow")}


def test_a_revision_to_another_outcome_closes_an_open_case(open_case: OpenCase) -> None:
    event = review_event("T-1")
    consume()
    revise(event, outcome="allow", score=0.01)
    consume()
    case = Case.objects.get()
    assert (case.state, case.outcome) == ("closed", "allow")
    assert case.closed_because == "the decision was revised from review to allow"


def test_a_revision_leaves_a_claimed_case_to_its_reviewer(open_case: OpenCase) -> None:
    event = review_event("T-1")
    consume()
    claims.claim_case(event.position, reviewer="ana", now=DAY)
    revise(event, outcome="allow", score=0.01)
    consume()
    case = Case.objects.get()
    assert (case.state, case.claimed_by, case.outcome, case.score) == ("claimed", "ana", "allow", 0.01)


def test_a_revision_to_review_opens_or_reopens_a_case(open_case: OpenCase) -> None:
    [event] = append([received("T-1")], now=DAY)
    append([decided(event, outcome="block", stake=10_000)], now=DAY)
    consume()
    revise(event, number=1, outcome="review", score=0.4)
    consume(now=DAY + HOUR)
    revise(event, number=2, outcome="allow", score=0.1)
    consume(now=DAY + HOUR)
    assert Case.objects.get().state == "closed"
    revise(event, number=3, outcome="review", score=0.6)
    consume(now=DAY + 2 * HOUR)
    case = Case.objects.get()
    assert (case.state, case.score, case.expected_loss, case.closed_because) == ("open", 0.6, 6_000, "")
    assert case.opened_at == DAY + HOUR
    assert entry_types(case) == ["case.opened", "case.closed", "case.reopened"]


def test_a_fallbacks_later_score_changes_the_rank(open_case: OpenCase) -> None:
    event = review_event("T-1", score=None)
    consume()
    before = Case.objects.get()
    revise(event, outcome="review", score=0.95)
    consume(now=DAY + HOUR)
    after = Case.objects.get()
    assert (after.score, after.expected_loss) == (0.95, 9_500)
    assert after.rank > before.rank
    assert after.opened_at == before.opened_at


def test_a_decided_case_is_left_as_it_is(open_case: OpenCase) -> None:
    event = review_event("T-1")
    consume()
    claims.claim_case(event.position, reviewer="ana", now=DAY)
    verdicts.decide_case(
        event.position, reviewer="ana", verdict="fraud", reason_code="known_pattern", now=DAY
    )
    before = rows()
    revise(event, outcome="allow")
    consume()
    assert rows() == before


def test_a_chargeback_leaves_the_case_open(open_case: OpenCase) -> None:
    case = open_case("T-1")
    append([labeled(case.event_stream)], now=DAY)
    consume()
    assert Case.objects.get().state == "open"


def test_cases_rebuilt_from_the_log_are_the_same(open_case: OpenCase) -> None:
    events = [review_event(f"T-{number}", stake=1_000 * number, score=number / 10) for number in range(8)]
    consume()
    for event in events[:5]:
        claims.claim_case(event.position, reviewer="ana", now=DAY)
    verdict = {"verdict": "fraud", "reason_code": "other", "note": "seen before"}
    for event in events[:3]:
        verdicts.decide_case(event.position, reviewer="ana", **verdict, now=DAY)
    verdicts.undo_verdict(events[0].position, reviewer="ana", now=DAY)
    claims.release_case(events[3].position, reviewer="ana", now=DAY)
    revise(events[6], outcome="allow")
    revise(events[7], outcome="review", score=0.99)
    consume()
    before = rows()
    assert {row["state"] for row in before} == {"open", "claimed", "decided", "closed"}

    call_command("rebuild", verbosity=0)

    assert rows() == before


def test_the_consumer_cannot_be_reset(open_case: OpenCase) -> None:
    open_case("T-1")
    with pytest.raises(ConsumerNotRebuildable):
        rebuild_consumer(CASES, now=DAY)
