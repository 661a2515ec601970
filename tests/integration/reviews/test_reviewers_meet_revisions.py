"""A reviewer and a revision change a case concurrently: the case ends in one state, and no work is lost."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from reviews.errors import CaseAlreadyClaimed, CaseAlreadyClosed, NothingToClaim
from reviews.models import Case
from reviews.queue.opening import CASES
from reviews.queue.summary import summarize_queue
from reviews.work import claims, consequences, verdicts
from reviews.work.claims import LEASE
from scoring.intake.models import Label
from scoring.log.consumers.registry import run_consumer
from scoring.log.models import ConsumerCursor
from scoring.log.read import read_stream
from tests.concurrency import meanwhile
from tests.factories.log import open_transaction
from tests.integration.reviews.conftest import DAY, consume, review_event, revise

OpenCase = Callable[..., Case]
SECOND = timedelta(seconds=1)
FRAUD = {"verdict": "fraud", "reason_code": "stolen_card"}


def consume_in_one_transaction() -> None:
    run_consumer(CASES, now=DAY)


def entry_types(case: Case) -> list[str]:
    return [entry.type for entry in read_stream(f"case/{case.event_stream}")]


def test_a_revision_waits_for_a_concurrent_claim_and_leaves_the_case_to_the_reviewer(
    open_case: OpenCase,
) -> None:
    event = review_event("T-1")
    consume()
    revise(event, outcome="allow", score=0.01)

    outcome = meanwhile(consume, first=lambda: claims.claim_case(event.position, reviewer="ana", now=DAY))

    assert outcome is None
    assert not ConsumerCursor.objects.exclude(error="").exists()
    case = Case.objects.get()
    assert (case.state, case.claimed_by, case.outcome, case.score) == ("claimed", "ana", "allow", 0.01)
    assert entry_types(case) == ["case.opened", "case.claimed", "case.rescored"]


def test_a_claim_waits_for_a_concurrent_revision_and_finds_the_case_closed(
    open_case: OpenCase,
) -> None:
    event = review_event("T-1")
    consume()
    revise(event, outcome="allow", score=0.01)

    outcome = meanwhile(
        lambda: claims.claim_case(event.position, reviewer="ana", now=DAY),
        first=consume_in_one_transaction,
    )

    assert isinstance(outcome, CaseAlreadyClosed), outcome
    assert entry_types(Case.objects.get()) == ["case.opened", "case.closed"]


def test_the_next_case_is_not_one_that_a_revision_is_closing(open_case: OpenCase) -> None:
    event = review_event("T-1", stake=90_000)
    other = review_event("T-2", stake=100)
    consume()
    revise(event, outcome="allow", score=0.01)

    with open_transaction(consume_in_one_transaction):
        assert claims.claim_next_case(reviewer="ana", now=DAY).pk == other.position
        with pytest.raises(NothingToClaim):
            claims.claim_next_case(reviewer="bo", now=DAY)


def test_of_two_concurrent_claims_the_second_is_refused_and_names_the_first(open_case: OpenCase) -> None:
    case = open_case("T-1")

    outcome = meanwhile(
        lambda: claims.claim_case(case.pk, reviewer="bo", now=DAY),
        first=lambda: claims.claim_case(case.pk, reviewer="ana", now=DAY),
    )

    assert isinstance(outcome, CaseAlreadyClaimed), outcome
    assert outcome.by == "ana"


def test_two_concurrent_requests_of_one_reviewer_claim_one_case(open_case: OpenCase) -> None:
    open_case("T-1")
    open_case("T-2")

    def ask() -> int:
        return claims.claim_next_case(reviewer="ana", now=DAY).pk

    outcome = meanwhile(ask, first=ask)

    assert list(Case.objects.filter(state="claimed").values_list("pk", flat=True)) == [outcome]


def test_of_several_decisions_in_a_batch_the_first_opens_the_case_and_the_last_counts(
    open_case: OpenCase,
) -> None:
    kept, closed = review_event("T-1"), review_event("T-2")
    for event, last in ((kept, "review"), (closed, "block")):
        revise(event, number=1, outcome="allow", score=0.01)
        revise(event, number=2, outcome=last, score=0.9)
    consume()

    first, second = Case.objects.order_by("pk")
    assert (first.state, first.score, first.outcome) == ("open", 0.9, "review")
    assert (second.state, second.outcome) == ("closed", "block")
    assert entry_types(first) == ["case.opened", "case.rescored"]


def test_a_lease_ends_at_its_exact_end_for_every_operation(open_case: OpenCase) -> None:
    first, second = open_case("T-1", stake=90_000), open_case("T-2")
    claims.claim_case(first.pk, reviewer="ana", now=DAY)
    end = DAY + LEASE

    def figures(moment_before: timedelta) -> tuple[int, int]:
        summary = summarize_queue(reviewer="ana", now=end - moment_before)
        return summary.waiting, summary.held

    assert (figures(SECOND), figures(timedelta())) == ((1, 1), (2, 0))
    with pytest.raises(CaseAlreadyClaimed):
        claims.claim_case(first.pk, reviewer="bo", now=end - SECOND)
    assert claims.claim_next_case(reviewer="cy", now=end - SECOND).pk == second.pk
    assert claims.claim_case(first.pk, reviewer="bo", now=end).lease_until == end + LEASE


def test_after_ones_own_lease_expires_the_next_case_is_the_same_with_a_new_lease(open_case: OpenCase) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)

    assert claims.claim_next_case(reviewer="ana", now=DAY + LEASE - SECOND).lease_until == DAY + LEASE
    assert claims.claim_next_case(reviewer="ana", now=DAY + LEASE).lease_until == DAY + 2 * LEASE


def test_a_lease_is_renewed_once_half_of_it_is_left(open_case: OpenCase) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    half = DAY + LEASE / 2

    assert claims.renew_lease(case.pk, reviewer="ana", now=half - SECOND).lease_until == DAY + LEASE
    assert claims.renew_lease(case.pk, reviewer="ana", now=half).lease_until == half + LEASE


def test_a_verdict_and_its_label_are_recorded_together_or_not_at_all(
    open_case: OpenCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    with monkeypatch.context() as broken:
        broken.setattr(consequences, "record_labels", lambda *given, **named: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, note="sure", now=DAY)
    assert (Case.objects.get().state, entry_types(case)) == ("claimed", ["case.opened", "case.claimed"])

    verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, now=DAY)
    with monkeypatch.context() as broken:
        broken.setattr(consequences, "record_labels", lambda *given, **named: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            verdicts.undo_verdict(case.pk, reviewer="ana", now=DAY)
    assert (Case.objects.get().state, Label.objects.latest("position").effective) == ("decided", "fraud")


def test_todays_verdicts_are_those_since_midnight_that_were_not_undone(open_case: OpenCase) -> None:
    midnight = DAY.replace(hour=0)
    moments = (midnight - SECOND, midnight, DAY)
    for number, moment in enumerate(moments):
        case = open_case(f"T-{number}", now=midnight - timedelta(days=1))
        claims.claim_case(case.pk, reviewer="ana", now=moment)
        verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, now=moment)

    def today() -> int:
        return summarize_queue(reviewer="ana", now=DAY + SECOND).decided_today

    assert today() == 2
    verdicts.undo_verdict(case.pk, reviewer="ana", now=DAY)
    assert today() == 1


def test_the_queue_is_counted_up_to_a_bound(open_case: OpenCase, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        open_case(f"T-{number}")

    def counted(most: int) -> tuple[int, bool]:
        monkeypatch.setattr("reviews.queue.summary.MAX_COUNTED", most)
        summary = summarize_queue(reviewer="ana", now=DAY)
        return summary.waiting, summary.waiting_capped

    assert [counted(most) for most in (2, 3, 4)] == [(2, True), (3, False), (3, False)]
