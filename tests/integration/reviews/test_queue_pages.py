"""The pages of queues: all of them, the editor, and the bar of a case."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reviews.models import Case
from reviews.models.queues import ReviewQueue
from reviews.queues.changing import create_queue
from reviews.work.claims import claim_case
from tests.integration.reviews.browsing import QUEUE, WORK, Browse, ReviewCase, page_of, take, text_of

LOOK = "reviews.view_reviewqueue"
LEAD = (*WORK, LOOK, "reviews.set_reviewqueue", "reviews.assign_case")
QUEUES = "/admin/review-queues/"
NEW = f"{QUEUES}new/"
TERMS = {
    "action": "save",
    "event_type": "payment",
    "name": "large",
    "expression": "amount > 5",
    "priority": "10",
    "sla_minutes": "60",
    "users": "ana, bo",
    "one_per_cluster": "on",
    "reason": "a new team",
    **{f"weight_{name}": "1" for name in ("loss", "label", "age")},
    **{f"quota_{name}": "0" for name in ("uncertain", "explored", "candidate")},
    "quota_sample": "10",
}


def define(**terms: Any) -> ReviewQueue:
    return create_queue(
        **{
            "name": "large",
            "event_type": "payment",
            "condition": "amount > 5",
            "actor": "user/lea",
            "now": datetime.now(UTC),
            **terms,
        }
    )


def test_a_lead_creates_a_queue_and_sees_its_cases(browse: Browse, review_case: ReviewCase) -> None:
    lea = browse("lea", *LEAD)
    assert "All reviewers share one list" in text_of(lea.get(QUEUES))
    assert lea.post(NEW, TERMS).headers["Location"] == f"{QUEUES}large/"
    terms = ReviewQueue.objects.get().terms
    assert (terms["users"], terms["quotas"], terms["sla_minutes"]) == (["ana", "bo"], {"sample": 0.1}, 60)
    review_case()
    page = text_of(lea.get(QUEUES))
    assert "due within 1 h" in page or "in time" in page
    assert "ana, bo" in page


def test_an_invalid_condition_and_term_are_shown_at_their_place(browse: Browse) -> None:
    refused = browse("lea", *LEAD).post(NEW, {**TERMS, "expression": "amuont > 5"})
    assert refused.status_code == 422
    assert "Nothing was saved." in refused.content.decode()
    refused = browse("lea", *LEAD).post(NEW, {**TERMS, "sla_minutes": "-1"})
    assert refused.status_code == 422
    assert "greater than or equal to 0" in refused.content.decode()
    assert not ReviewQueue.objects.exists()


def test_the_editor_counts_the_cases_that_a_queue_would_take(browse: Browse, review_case: ReviewCase) -> None:
    for number, amount in enumerate((1_000, 90_000)):
        review_case(f"T-{number}", amount={"minor": amount, "currency": "USD"})
    lea = browse("lea", *LEAD)
    counted = text_of(lea.post(NEW, {**TERMS, "action": "preview", "expression": "amount > 500"}))
    assert '<strong class="rl-figure">1</strong> of 2 cases (50.0 %)' in counted.replace("\xa0", " ")
    assert "Correct the condition" in text_of(
        lea.post(NEW, {**TERMS, "action": "preview", "expression": "a"})
    )
    assert lea.post(NEW, {**TERMS, "action": "check", "expression": "amount > 5"}).json() == {"problems": []}
    assert "T-1" in text_of(lea.post(NEW, {**TERMS, "action": "try"}))


def test_a_queue_is_changed_and_retired_on_its_page(browse: Browse) -> None:
    define()
    lea = browse("lea", *LEAD)
    page = f"{QUEUES}large/"
    assert "amount &gt; 5" in text_of(lea.get(page))
    assert lea.post(page, {**TERMS, "based_on": "1", "sla_minutes": "30"}).status_code == 302
    assert ReviewQueue.objects.get().terms["sla_minutes"] == 30
    again = lea.post(page, {**TERMS, "based_on": "1", "sla_minutes": "20"}, follow=True)
    assert "has version 2 by now" in again.content.decode()
    lea.post(page, {"action": "retire", "reason": "merged"})
    assert ReviewQueue.objects.get().retired
    assert "This queue is retired." in text_of(lea.get(page))


def test_open_cases_are_routed_again_by_a_button(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case()
    define()
    done = browse("lea", *LEAD).post(QUEUES, {"event_type": "payment"}, follow=True)
    assert "1 open case was moved" in done.content.decode()
    assert Case.objects.get(pk=case.pk).queue == "large"


def test_a_reviewer_sees_and_chooses_only_their_queues(browse: Browse, review_case: ReviewCase) -> None:
    define(name="cards", users=("ana",))
    define(name="rings", users=("bo",), condition="", priority=1)
    review_case()
    ana, bo, lea = (browse(name, *WORK) for name in ("ana", "bo", "lea"))
    assert "queue=cards" in text_of(ana.get(QUEUE))
    assert "queue=rings" not in text_of(ana.get(QUEUE))
    assert "T-1" in text_of(ana.get(QUEUE))
    assert "T-1" not in text_of(bo.get(QUEUE))
    assert take(bo) == QUEUE
    browse("lea", "reviews.assign_case")
    assert "T-1" in text_of(lea.get(QUEUE))
    assert take(ana) != QUEUE


def test_the_bar_of_a_case_says_its_queue_sla_and_why_it_is_next(
    browse: Browse, review_case: ReviewCase
) -> None:
    define(sla_minutes=600)
    case = review_case()
    review_case("T-2", stake=100)
    ana = browse("ana", *WORK)
    assert take(ana) == page_of(case)
    page = text_of(ana.get(page_of(case))).replace("\xa0", " ")
    assert "Next because: expected loss 50.00 USD" in page
    assert "to SLA, first of 2 cases of linked entities." in page


@pytest.mark.parametrize(
    ("sent", "changed", "said"),
    [
        ({"action": "skip", "reason": "no access"}, {"released_by": "ana"}, "Skipped"),
        ({"action": "snooze", "for": "day", "reason": "later"}, {"state": "open"}, "Snoozed for 1 day"),
        ({"action": "assign", "to": "bo"}, {"assigned_to": "bo"}, "Assigned to bo"),
        ({"action": "transfer", "queue": "rings", "reason": "a ring"}, {"queue": "rings"}, "Transferred"),
        ({"action": "snooze", "for": "day", "reason": ""}, {"claimed_by": "ana"}, "Reason: is missing"),
        ({"action": "assign", "to": "nobody"}, {"claimed_by": "ana"}, "reviews no cases"),
    ],
)
def test_a_held_case_is_set_aside(
    browse: Browse, review_case: ReviewCase, sent: dict[str, str], changed: dict[str, str], said: str
) -> None:
    define(name="rings", condition="")
    case = review_case()
    ana, _ = browse("ana", *WORK), browse("bo", *WORK)
    claim_case(case.pk, reviewer="ana", now=datetime.now(UTC))
    assert "Set aside" in text_of(ana.get(page_of(case)))
    done = ana.post(f"{page_of(case)}aside/", sent, follow=True)
    assert said in done.content.decode()
    row = Case.objects.get(pk=case.pk)
    assert {name: getattr(row, name) for name in changed} == changed


def test_a_lead_sets_aside_what_others_hold_and_others_do_not(
    browse: Browse, review_case: ReviewCase
) -> None:
    case = review_case()
    claim_case(case.pk, reviewer="ana", now=datetime.now(UTC))
    aside = f"{page_of(case)}aside/"
    refused = browse("bo", *WORK).post(aside, {"action": "assign", "to": "bo"}, follow=True)
    assert "Ana has claimed" in refused.content.decode()
    browse("lea", *LEAD).post(aside, {"action": "assign", "to": "bo"})
    assert Case.objects.get(pk=case.pk).assigned_to == "bo"


def test_the_queue_can_be_ordered_by_the_end_of_the_sla(browse: Browse, review_case: ReviewCase) -> None:
    late, early = review_case("T-1", stake=90_000), review_case("T-2", stake=100)
    now = datetime.now(UTC)
    Case.objects.filter(pk=late.pk).update(due_at=now + timedelta(hours=5))
    Case.objects.filter(pk=early.pk).update(due_at=now - timedelta(minutes=5))
    page = text_of(browse("ana", *WORK).get(f"{QUEUE}?order=sla"))
    assert page.index("T-2") < page.index("T-1")
    assert "SLA breached 5 min ago" in page
