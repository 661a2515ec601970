from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from scoring.catalog.exchange_rates.models import ExchangeRate
from scoring.catalog.parsing.characters import ALLOWED_IN_NAMES
from scoring.catalog.parsing.moments import ALLOWED as ALLOWED_TIMES
from scoring.intake.models import Event
from scoring.lanes.models import Pending
from scoring.log.read import read_stream
from scoring.signals.submissions import read_submissions
from tests.factories.payments import payment_payload, refund_payload
from tests.integration.api.conftest import Api

FALLBACK = "wait=0.01, on_timeout=fallback"


def test_an_event_not_decided_in_time_is_accepted_with_its_location(api: Api) -> None:
    response = api.post("events", payment_payload(1), prefer="wait=0.01")
    assert response.status_code == 202
    assert response["Location"] == "/api/v1/events/payment/T-1"
    assert response["Preference-Applied"] == "wait=0.01"
    assert response.json()["status"] == "pending"
    assert api.get("events/payment/T-1").json()["id"] == "T-1"


def test_the_receipt_names_the_request_that_brought_the_event(api: Api) -> None:
    response = api.post("events", payment_payload(1), **{"X-Request-Id": "web-7"})
    assert response["X-Request-Id"] == "web-7"
    assert read_stream("payment/shop/T-1")[0].metadata["request_id"] == "web-7"


@pytest.mark.parametrize("path", ["events", "labels"])
def test_an_empty_body_is_reported_as_empty(api: Api, path: str) -> None:
    response = api.client.generic("POST", f"/api/v1/{path}", b"", content_type="application/json")
    assert response.status_code == 422
    assert response.json()["errors"][0]["problem"] == "the body is empty"


def test_refused_and_repeated_events_are_counted_by_names_and_kinds(api: Api) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    before = Counter(read_submissions(hour))
    good, other = payment_payload(1), {**payment_payload(1), "amount": "7.00"}

    api.post("events", [good, {**payment_payload(2), "amount": "-5", "color": "red"}], prefer="respond-async")
    for again in (good, other):
        api.post("events", again, prefer="respond-async")

    assert Counter(read_submissions(hour)) - before == {
        ("payment", "shop", "", "refused"): 1,
        ("payment", "shop", "amount", "out_of_range"): 1,
        ("payment", "shop", "", "unknown_field"): 1,
        ("payment", "shop", "", "repeated"): 1,
        ("payment", "shop", "", "conflict"): 1,
        ("payment", "shop", "amount", "differs"): 1,
    }


def test_respond_async_is_accepted_at_once(api: Api) -> None:
    response = api.post("events", payment_payload(1), prefer="respond-async")
    assert response.status_code == 202
    assert response["Preference-Applied"] == "respond-async"


def test_a_fallback_decides_after_the_wait_if_the_client_prefers_it(api: Api) -> None:
    response = api.post("events", payment_payload(1), prefer=FALLBACK)
    assert response.status_code == 201
    decision = response.json()["decision"]
    assert (decision["basis"], decision["cause"], decision["outcome"]) == ("fallback", "timeout", "review")
    assert decision["revision"] == 0


def test_the_query_may_request_the_fallback_too(api: Api) -> None:
    response = api.post("events?on_timeout=fallback", payment_payload(1), prefer="wait=0.01")
    assert response.status_code == 201


def test_an_event_of_an_unscored_type_is_recorded(api: Api) -> None:
    response = api.post("events", refund_payload(1), prefer="wait=5")
    assert response.status_code == 201
    assert (response.json()["status"], response.json()["decision"]) == ("recorded", None)


def test_the_same_event_again_gives_the_original_answer(api: Api) -> None:
    first = api.post("events", payment_payload(1), prefer=FALLBACK)
    again = api.post("events", payment_payload(1), prefer=FALLBACK)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert Event.objects.count() == 1


def test_the_same_event_in_another_spelling_is_the_same_event(api: Api) -> None:
    payload = payment_payload(1, occurred_at="2026-03-01T12:00:00Z", amount="12.5")
    api.post("events", payload)
    again = api.post("events", payload | {"occurred_at": "2026-03-01T13:00:00+01:00", "amount": 12.50})
    assert again["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"amount": "99.00"}, ["amount"]),
        ({"card": "other", "merchant": "other"}, ["card", "merchant"]),
        ({"device": None}, ["device"]),
        ({"ip": "198.51.100.1"}, ["ip"]),
        ({"occurred_at": "2026-03-01T00:00:00Z"}, ["occurred_at"]),
    ],
)
def test_another_payload_under_the_same_id_is_a_conflict_that_names_the_fields(
    api: Api, changes: dict[str, Any], fields: list[str]
) -> None:
    api.post("events", payment_payload(1))
    response = api.post("events", payment_payload(1, **changes))
    assert response.status_code == 409
    assert response.json()["fields"] == fields


# Error -> the status, the field named, and what the message says is allowed (None: not checked).
TYPES = ["payment", "payment_appeal", "refund", "account", "report", "strike", "appeal", "content"]
REFUSED: dict[str, tuple[Any, int, str | None, object]] = {
    "no type": (payment_payload(1, type=None), 422, "type", TYPES),
    "an unknown type": (payment_payload(1, type="parcel"), 422, "type", TYPES),
    "a type that is not a string": (payment_payload(1, type=7), 422, "type", TYPES),
    "no id": (payment_payload(1, id=None), 422, "id", "1 to 200 characters"),
    "an id that is not a string": (payment_payload(1, id=7), 422, "id", "string"),
    "an id with a NUL": (payment_payload(1, id="a\x00b"), 422, "id", ALLOWED_IN_NAMES),
    "no time": (payment_payload(1, occurred_at=None), 422, "occurred_at", ALLOWED_TIMES),
    "a time without a zone": (
        payment_payload(1, occurred_at="2026-03-01T12:00:00"),
        422,
        "occurred_at",
        ALLOWED_TIMES,
    ),
    "a time in the future": (
        payment_payload(1, occurred_at="2999-01-01T00:00:00Z"),
        422,
        "occurred_at",
        None,
    ),
    "a missing entity": (payment_payload(1, card=None), 422, "card", None),
    "an amount that is not a number": (payment_payload(1, amount="much"), 422, "amount", None),
    "an unknown currency": (payment_payload(1, currency="XXQ"), 422, "currency", None),
    "a currency without a rate": (payment_payload(1, currency="EUR"), 422, "amount", ["USD"]),
    "an unknown field": (payment_payload(1, colour="red"), 422, "colour", None),
    "an invalid address": (payment_payload(1, ip="here"), 422, "ip", "IPv4 or IPv6 address"),
    "a number out of range": (payment_payload(1, customer_lat=91), 422, "customer_lat", "<= 90"),
    "a body that is a number": (7, 422, "", "one object, or a list of 1 to 1,000 objects"),
    "an empty list": ([], 422, "", "one object, or a list of 1 to 1,000 objects"),
    "a list that is too long": ([{}] * 1_001, 422, "", "one object, or a list of 1 to 1,000 objects"),
    "a body that is not JSON": (b'{"type": }', 400, None, None),
    "an empty body": (b"", 422, "", "one object, or a list of 1 to 1,000 objects"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_names_the_field_and_what_is_allowed(api: Api, case: str) -> None:
    body, status, field, allowed = REFUSED[case]
    response = api.post("events", body)
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    if field is not None:
        assert [error["field"] for error in problem["errors"]] == [field]
    if allowed is not None:
        assert problem["errors"][0]["allowed"] == allowed
    assert not Event.objects.exists()


def test_on_timeout_is_refused_with_what_is_allowed(api: Api) -> None:
    response = api.post("events?on_timeout=guess", payment_payload(1))
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "on_timeout"


@override_settings(API_MAX_BODY_BYTES=100)
def test_a_body_that_is_too_large_names_the_limit(api: Api) -> None:
    response = api.post("events", payment_payload(1))
    assert response.status_code == 413
    assert response.json()["limit"] == 100


def test_a_form_body_is_refused(api: Api) -> None:
    response = api.client.post("/api/v1/events", {"type": "payment"})
    assert response.status_code == 415
    assert response.json()["allowed"] == ["application/json"]


def test_only_json_is_offered(api: Api) -> None:
    response = api.client.get("/api/v1/events/parked", headers={"Accept": "text/html"})
    assert response.status_code == 406
    assert response.json()["allowed"] == ["application/json"]


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
def test_another_method_is_refused_with_those_allowed(api: Api, method: str) -> None:
    response = getattr(api.client, method)("/api/v1/events")
    assert response.status_code == 405
    assert response.json()["allowed"] == ["POST"]


def test_an_unexpected_error_reveals_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*arguments: object, **named: object) -> None:
        raise ZeroDivisionError("the secret")

    monkeypatch.setattr("scoring.api.events.answer_for", explode)
    api.client.raise_request_exception = False
    response = api.get("events/payment/T-1")
    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert b"secret" not in response.content


def test_an_unknown_event_is_not_found(api: Api) -> None:
    for address in ("events/payment/T-1", "events/parcel/T-1", "events/payment/a%00b", "events/%00/x"):
        response = api.get(address)
        assert response.status_code == 404
        assert response.json()["type"] == "/api/problems/event-not-found"


@pytest.mark.parametrize("id", ["a/b", "a b", "ü?#%", "parked", "50%"])
def test_an_event_is_found_at_its_location(api: Api, id: str) -> None:
    location = api.post("events", payment_payload(1, id=id))["Location"]
    assert api.client.get(location).json()["id"] == id


def test_an_event_shows_its_decision_revisions_and_labels(api: Api) -> None:
    api.post("events", payment_payload(1), prefer=FALLBACK)
    label = {"event_type": "payment", "event_id": "T-1", "label": "fraud", "source": "chargeback"}
    api.post("labels", label)
    record = api.get("events/payment/T-1").json()
    assert record["current_decision"] == record["decision"]
    assert record["revisions"] == []
    assert record["label"] == "fraud"
    assert [said["source"] for said in record["labels"]] == ["chargeback"]


def test_amounts_in_another_currency_are_converted_at_the_days_rate(api: Api) -> None:
    ExchangeRate.objects.create(
        currency="EUR", base="USD", rate="1.25", valid_from=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert api.post("events", payment_payload(1, currency="EUR", amount="10.00")).status_code == 202
    (received,) = read_stream("payment/shop/T-1")
    amount = received.data["fields"]["amount"]
    assert (amount["minor"], amount["rate"], amount["base_minor"]) == (1000, "1.25", 1250)


def test_a_bad_event_in_a_list_does_not_affect_the_others(api: Api) -> None:
    api.post("events", payment_payload(9))
    response = api.post(
        "events",
        [
            payment_payload(1),
            payment_payload(2, amount="much", card=None),
            7,
            payment_payload(9),
            payment_payload(9, amount="99.00"),
            payment_payload(3, type="parcel"),
            refund_payload(1),
        ],
    )
    assert response.status_code == 207
    results = response.json()["results"]
    assert [result["index"] for result in results] == list(range(7))
    assert [result["status"] for result in results] == [202, 422, 422, 202, 409, 422, 201]
    assert results[0]["result"]["id"] == "T-1"
    assert {error["field"] for error in results[1]["problem"]["errors"]} == {"amount", "card"}
    assert results[3]["replayed"] is True
    assert results[4]["problem"]["fields"] == ["amount"]
    assert results[5]["problem"]["type"] == "/api/problems/unknown-event-type"
    assert set(Event.objects.values_list("external_id", flat=True)) == {"T-1", "T-9", "R-1"}


def test_a_list_of_good_events_is_answered_200_in_the_order_sent(api: Api) -> None:
    numbers = [5, 3, 8, 1]
    response = api.post("events", [payment_payload(number) for number in numbers])
    assert response.status_code == 200
    ids = [result["result"]["id"] for result in response.json()["results"]]
    assert ids == [f"T-{number}" for number in numbers]


def test_a_list_is_not_waited_for_unless_requested(api: Api) -> None:
    pending = api.post("events", [payment_payload(1)], prefer="")
    assert pending.json()["results"][0]["status"] == 202
    assert "Preference-Applied" not in pending
    decided = api.post("events", [payment_payload(2)], prefer=FALLBACK)
    assert decided.json()["results"][0]["status"] == 201


def test_an_id_repeated_in_one_list_is_received_once(api: Api) -> None:
    response = api.post("events", [payment_payload(1), payment_payload(1), payment_payload(1, amount="1.00")])
    assert [result["status"] for result in response.json()["results"]] == [202, 202, 409]
    assert [result.get("replayed") for result in response.json()["results"]] == [False, True, None]
    assert Event.objects.count() == 1


def test_a_list_sent_again_gives_the_same_answers(api: Api) -> None:
    payloads = [payment_payload(number) for number in range(10)]
    first = api.post("events", payloads, prefer=FALLBACK).json()["results"]
    again = api.post("events", payloads, prefer=FALLBACK).json()["results"]
    assert [item["result"] for item in again] == [item["result"] for item in first]
    assert {item["status"] for item in first} == {201}
    assert {item["status"] for item in again} == {200}


def test_parked_events_are_listed_with_their_error_page_by_page(
    api: Api, api_with: Callable[..., Api]
) -> None:
    api.post("events", [payment_payload(number) for number in range(3)])
    Pending.objects.update(state="parked", error="ValueError: poison")
    first = api.get("events/parked?limit=2").json()
    assert [row["id"] for row in first["results"]] == ["T-0", "T-1"]
    assert first["results"][0]["error"] == "ValueError: poison"
    second = api.get(f"events/parked?limit=2&after={first['next_after']}").json()
    assert [row["id"] for row in second["results"]] == ["T-2"]
    assert second["next_after"] is None
    assert api_with(source="other").get("events/parked").json()["results"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "after=-1", "after=99999999999999999999"]
)
def test_an_invalid_page_is_refused(api: Api, query: str) -> None:
    response = api.get(f"events/parked?{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


def test_one_event_costs_few_queries(api: Api, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    api.post("events", payment_payload(1))
    with django_assert_max_num_queries(8):
        api.post("events", payment_payload(2))


@pytest.mark.parametrize("length", [30, 600])
def test_a_list_of_any_length_costs_few_queries(
    api: Api, length: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    api.post("events", payment_payload(1))
    with django_assert_max_num_queries(12):
        api.post("events", [payment_payload(number) for number in range(2, 2 + length)])


def test_rates_are_read_once_per_list(
    api: Api, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ExchangeRate.objects.create(
        currency="EUR", base="USD", rate="1.25", valid_from=datetime(2026, 1, 1, tzinfo=UTC)
    )
    api.post("events", payment_payload(1))
    with django_assert_max_num_queries(13):
        api.post("events", [payment_payload(number, currency="EUR") for number in range(2, 52)])


def test_the_api_docs_page_loads_nothing_from_other_sites(db: None) -> None:
    page = Client().get("/api/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "swagger-ui" in text
    assert "https://" not in text.replace("https://www.w3.org", "")
    assert Client().get("/api/schema/").status_code == 200
