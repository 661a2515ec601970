"""Searching entities, and their history."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from pytest_django import DjangoAssertNumQueries

from reviews.console.entity_index import (
    ENTITIES,
    EntityRef,
    events_of_entity,
    find_entity,
    search_entities,
)
from reviews.console.event_details import entity_history, event_detail
from reviews.models import EventEntity
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.models import Event
from scoring.intake.receive import receive_events
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up, rebuild_consumer
from scoring.log.errors import EntryNotFound
from scoring.log.models import VaultItem
from scoring.log.read import read_positions, read_stream
from scoring.signals import redis_connections as connections
from tests.factories.log import decided
from tests.factories.payments import payment_payload, refund_payload, submission
from tests.integration.reviews.conftest import DAY

pytestmark = pytest.mark.django_db(transaction=True)

Receive = Callable[..., None]


@pytest.fixture
def receive(online_redis: redis.Redis) -> Receive:
    """Receives and indexes events, without deciding them."""
    connections.client.cache_clear()

    def receive(*payloads: dict[str, Any], source: str = "shop") -> None:
        receive_events([submission(payload) for payload in payloads], source=source, now=datetime.now(UTC))
        catch_up(ENTITIES, now=DAY)

    return receive


def position_of(stream: str) -> int:
    return read_stream(stream)[0].position


def test_an_entitys_events_are_paginated_newest_first(receive: Receive) -> None:
    receive(*(payment_payload(number, card="card-x" if number % 2 else "card-y") for number in range(20)))
    first = entity_history("card", "card-x", limit=4)
    assert [row.external_id for row in first] == ["T-19", "T-17", "T-15", "T-13"]
    second = entity_history("card", "card-x", before=first[-1].position, limit=100)
    assert [row.external_id for row in second] == ["T-11", "T-9", "T-7", "T-5", "T-3", "T-1"]


def test_events_of_every_type_that_names_the_entity_are_in_its_history(receive: Receive) -> None:
    receive(payment_payload(1, card="card-x"), refund_payload(1, card="card-x"))
    assert [row.type for row in entity_history("card", "card-x")] == ["refund", "payment"]


def test_a_history_row_shows_the_decision_and_the_label(receive: Receive) -> None:
    receive(payment_payload(1, card="card-x"), payment_payload(2, card="card-x"))
    [event] = read_positions([position_of("payment/shop/T-1")])
    append([decided(event, outcome="review", score=0.4)], now=DAY)
    append([decided(event, revision=1, outcome="block", score=0.9)], now=DAY)
    statement = LabelStatement("payment", "T-1", "fraud", "chargeback")
    record_labels([statement], source="shop", now=DAY)

    later, row = entity_history("card", "card-x")

    assert (row.outcome, row.score, row.label) == ("block", 0.9, "fraud")
    assert (row.fields["amount"], row.stake, row.currency) == ("11.50", 1_150, "USD")
    assert (later.outcome, later.score, later.label) == ("", None, None)


def test_a_personal_address_is_found_by_its_value_and_linked_by_its_digest(receive: Receive) -> None:
    receive(payment_payload(1, ip="198.51.100.7"), payment_payload(2, ip="198.51.100.8"))
    [match] = search_entities(" 198.51.100.7 ").entities
    assert (match.ref.kind, match.ref.shown, match.ref.personal) == ("ip", "198.51.100.7", True)
    assert "198" not in match.ref.value
    [row] = entity_history("ip", match.ref.value)
    assert row.external_id == "T-1"
    assert "ip" not in row.fields
    assert find_entity("ip", match.ref.value) == match.ref

    VaultItem.objects.all().delete()
    assert find_entity("ip", match.ref.value).shown == ""
    assert event_detail(row.position).personal == {"ip": ""}


def test_a_search_finds_entities_of_every_kind_and_events_of_any_sender(receive: Receive) -> None:
    receive(payment_payload(1, card="X-9", merchant="X-9"), payment_payload(2, merchant="X-9"))
    receive(payment_payload(3, id="X-9"), source="other")
    receive(payment_payload(4, id="X-9"), source="another")
    found = search_entities("X-9")
    assert [(match.ref, match.events) for match in found.entities] == [
        (EntityRef("merchant", "X-9", "X-9", False), 2),
        (EntityRef("card", "X-9", "X-9", False), 1),
    ]
    assert found.events == [position_of("payment/another/X-9"), position_of("payment/other/X-9")]


@pytest.mark.parametrize("text", ["nothing", "", " ", "a\x00b", "x" * 500])
def test_a_search_for_an_unknown_value_finds_nothing(receive: Receive, text: str) -> None:
    receive(payment_payload(1))
    assert search_entities(text) == ([], [])
    assert find_entity("ip", text).shown == ""
    assert entity_history("card", text) == []


def test_an_event_shows_everything_known_of_it(receive: Receive) -> None:
    receive(payment_payload(1))
    [event] = read_positions([position_of("payment/shop/T-1")])
    append([decided(event, outcome="review")], now=DAY)
    for source, value in (("customer", "fraud"), ("review", "legitimate")):
        record_labels(
            [LabelStatement("payment", "T-1", value, source)], source="shop", now=DAY, actor="key/shop"
        )

    detail = event_detail(event.position)

    assert (detail.stream, detail.stake, detail.currency) == ("payment/shop/T-1", 1_150, "USD")
    assert detail.personal == {"ip": "192.0.2.1"}
    assert [(ref.kind, ref.shown) for ref in detail.entities] == [
        ("card", "card-1"),
        ("customer", "customer-1"),
        ("merchant", "merchant-1"),
        ("device", "device-1"),
        ("ip", "192.0.2.1"),
    ]
    assert detail.decision is not None
    assert detail.decision.data["outcome"] == "review"
    assert [(said.source, said.value, said.actor) for said in detail.labels] == [
        ("customer", "fraud", "key/shop"),
        ("review", "legitimate", "key/shop"),
    ]
    assert (detail.label, detail.conflict) == ("legitimate", True)
    with pytest.raises(EntryNotFound):
        event_detail(event.position + 1_000)


def test_a_page_takes_a_few_queries_however_long_the_history(
    receive: Receive, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    receive(*(payment_payload(number, card="hot") for number in range(300)))
    with django_assert_max_num_queries(5):
        assert len(entity_history("card", "hot", limit=100)) == 100
    position = position_of("payment/shop/T-5")
    with django_assert_max_num_queries(5):
        event_detail(position)
    with django_assert_max_num_queries(3):
        assert search_entities("hot").entities[0].events == 300


def test_the_index_is_rebuilt_from_the_log(receive: Receive) -> None:
    receive(*(payment_payload(number) for number in range(30)))
    before = set(EventEntity.objects.values_list("entity", "position"))
    assert len(before) == 30 * 5
    EventEntity.objects.filter(position__lte=Event.objects.order_by("position")[7].position).delete()
    rebuild_consumer(ENTITIES, now=DAY)
    assert set(EventEntity.objects.values_list("entity", "position")) == before
    assert events_of_entity("card", "card-1", limit=3) == sorted(
        (position_of(f"payment/shop/T-{number}") for number in (16, 21, 26)), reverse=True
    )
