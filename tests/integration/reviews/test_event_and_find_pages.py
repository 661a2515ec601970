"""The pages of an event, of entities and of all cases, as seen by a browser without JavaScript."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from reviews.models import Case
from scoring.log.append import append
from tests.factories.log import received
from tests.integration.reviews.browsing import (
    LOOK,
    WORK,
    Browse,
    ReviewCase,
    kept,
    page_of,
    take,
    text_of,
)
from tests.integration.reviews.test_explained_decisions import decide_one, small_model  # noqa: F401 (a fixture)


def test_an_event_without_a_decision_says_so(browse: Browse) -> None:
    [event] = append([received("T-1", history=True)], now=datetime.now(UTC))
    client = browse("otto", *LOOK)
    address = reverse("admin:event", args=[event.position])
    assert "was loaded as history" in text_of(client.get(address))
    assert client.get(reverse("admin:case", args=[event.position])).headers["Location"] == address


def test_an_event_of_a_type_that_is_not_scored_says_so(browse: Browse) -> None:
    [event] = append([received("R-1", type="refund")], now=datetime.now(UTC))
    page = text_of(browse("otto", *LOOK).get(reverse("admin:event", args=[event.position])))
    assert "Events of type refund are not scored" in page
    assert "No decision yet" not in page


def test_an_event_links_to_its_case(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case()
    address = reverse("admin:event", args=[case.pk])
    assert page_of(case) in text_of(browse("ana", *WORK).get(address))
    assert page_of(case) not in text_of(browse("eve", "scoring.view_event").get(address))


def test_an_event_that_was_never_received_is_not_found(browse: Browse) -> None:
    client = browse("ana", *WORK)
    assert client.get(reverse("admin:event", args=[9])).status_code == 404
    assert client.get(reverse("admin:case", args=[9]), follow=True).status_code == 404
    assert client.get(reverse("admin:event", args=[10**18])).status_code == 404


@pytest.mark.parametrize("text", ["c-77", "192.0.2.77", "T-77"])
def test_an_entity_and_an_event_are_found_by_their_complete_value(
    browse: Browse, review_case: ReviewCase, text: str
) -> None:
    review_case("T-77", card="c-77", ip=kept("192.0.2.77"))
    page = text_of(browse("ana", *WORK).get("/admin/entities/", {"q": f" {text} "}))
    assert "No match for" not in page
    assert "data-row" in page


def test_a_search_without_matches_says_what_can_be_searched(browse: Browse) -> None:
    page = text_of(browse("ana", *WORK).get("/admin/entities/", {"q": "<b>nobody</b>"}))
    assert "No match for" in page
    assert "&lt;b&gt;nobody&lt;/b&gt;" in page


def test_an_entity_shows_its_counts_and_events(
    browse: Browse, review_case: ReviewCase, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = browse("ana", *WORK)
    for number in range(3):
        review_case(f"T-{number}", card="c-9")
    take(client)
    with django_assert_max_num_queries(12):
        page = text_of(client.get("/admin/entities/", {"kind": "card", "value": "c-9"}))
    assert page.count("data-row") == 3
    assert "Review" in page
    assert "of all events" in page


@pytest.mark.parametrize(
    "query", [{"kind": "card", "value": "nobody"}, {"kind": "nonsense", "value": "x"}, {"before": "x"}]
)
def test_an_address_of_an_unknown_entity_is_not_an_error(browse: Browse, query: dict[str, str]) -> None:
    text_of(browse("ana", *WORK).get("/admin/entities/", query))


def test_the_list_of_cases_names_who_decided_or_claimed_each(browse: Browse, review_case: ReviewCase) -> None:
    decided, claimed = review_case("T-1"), review_case("T-2")
    client = browse("ana", *WORK)
    Case.objects.filter(pk=decided.pk).update(state="decided", verdict="fraud", decided_by="bo")
    Case.objects.filter(pk=claimed.pk).update(state="claimed", claimed_by="cy")
    page = text_of(client.get("/admin/reviews/case/"))
    assert 'fraud<br><span class="ws-muted">by bo</span>' in page
    assert '-<br><span class="ws-muted">cy</span>' in page


def test_every_case_is_listed_and_opens_its_page(browse: Browse, review_case: ReviewCase) -> None:
    case, other = review_case("T-1"), review_case("T-2")
    client = browse("ana", *WORK)
    changelist = "/admin/reviews/case/"
    assert page_of(other) in text_of(client.get(changelist))
    for term in (str(case.pk), "payment/shop/T-1"):
        assert client.get(changelist, {"q": term}).context["cl"].result_count == 1
    assert client.get(changelist, {"state__exact": "decided"}).context["cl"].result_count == 0
    assert client.get(f"{changelist}{case.pk}/change/").headers["Location"] == page_of(case)
