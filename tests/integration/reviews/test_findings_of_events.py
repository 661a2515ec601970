"""What an event's page says of the lists and rules that had a part in its decision."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.urls import reverse

from scoring.log.append import append
from tests.factories.log import decided, received
from tests.factories.rules import store_rule
from tests.integration.reviews.browsing import LOOK, Browse, text_of

pytestmark = pytest.mark.django_db

FOUND = {
    "kind": "rule",
    "name": "velocity",
    "number": 1,
    "stage": "active",
    "outcome": "block",
    "code": "VELOCITY",
    "text": "A large amount",
}
TRIED = {**FOUND, "name": "tried", "stage": "shadow", "text": "Tried on all"}


def page_of(browse: Browse, *permissions: str, **data: Any) -> str:
    [event] = append([received("X-1")], now=datetime.now(UTC))
    without_model = {"margin": None, "score": None, "basis": "no_model", "model": "", "arm": ""}
    append([decided(event, **{**without_model, **data})], now=datetime.now(UTC))
    return text_of(browse("otto", *permissions).get(reverse("admin:event", args=[event.position])))


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_findings_come_before_the_reasons_of_the_model(browse: Browse) -> None:
    held = {"outcome": "review", "initial": "block", "decided_by": "rule", "breaker": {"state": "open"}}
    page = plain(page_of(browse, *LOOK, ruleset=4, findings=[FOUND, TRIED], **held))
    assert page.index("Lists and rules") < page.index("Why this score")
    assert "A large amount rule velocity, version 1" in page
    assert "Tried on all rule tried, version 1; in shadow, decided nothing" in page
    assert "The breaker was open, so this block became a review." in page
    assert "instead of block" in page


def test_a_rule_is_linked_for_those_who_may_see_it(browse: Browse) -> None:
    store_rule("active")
    link = reverse("admin:rule", kwargs={"event_type": "payment", "rule_name": "velocity"})
    seen = {"ruleset": 2, "findings": [FOUND], "decided_by": "rule", "outcome": "block"}
    assert link in page_of(browse, *LOOK, "scoring.view_rule", **seen)


def test_without_findings_it_says_so_and_without_a_ruleset_nothing(browse: Browse) -> None:
    page = plain(page_of(browse, *LOOK, ruleset=4, findings=[], decided_by="model"))
    assert "No list holds its values, and no rule matched." in page


def test_an_event_decided_without_a_ruleset_has_no_such_part(browse: Browse) -> None:
    assert "Lists and rules" not in plain(page_of(browse, *LOOK))
