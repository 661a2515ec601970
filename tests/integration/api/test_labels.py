from collections.abc import Callable
from typing import Any

from pytest_django import DjangoAssertNumQueries

from scoring.log.read import read_stream
from scoring.timestamps import from_iso
from tests.factories.payments import payment_payload
from tests.integration.api.conftest import Api


def label(number: int, **changes: Any) -> dict[str, Any]:
    statement = {
        "event_type": "payment",
        "event_id": f"T-{number}",
        "label": "fraud",
        "source": "chargeback",
    }
    return statement | changes


def retraction(number: int, **changes: Any) -> dict[str, Any]:
    return label(number, label=None, retract=True, **changes)


def test_a_label_is_recorded(api: Api) -> None:
    api.post("events", payment_payload(1))
    response = api.post("labels", label(1))
    assert response.status_code == 201
    assert response.json()["status"] == "recorded"
    assert response.json()["effective"] == "fraud"
    assert response.json()["links"]["event"] == "/api/v1/events/payment/T-1"


def test_a_label_holds_from_its_receipt_and_keeps_what_was_reported(api: Api) -> None:
    api.post("events", payment_payload(1))
    answer = api.post("labels", label(1, known_at="2026-03-01T13:00:00Z")).json()
    (entry,) = read_stream("label/payment/shop/T-1")
    assert answer["reported_at"] == entry.data["reported_at"] == "2026-03-01T13:00:00Z"
    assert from_iso(answer["known_at"]) == from_iso(entry.data["known_at"]) == entry.recorded_at


def test_the_same_label_again_changes_nothing(api: Api) -> None:
    api.post("events", payment_payload(1))
    first = api.post("labels", label(1))
    again = api.post("labels", label(1))
    assert (again.status_code, again.json()["status"]) == (200, "unchanged")
    assert again["Idempotent-Replayed"] == "true"
    assert again.json()["known_at"] == first.json()["known_at"]
    assert len(read_stream("label/payment/shop/T-1")) == 1


def test_another_source_may_say_otherwise_and_the_higher_ranking_one_holds(api: Api) -> None:
    api.post("events", payment_payload(1))
    api.post("labels", label(1, source="customer"))
    answer = api.post("labels", label(1, label="legitimate", source="review")).json()
    assert answer["effective"] == "legitimate"
    assert api.get("events/payment/T-1").json()["label"] == "legitimate"


def test_a_retraction_takes_back_what_the_source_said_and_is_idempotent(api: Api) -> None:
    api.post("events", payment_payload(1))
    api.post("labels", label(1))
    response = api.post("labels", retraction(1))
    assert (response.status_code, response.json()["effective"]) == (201, None)
    assert api.post("labels", retraction(1)).status_code == 200
    assert [entry.type for entry in read_stream("label/payment/shop/T-1")] == [
        "label.recorded",
        "label.retracted",
    ]


def test_a_source_cannot_take_back_what_it_never_said(api: Api) -> None:
    api.post("events", payment_payload(1))
    api.post("labels", label(1, source="customer"))
    response = api.post("labels", retraction(1, source="chargeback"))
    assert response.status_code == 404
    assert response.json()["type"] == "/api/problems/label-not-found"
    assert api.get("events/payment/T-1").json()["label"] == "fraud"


def test_a_label_before_its_event_is_held_listed_and_released(api: Api, api_with: Callable[..., Api]) -> None:
    response = api.post("labels", label(1, known_at="2026-03-01T13:00:00Z"))
    assert (response.status_code, response.json()["status"]) == (202, "held")
    (held,) = api.get("labels/held").json()["results"]
    assert (held["event_id"], held["label"], held["source"]) == ("T-1", "fraud", "chargeback")
    assert held["reported_at"] == "2026-03-01T13:00:00Z"
    assert api_with(source="other").get("labels/held").json()["results"] == []
    api.post("events", payment_payload(1))
    assert api.get("labels/held").json()["results"] == []


def test_a_bad_label_in_a_list_loses_none_of_the_others(api: Api) -> None:
    api.post("events", payment_payload(1))
    response = api.post(
        "labels", [label(1), label(2), label(1, label="bad"), retraction(3), "label", label(1)]
    )
    assert response.status_code == 207
    results = response.json()["results"]
    assert [result["status"] for result in results] == [201, 202, 422, 404, 422, 200]
    assert results[2]["problem"]["errors"][0]["allowed"] == ["fraud", "legitimate"]
    assert len(read_stream("label/payment/shop/T-1")) == 1
    assert len(read_stream("label/payment/shop/T-2")) == 1


def test_a_label_and_its_retractions_in_one_list_are_taken_in_order(api: Api) -> None:
    api.post("events", payment_payload(1))
    response = api.post("labels", [label(1), retraction(1), retraction(1)])
    assert [result["status"] for result in response.json()["results"]] == [201, 201, 200]
    assert api.get("events/payment/T-1").json()["label"] is None


def test_a_refusal_names_the_field(api: Api) -> None:
    response = api.post("labels", label(1, known_at="2999-01-01T00:00:00Z"))
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "known_at"


def test_a_list_of_labels_costs_as_many_queries_as_one(
    api: Api, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    api.post("events", [payment_payload(number) for number in range(200)])
    with django_assert_max_num_queries(9):
        api.post("labels", [label(number) for number in range(200)])
