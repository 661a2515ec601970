"""Events that share a card or a customer are one case: one verdict settles all or some of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from reviews.duplicates.deciding import decide_group, undo_group
from reviews.errors import NothingToClaim
from reviews.models import Case
from reviews.queue.linking import MAX_LINKED
from reviews.queue.ranking import rank_of
from reviews.queue.summary import summarize_queue
from reviews.work import claims, verdicts
from reviews.work.verdict_rules import Verdict
from scoring.intake.amending.corrections import retract_event
from scoring.intake.models import Label
from scoring.log.rebuild import find_projection, rebuild_projections
from tests.integration.reviews.conftest import DAY, consume, review_event, revise

OpenCase = Callable[..., Case]
HOUR = timedelta(hours=1)
FRAUD = Verdict("fraud", "stolen_card")
ONE = {"card": "c-1", "customer": "u-1"}
SAME_CARD = {"card": "c-1", "customer": "u-2"}
SAME_CUSTOMER = {"card": "c-2", "customer": "u-1"}
APART = {"card": "c-9", "customer": "u-9"}


@pytest.fixture(autouse=True)
def grouped(settings: Any) -> None:
    settings.CASE_GROUP_HOURS = 24


def queue() -> list[int]:
    return list(Case.objects.free(DAY).order_by("-rank").values_list("pk", flat=True))


def lead_of(case: Case) -> Case:
    case.refresh_from_db()
    assert case.joined_to is not None
    return Case.objects.get(pk=case.joined_to)


def settle(lead: Case, *others: Case, verdict: Verdict = FRAUD) -> str:
    """Decides the lead and others; gives the group."""
    claims.claim_case(lead.pk, reviewer="ana", now=DAY)
    chosen = [case.pk for case in others]
    return decide_group(lead.pk, verdict, others=chosen, reviewer="ana", now=DAY).case.verdict_group


def test_an_event_of_the_same_card_or_customer_joins_the_open_case(open_case: OpenCase) -> None:
    first = open_case("T-1", stake=10_000, **ONE)
    card = open_case("T-2", stake=20_000, **SAME_CARD)
    customer = open_case("T-3", stake=40_000, **SAME_CUSTOMER)
    apart = open_case("T-4", stake=1_000, **APART)
    assert [case.joined_to for case in (card, customer, apart)] == [first.pk, first.pk, None]
    first.refresh_from_db()
    assert (first.linked, first.linked_loss) == (2, 30_000)  # half of both stakes
    assert queue() == [first.pk, apart.pk]
    assert summarize_queue(reviewer="ana", now=DAY).waiting == 2
    assert first.rank == rank_of(loss=35_000, currency="USD", sampled=False, opened_at=first.opened_at)


def test_events_of_one_batch_are_linked_too(transactional_db: None) -> None:
    events = [review_event(f"T-{number}", card="c-1", customer=f"u-{number}") for number in range(3)]
    consume()
    lead, *others = Case.objects.order_by("pk")
    assert lead.pk == events[0].position
    assert ([case.joined_to for case in others], lead.linked) == ([lead.pk, lead.pk], 2)


def test_only_cases_of_the_window_with_room_and_that_are_pending_are_joined(open_case: OpenCase) -> None:
    first = open_case("T-1", **ONE)
    assert open_case("T-2", now=DAY + 25 * HOUR, **ONE).joined_to is None
    settle(first)
    third = open_case("T-3", **ONE)
    assert third.joined_to != first.pk
    Case.objects.filter(pk=third.joined_to or third.pk).update(linked=MAX_LINKED)
    assert open_case("T-4", **ONE).joined_to != (third.joined_to or third.pk)


def test_cases_are_not_linked_unless_that_is_set(open_case: OpenCase, settings: Any) -> None:
    settings.CASE_GROUP_HOURS = 0
    open_case("T-1", **ONE)
    second = open_case("T-2", **ONE)
    assert (second.joined_to, second.group_keys) == (None, [])


def test_one_verdict_settles_those_chosen_and_the_rest_is_queued_by_itself(open_case: OpenCase) -> None:
    lead, chosen, left = (open_case(f"T-{number}", **ONE) for number in (1, 2, 3))
    settle(lead, chosen)
    assert set(Label.objects.values_list("event_stream", "effective")) == {
        (lead.event_stream, "fraud"),
        (chosen.event_stream, "fraud"),
    }
    assert queue() == [left.pk]
    assert claims.claim_next_case(reviewer="bo", now=DAY).pk == left.pk


def test_undoing_all_makes_them_one_case_again(open_case: OpenCase) -> None:
    lead, *others = (open_case(f"T-{number}", **ONE) for number in (1, 2, 3))
    lead.refresh_from_db()
    loss, group = lead.linked_loss, settle(lead, *others)
    undo_group(group, reviewer="ana", now=DAY)
    assert set(Case.objects.values_list("state", flat=True)) == {"open"}
    assert queue() == [lead.pk]
    lead.refresh_from_db()
    assert (lead.linked, lead.linked_loss) == (2, loss)
    latest = Label.objects.order_by("event_stream", "-position").distinct("event_stream")
    assert {label.effective for label in latest} == {None}


def test_the_sum_of_the_lead_follows_what_happens_to_the_others(open_case: OpenCase) -> None:
    lead = open_case("T-1", **ONE)
    event = review_event("T-2", **ONE)
    consume()
    other = open_case("T-3", **ONE)
    revise(event, outcome="allow", score=0.01)
    consume()
    lead.refresh_from_db()
    assert (lead.linked, lead.linked_loss) == (1, other.expected_loss)
    retract_event(other.event_stream, reason="test", now=DAY)
    consume()
    lead.refresh_from_db()
    assert (lead.linked, lead.linked_loss) == (0, 0)


def test_an_event_that_is_decided_by_itself_leaves_the_case_until_that_is_undone(open_case: OpenCase) -> None:
    lead, other = open_case("T-1", **ONE), open_case("T-2", **ONE)
    settle(other)
    assert lead_of(other).linked == 0
    verdicts.undo_verdict(other.pk, reviewer="ana", now=DAY)
    assert lead_of(other).linked == 1
    claims.release_case(other.pk, reviewer="ana", now=DAY)
    assert queue() == [lead.pk]


def test_nothing_is_left_to_claim_while_another_reviewer_has_the_lead(open_case: OpenCase) -> None:
    lead = open_case("T-1", **ONE)
    open_case("T-2", **ONE)
    claims.claim_case(lead.pk, reviewer="ana", now=DAY)
    with pytest.raises(NothingToClaim):
        claims.claim_next_case(reviewer="bo", now=DAY)


def test_linked_cases_are_rebuilt_row_for_row(open_case: OpenCase) -> None:
    lead, *others = (open_case(f"T-{number}", **ONE) for number in (1, 2, 3))
    undo_group(settle(lead, *others[:1]), reviewer="ana", now=DAY)
    before = list(Case.objects.order_by("pk").values())
    rebuild_projections([find_projection("case")])
    assert list(Case.objects.order_by("pk").values()) == before
