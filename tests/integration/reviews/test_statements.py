"""Statements of reasons, what the API answers of a review, and the page that prints."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from reviews.errors import NoStatement
from reviews.statements.statement import statement_of
from reviews.work import verdicts
from scoring.api.keys.issue import create_key
from scoring.log.append import append
from scoring.timestamps import to_iso
from tests.factories.log import decided
from tests.integration.reviews.browsing import LOOK, Browse, text_of
from tests.integration.reviews.conftest import DAY
from tests.integration.reviews.moderation import (  # noqa: F401 (a fixture)
    REVIEWED,
    SPAM,
    appeal,
    judge,
    notes,
    open_note,
    receive,
)

pytestmark = pytest.mark.usefixtures("notes")
BOTH = {"spam": "same_text", "threat": "announces_violence"}


def get(path: str, *scopes: str) -> Any:
    _, token = create_key(
        name="shop", source="shop", scopes=scopes or ["events:read"], now=datetime.now(UTC), actor="user/dana"
    )
    return Client().get(f"/api/v1/events/{path}", headers={"Authorization": f"Bearer {token}"})


def stated(event_id: str = "N-1") -> dict[str, Any]:
    return statement_of(f"note/shop/{event_id}", now=DAY)


def test_the_statement_of_a_verdict_names_facts_grounds_and_redress() -> None:
    judge(open_note(), verdict="violating", policies=BOTH, action="limit")
    statement = get("note/N-1/statement").json()
    assert statement["decision"] == {
        "action": "limit",
        "title": "Limit",
        "restriction": "demotion",
        "decided_at": "2026-03-02T09:00:00Z",
        "territorial_scope": "worldwide",
        "duration": "until it is overturned",
        "ended_at": None,
        "reduced_from": None,
        "strike": False,
        "overturned": False,
    }
    grounds = [(each["policy"], each["kind"], each["reference"]) for each in statement["grounds"]]
    assert grounds == [
        ("spam", "contractual", "Rules, section 2"),
        ("threat", "legal", "Penal code, section 107"),
    ]
    assert statement["facts"]["found"] == ["The same text many times", "Announces violence against a person"]
    assert statement["facts"]["origin"] == "own_initiative"
    assert statement["automated_means"]["decision"] is False
    assert statement["automated_means"]["detection"] is True
    assert statement["automated_means"]["decided_by"] == "person"
    assert statement["redress"]["internal_complaint"]["until"] == "2026-09-01T09:00:00Z"


def test_reports_before_the_decision_make_it_a_notice() -> None:
    judge(open_note(), **SPAM)
    receive("note_report", "R-1", reporter="bob", content="N-1")
    receive("note_report", "R-2", reporter="bob", content="N-2")
    receive("note_report", "R-3", reporter="eva", content="N-1", now=DAY + timedelta(minutes=1))
    open_note("N-3")  # indexes the reports
    assert stated()["facts"]["origin"] == "notice"
    assert stated()["facts"]["reports"] == 1


def test_a_decision_without_a_person_says_so() -> None:
    event = receive("note", "N-1", author="ann", text="Buy now!")
    heads = {"spam": {"score": 0.99, "outcome": "block"}, "threat": {"score": 0.1, "outcome": "allow"}}
    append([decided(event, **REVIEWED | {"outcome": "block", "policies": heads})], now=DAY)
    statement = stated()
    assert statement["automated_means"] == {
        "detection": True,
        "decision": True,
        "decided_by": "model",
        "explanation": "A statistical model found and decided this without a person.",
    }
    assert [(each["policy"], each["reason"]) for each in statement["grounds"]] == [("spam", None)]
    assert statement["decision"]["restriction"] == "removal"


def test_a_revision_that_confirms_a_restriction_does_not_begin_it_anew() -> None:
    event = receive("note", "N-1", author="ann", text="Buy now!")
    for minute, outcome in enumerate(("allow", "block", "block")):
        told = {"outcome": outcome, "decided_at": to_iso(DAY + timedelta(minutes=minute))}
        append([decided(event, revision=minute, **REVIEWED | told)], now=DAY)
    assert stated()["decision"]["decided_at"] == "2026-03-02T09:01:00Z"


def test_what_names_no_policy_rests_on_the_terms(settings: Any) -> None:
    settings.STATEMENT_TERMS = "Terms, section 4"
    event = receive("note", "N-1", author="ann", text="Buy now!")
    append([decided(event, **REVIEWED | {"outcome": "block"})], now=DAY)
    [ground] = stated()["grounds"]
    assert (ground["policy"], ground["kind"], ground["reference"]) == (
        None,
        "contractual",
        "Terms, section 4",
    )


@pytest.mark.parametrize("verdict", [{}, {"verdict": "acceptable", "reason_code": "within_rules"}])
def test_an_event_that_nothing_restricts_has_no_statement(verdict: dict[str, str]) -> None:
    case = open_note()
    if verdict:
        judge(case, **verdict)
    with pytest.raises(NoStatement, match="nothing restricts note/shop/N-1"):
        stated()
    answer = get("note/N-1/statement")
    assert (answer.status_code, answer.json()["type"]) == (404, "/api/problems/statement-not-found")


def test_an_event_held_for_its_media_has_no_statement_yet(browse: Browse) -> None:
    event = receive("note", "N-1", author="ann", text="Look!")
    held = {"outcome": "block", "held": {"outcome": "block", "in_place_of": "allow", "media": ["m-1"]}}
    append([decided(event, **REVIEWED | held)], now=DAY)

    answer = get("note/N-1/statement")
    assert (answer.status_code, answer.json()["held"]) == (404, True)
    assert "held until its media are processed" in answer.json()["detail"]
    page = text_of(browse("otto", *LOOK).get(f"/admin/events/{event.position}/"))
    assert "Held until its media are processed" in page
    assert "Statement of reasons" not in page

    later = {"outcome": "block", "decided_at": to_iso(DAY + timedelta(minutes=3))}
    append([decided(event, revision=1, **REVIEWED | later)], now=DAY)
    assert stated()["decision"]["decided_at"] == "2026-03-02T09:03:00Z"


def test_a_statement_takes_the_scope_of_reading_events_and_ones_own_event() -> None:
    judge(open_note(), **SPAM)
    assert get("note/N-1/statement", "labels:write").status_code == 403
    assert get("note/N-404/statement").status_code == 404


def test_the_answer_shows_the_review_and_that_an_appeal_overturned_it() -> None:
    case = open_note()
    assert get("note/N-1").json()["review"] is None
    judge(case, **SPAM, strike=True)
    review = get("note/N-1").json()["review"]
    assert review == {
        "verdict": "violating",
        "policies": ["spam"],
        "action": "block",
        "strike": True,
        "overturned": False,
        "decided_at": "2026-03-02T09:00:00Z",
    }
    granted = judge(appeal(), reviewer="bo", verdict="granted", reason_code="misread")
    review = get("note/N-1").json()["review"]
    assert (review["verdict"], review["policies"], review["action"]) == ("acceptable", [], "allow")
    assert (review["overturned"], review["strike"]) == (True, False)
    assert stated()["decision"]["overturned"] is True
    assert stated()["decision"]["ended_at"] == "2026-03-02T09:00:00Z"

    verdicts.undo_verdict(granted.pk, reviewer="bo", now=DAY)
    assert get("note/N-1").json()["review"] == review | {
        "verdict": "violating", "policies": ["spam"], "action": "block", "strike": True, "overturned": False
    }  # fmt: skip


def test_the_page_prints_the_statement_and_offers_it_as_json(browse: Browse) -> None:
    case = judge(open_note(), **SPAM)
    otto = browse("otto", *LOOK)
    address = reverse("admin:statement", args=[case.pk])
    assert address in text_of(otto.get(reverse("admin:event", args=[case.pk])))
    page = text_of(otto.get(address))
    for told in (
        "Statement of reasons",
        "Remove (removal)",
        "Rules, section 2",
        "Unwanted advertising",
        "2026-09-01",
    ):
        assert told in page
    assert otto.get(f"{address}?format=json").json()["decision"]["action"] == "block"
    assert browse("eve").get(address).status_code == 403
    assert otto.get(reverse("admin:statement", args=[404])).status_code == 404
