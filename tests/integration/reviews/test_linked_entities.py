"""The linked entities of an event, as a page that shows and expands them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from reviews.console.entity_index import ENTITIES
from reviews.graph import neighborhood as graphs
from reviews.models import Case
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up
from scoring.log.entries import NewEntry
from tests.factories.log import decided, labeled, received
from tests.integration.reviews.browsing import LOOK, WORK, Browse, ReviewCase, kept, text_of

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)


def occurred(submission: NewEntry, at: datetime) -> NewEntry:
    submission.data["occurred_at"] = at  # type: ignore[index]
    return submission


def receive(external_id: str, **fields: Any) -> int:
    [event] = append([received(external_id, **fields)], now=NOW)
    catch_up(ENTITIES, now=NOW)
    return event.position


def links(browse: Browse, position: int, *expand: str, permissions: tuple[str, ...] = WORK) -> Any:
    address = reverse("admin:event_links", args=[position])
    return browse("ana", *permissions).get(address, {"expand": list(expand)})


def entities(response: Any) -> dict[str, list[int]]:
    """The shown events by the text of each entity, the latest first."""
    return {row.words: [each.row.position for each in row.shown] for row in response.context["entities"]}


def test_events_that_share_an_entity_are_linked(browse: Browse) -> None:
    first = receive("T-1", card="c-1", merchant="m-1")
    anchor = receive("T-2", card="c-1", device="d-1", merchant="m-2")
    third = receive("T-3", card="c-3", device="d-1", merchant="m-1")
    receive("T-4", card="c-4")
    response = links(browse, anchor)
    assert entities(response) == {
        "c-1": [anchor, first],
        "d-1": [third, anchor],
        "m-1": [third, first],  # of two shown events, although not of this one
        "m-2": [anchor],
    }
    drawn = {each["data"].get("id") for each in response.context["elements"]} - {None}
    assert drawn == {f"e{at}" for at in (first, anchor, third)} | {
        "card:c-1",
        "device:d-1",
        "merchant:m-1",
        "merchant:m-2",
    }
    text = text_of(response)
    assert f"/admin/events/{first}/" in text
    assert "c-4" not in text


def test_an_entity_and_an_event_can_be_expanded(browse: Browse) -> None:
    anchor = receive("T-1", card="c-1", device="d-1")
    second = receive("T-2", card="c-2", device="d-1")
    third = receive("T-3", card="c-2")
    assert "c-2" not in entities(links(browse, anchor))
    expanded = links(browse, anchor, str(second))
    assert entities(expanded)["c-2"] == [second]
    [row] = [row for row in expanded.context["entities"] if row.words == "c-2"]
    address = reverse("admin:event_links", args=[anchor])
    assert entities(browse("ana", *WORK).get(address + row.expand))["c-2"] == [third, second]


def test_a_hub_is_counted_and_not_expanded(browse: Browse) -> None:
    for number in range(4):
        receive(f"T-{number}", card=f"c-{number}", merchant="m-1")
    anchor = receive("T-9", card="c-9", merchant="m-1")
    with mock.patch.object(graphs, "HUB", 3):
        response = links(browse, anchor, "merchant:m-1")
        [hub] = [row for row in response.context["entities"] if row.words == "m-1"]
        assert entities(response) == {"c-9": [anchor], "m-1": [anchor]}
        assert (hub.events, hub.is_hub, hub.expand) == (4, True, "")


def test_events_of_another_time_are_left_out(browse: Browse) -> None:
    old = NOW - timedelta(days=400)
    append([occurred(received("T-1", card="c-1"), old)], now=NOW)
    anchor = receive("T-2", card="c-1")
    assert entities(links(browse, anchor)) == {"c-1": [anchor]}


def test_labels_color_events_unless_they_are_withheld(browse: Browse, review_case: ReviewCase) -> None:
    linked, anchor = review_case("T-1", card="c-1"), review_case("T-2", card="c-1")
    append([labeled(linked.event_stream, value="fraud", effective="fraud", known_at=NOW)], now=NOW)

    def tone() -> str:
        [node] = [
            each["data"]
            for each in links(browse, anchor.pk).context["elements"]
            if each["data"].get("id") == f"e{linked.pk}"
        ]
        return str(node["tone"])

    assert tone() == "bad"
    Case.objects.filter(pk=linked.pk).update(
        quality_check=Case.Check.SECOND, decided_by="ben", decided_at=NOW, verdict="fraud"
    )
    assert tone() == "review"


def test_personal_values_are_hidden_from_those_who_may_not_work_cases(browse: Browse) -> None:
    address = kept("192.0.2.9")
    anchor = receive("T-1", ip=address)
    assert "192.0.2.x" in entities(links(browse, anchor))
    response = browse("otto", *LOOK).get(reverse("admin:event_links", args=[anchor]))
    assert "hidden" in entities(response)
    assert "192.0.2.9" not in text_of(response)


def test_parameters_that_name_nothing_are_ignored(browse: Browse) -> None:
    anchor = receive("T-1", card="c-1")
    assert entities(links(browse, anchor, "planet:x", "card:", "99999", "-1", "x")) == {"c-1": [anchor]}
    assert links(browse, 999_999).status_code == 404


def test_a_large_graph_takes_few_queries(
    browse: Browse, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        [event] = append(
            [received(f"T-{number}", card="c-1", device=f"d-{number % 3}", ip=kept(f"192.0.2.{number}"))],
            now=NOW,
        )
        append([decided(event)], now=NOW)
    catch_up(ENTITIES, now=NOW)
    client = browse("ana", *WORK)
    with django_assert_max_num_queries(21):
        client.get(reverse("admin:event_links", args=[event.position]))


def test_the_pages_of_cases_and_events_load_the_graph(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case("T-1", card="c-1")
    client = browse("ana", *WORK)
    for name in ("case", "event"):
        page = text_of(client.get(reverse(f"admin:{name}", args=[case.pk])))
        assert f'data-links-at="{reverse("admin:event_links", args=[case.pk])}"' in page
