"""The explanation of a decision as a page to print, and as a file."""

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from scoring.log.append import append
from tests.factories.explaining import NOW, explained_event
from tests.factories.log import decided, received
from tests.factories.policies import THRESHOLDS, store_policy
from tests.integration.reviews.browsing import WORK, Browse, text_of

LOOK = ("scoring.view_event", "scoring.view_decision")


def address_of(position: int) -> str:
    return reverse("admin:explanation", args=[position])


def test_the_page_says_what_decided_and_who_is_behind_it(browse: Browse) -> None:
    event = explained_event()
    page = text_of(browse("otto", *LOOK).get(address_of(event.position)))
    assert "Decided by the list Stolen cards: The card is listed as stolen." in page
    assert "amount &gt; 5 &amp;&amp; !has(device)" in page
    assert "drafted by ana on 2026-03-01, activated by ana on 2026-03-01" in page
    assert "listed by lea on 2026-03-01" in page
    assert "12.34 USD" in page
    assert "IP private: no, IP version: 4" in page
    assert "IP (personal)" in page
    assert page.count("list.values_added") == 1


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        (
            {"decided_by": "rule", "outcome": "review"},
            "Decided by version 1 of the rule velocity: A first payment.",
        ),
        (
            {"decided_by": "rule", "outcome": "allow", "initial": "review"},
            "Decided by version 1 of the rule velocity: A first payment.",
        ),
        ({"decided_by": "model", "score": 0.93}, "The model payment-1 gave the score 93.0"),
        (
            {
                "decided_by": "policy",
                "score": None,
                "model": "",
                "basis": "fallback",
                "cause": "model_failed",
            },
            "No model decided (model failed); the outcome is the policy",
        ),
    ],
)
def test_the_first_sentence_names_what_decided(
    browse: Browse, decision: dict[str, object], sentence: str
) -> None:
    event = explained_event(**decision)
    assert sentence in text_of(browse("otto", *LOOK).get(address_of(event.position)))


def test_the_policy_is_told_with_the_people_behind_it(browse: Browse) -> None:
    store_policy("active")
    event = explained_event(policy={"number": 1, "mode": "fixed", "segment": "new cards"})
    client = browse("otto", *LOOK)
    page = text_of(client.get(address_of(event.position)))
    assert "1 (fixed), segment new cards, drafted by ana on 2026-03-01, activated by" in page
    told = client.get(address_of(event.position), {"format": "json"}).json()["policy"]
    assert told["definition"]["thresholds"] == THRESHOLDS


def test_breaker_and_exploration_are_told(browse: Browse) -> None:
    event = explained_event(
        initial="block",
        outcome="allow",
        exploration={"share": 0.01, "drawn": True, "propensity": 0.01, "stopped_by": ""},
        unseen=[{"kind": "rule", "name": "velocity", "number": 1}, {"kind": "breaker"}],
        rule_errors=[{"name": "odd", "number": 2, "error": "no such overload"}],
    )
    page = text_of(browse("otto", *LOOK).get(address_of(event.position)))
    assert "let through, with a probability of 1.0" in page
    assert "version 1 of the rule velocity, the breaker" in page
    assert "odd: no such overload" in page


def test_the_file_holds_the_same(browse: Browse) -> None:
    event = explained_event()
    response = browse("otto", *LOOK).get(address_of(event.position), {"format": "json"})
    assert response.json()["findings"][1]["definition"]["expression"] == "amount > 5 && !has(device)"
    assert response["Content-Disposition"] == (
        f'attachment; filename="explanation-payment-{event.position}-0.json"'
    )


def test_a_replaced_decision_says_so(browse: Browse) -> None:
    event = explained_event()
    append([decided(event, revision=1, outcome="allow", margin=-3.0)], now=NOW)
    client = browse("otto", *LOOK)
    assert "A later decision replaced this one" in text_of(
        client.get(address_of(event.position), {"revision": 0})
    )
    assert "A later decision replaced this one" not in text_of(client.get(address_of(event.position)))


def test_an_event_without_a_decision_has_no_explanation(browse: Browse) -> None:
    [event] = append([received("T-2")], now=NOW)
    client = browse("otto", *LOOK)
    assert client.get(address_of(event.position)).status_code == 404
    assert client.get(address_of(event.position + 100)).status_code == 404


def test_the_page_needs_the_permission_to_view_decisions(browse: Browse) -> None:
    event = explained_event()
    assert browse("eve", "scoring.view_event").get(address_of(event.position)).status_code == 403


def test_the_pages_of_an_event_link_to_it_for_those_who_may_open_it(browse: Browse) -> None:
    event = explained_event()
    page = reverse("admin:event", args=[event.position])
    assert address_of(event.position) in text_of(browse("ana", *WORK, *LOOK).get(page))
    assert address_of(event.position) not in text_of(browse("eve", "scoring.view_event").get(page))


def test_the_page_takes_few_queries(
    browse: Browse, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    event = explained_event()
    client = browse("otto", *LOOK)
    client.get(address_of(event.position))
    with django_assert_max_num_queries(16):
        client.get(address_of(event.position))
