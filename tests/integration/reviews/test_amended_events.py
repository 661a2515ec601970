"""How a correction or retraction changes the event's case, pages and index."""

from collections.abc import Callable

import pytest
from django.test import Client

from reviews.console.entity_index import ENTITIES, events_of_entity
from reviews.console.event_details import entity_history, event_detail
from reviews.models import Case, EventEntity
from reviews.work import claims, verdicts
from scoring.intake.amending.corrections import correct_event, retract_event
from scoring.intake.models import Event
from scoring.log.append import append
from scoring.log.consumers.registry import rebuild_consumer
from scoring.log.entries import Entry, NewEntry
from tests.factories.log import decided, received
from tests.factories.payments import payment_payload, submission
from tests.integration.reviews.browsing import WORK
from tests.integration.reviews.conftest import DAY, consume, review_event

OpenCase = Callable[..., Case]


def receive(**fields: object) -> Entry:
    """An event without a decision."""
    [event] = append([received("T-1", **fields)], now=DAY)
    return event


def retract(event: Entry, reason: str = "a test") -> None:
    retract_event(event.stream, reason=reason, now=DAY, actor="user/ana")


def correct(event: Entry, **fields: object) -> None:
    correct_event(
        submission(payment_payload(1, id=event.data["id"], **fields)),
        source="shop",
        reason="the till was wrong",
        now=DAY,
        actor="api_key/assay_abc",
    )


def revise_corrected(event: Entry, **data: object) -> None:
    """As the lane decides a correction."""
    new = decided(event, revision=1, cause="corrected", event_version=event.position + 2, **data)
    append([NewEntry(new.stream, 3, new.type, new.data, new.packed)], now=DAY)


def test_a_retraction_closes_a_pending_case_and_says_why(open_case: OpenCase) -> None:
    event = review_event("T-1")
    consume()
    claims.claim_case(event.position, reviewer="ana", now=DAY)
    retract(event)
    consume()
    case = Case.objects.get()
    assert (case.state, case.closed_because) == ("closed", "the event was retracted: a test")


def test_a_verdict_stays_when_the_event_is_retracted(open_case: OpenCase) -> None:
    event = review_event("T-1")
    consume()
    claims.claim_case(event.position, reviewer="ana", now=DAY)
    verdicts.decide_case(event.position, reviewer="ana", verdict="fraud", reason_code="stolen_card", now=DAY)
    retract(event)
    consume()
    assert Case.objects.get().state == "decided"


def test_a_decision_that_comes_after_the_retraction_opens_no_case(open_case: OpenCase) -> None:
    [event] = append([received("T-1")], now=DAY)
    retract(event)
    decision = decided(event, outcome="review")
    append([NewEntry(decision.stream, 2, decision.type, decision.data, decision.packed)], now=DAY)
    consume()
    assert not Case.objects.exists()


def test_a_corrected_event_has_its_case_updated_or_closed(open_case: OpenCase) -> None:
    first, second = review_event("T-1"), review_event("T-2")
    consume()
    for event, outcome in ((first, "review"), (second, "allow")):
        correct(event, amount="99.00")
        revise_corrected(event, outcome=outcome, stake=9_900)
    consume()
    updated, closed = Case.objects.order_by("pk")
    assert (updated.state, updated.stake) == ("open", 9_900)
    assert closed.closed_because == ("the event was corrected, and the decision revised from review to allow")


def test_a_corrected_event_is_found_under_the_entities_that_it_has_now(open_case: OpenCase) -> None:
    event = review_event("T-1", merchant="merchant-a", customer="customer-a")
    consume()
    correct(event, merchant="merchant-b", card="c-1")
    consume()
    assert events_of_entity("merchant", "merchant-a") == []
    assert events_of_entity("merchant", "merchant-b") == [event.position]
    [row] = entity_history("merchant", "merchant-b")
    assert row.fields["merchant"] == "merchant-b"
    index = sorted(EventEntity.objects.values_list("entity", "position"))
    rebuild_consumer(ENTITIES, now=DAY)
    consume()
    assert sorted(EventEntity.objects.values_list("entity", "position")) == index


def test_an_event_shows_its_versions(open_case: OpenCase, browse: Callable[..., Client]) -> None:
    event = receive(merchant="merchant-a")
    correct(event, merchant="merchant-b")
    detail = event_detail(event.position)
    assert detail.fields["merchant"] == "merchant-b"
    [amendment] = detail.amendments
    assert ("merchant", "merchant-a", "merchant-b", False) in amendment.changes
    page = browse("ana", *WORK).get(f"/admin/events/{event.position}/").content.decode()
    for text in ("merchant-a", "merchant-b", "the till was wrong", "assay_abc", "Corrected"):
        assert text in page


def test_an_event_is_retracted_from_its_page_with_a_reason(
    open_case: OpenCase,
    browse: Callable[..., Client],
) -> None:
    event = receive()
    address = f"/admin/events/{event.position}/"
    assert "Retract the event" not in browse("ana", *WORK).get(address).content.decode()
    assert browse("ana", *WORK).post(address, {"reason": "x", "confirmed": "yes"}).status_code == 403
    lead = browse("lea", *WORK, "scoring.retract_event")
    assert "Retract the event" in lead.get(address).content.decode()
    for incomplete in ({"reason": "a test"}, {"reason": " ", "confirmed": "yes"}):
        page = lead.post(address, incomplete, follow=True).content.decode()
        assert "Not retracted: enter a reason" in page
    assert Event.objects.get().retracted_at is None
    page = lead.post(address, {"reason": "a test", "confirmed": "yes"}, follow=True).content.decode()
    assert "Event retracted and removed from the counts of its entities." in page
    assert "The whole event; this cannot be undone" in page
    assert "Retract it" not in page
    assert event_detail(event.position).amendments[0].actor == "user/lea"


@pytest.mark.parametrize("permission", ["reviews.see_personal", "scoring.view_event"])
def test_personal_values_of_versions_are_shown_only_to_users_who_may_see_them(
    permission: str,
    open_case: OpenCase,
    browse: Callable[..., Client],
) -> None:
    event = receive()
    correct(event, ip="198.51.100.6")
    correct(event, ip="198.51.100.7")
    page = browse("ana", "scoring.view_event", permission).get(f"/admin/events/{event.position}/")
    for address in ("198.51.100.6", "198.51.100.7"):
        assert (address in page.content.decode()) == (permission == "reviews.see_personal")
