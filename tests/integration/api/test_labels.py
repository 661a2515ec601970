from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings
from pytest_django import DjangoAssertNumQueries

from scoring.intake import labels
from scoring.intake.errors import InvalidRequest, TooManyLabelSources
from scoring.intake.labels import LabelReceipt, LabelStatement, record_labels
from scoring.lanes.errors import TooManyHeldLabels
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import read_stream
from scoring.timestamps import from_iso
from tests.factories.payments import payment_payload
from tests.integration.api.conftest import Api

NOW = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)


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


def test_a_label_holds_from_its_receipt_and_keeps_the_reported_time(api: Api) -> None:
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


def test_of_two_disagreeing_sources_the_higher_ranked_one_is_effective(api: Api) -> None:
    api.post("events", payment_payload(1))
    api.post("labels", label(1, source="customer"))
    answer = api.post("labels", label(1, label="legitimate", source="chargeback")).json()
    assert answer["effective"] == "legitimate"
    assert api.get("events/payment/T-1").json()["label"] == "legitimate"


def test_a_retraction_withdraws_the_sources_label_and_is_idempotent(api: Api) -> None:
    api.post("events", payment_payload(1))
    api.post("labels", label(1))
    response = api.post("labels", retraction(1))
    assert (response.status_code, response.json()["effective"]) == (201, None)
    assert api.post("labels", retraction(1)).status_code == 200
    assert [entry.type for entry in read_stream("label/payment/shop/T-1")] == [
        "label.recorded",
        "label.retracted",
    ]


def test_a_source_cannot_retract_a_label_it_never_stated(api: Api) -> None:
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


def test_a_bad_label_in_a_list_does_not_affect_the_others(api: Api) -> None:
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


def test_a_label_and_its_retractions_in_one_list_are_processed_in_order(api: Api) -> None:
    api.post("events", payment_payload(1))
    response = api.post("labels", [label(1), retraction(1), retraction(1)])
    assert [result["status"] for result in response.json()["results"]] == [201, 201, 200]
    assert api.get("events/payment/T-1").json()["label"] is None


def test_a_refusal_names_the_field(api: Api) -> None:
    response = api.post("labels", label(1, known_at="2999-01-01T00:00:00Z"))
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "known_at"


def test_a_list_of_labels_takes_as_many_queries_as_one(
    api: Api, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    api.post("events", [payment_payload(number) for number in range(200)])
    with django_assert_max_num_queries(10):
        api.post("labels", [label(number) for number in range(200)])


def test_a_repeated_label_is_answered_with_what_was_stored(api: Api) -> None:
    api.post("events", payment_payload(1))
    api.post("labels", label(1))
    again = api.post("labels", label(1, known_at="2026-03-01T13:00:00Z"))
    assert (again.status_code, again.json()["reported_at"]) == (200, None)
    [stored] = api.get("events/payment/T-1").json()["labels"]
    assert stored["reported_at"] is None


def test_the_first_reported_time_is_shown_by_event_and_repetition(api: Api) -> None:
    api.post("events", payment_payload(1))
    api.post("labels", label(1, known_at="2026-03-01T13:00:00Z"))
    assert api.post("labels", label(1)).json()["reported_at"] == "2026-03-01T13:00:00Z"
    [stored] = api.get("events/payment/T-1").json()["labels"]
    assert stored["reported_at"] == "2026-03-01T13:00:00Z"


def test_a_label_known_before_its_event_is_refused(api: Api) -> None:
    api.post("events", payment_payload(1))
    response = api.post("labels", label(1, known_at="2020-01-01T00:00:00Z"))
    assert response.status_code == 422
    [problem] = response.json()["errors"]
    assert (problem["field"], "before the event" in problem["problem"]) == ("known_at", True)
    assert read_stream("label/payment/shop/T-1") == []


def test_a_source_is_one_source_in_any_case(api: Api) -> None:
    api.post("events", payment_payload(1))
    assert api.post("labels", label(1, source=" Chargeback ")).json()["source"] == "chargeback"
    assert api.post("labels", label(1)).status_code == 200
    assert api.post("labels", retraction(1, source="CHARGEBACK")).json()["effective"] is None


def test_a_source_that_was_stored_in_another_case_is_the_same_source(api: Api) -> None:
    api.post("events", payment_payload(1))
    data = {"event": "payment/shop/T-1", "value": "fraud", "source": "Chargeback", "previous": None}
    data |= {"known_at": "2026-03-01T13:00:00Z", "effective": "fraud", "said": {"Chargeback": "fraud"}}
    earlier = NewEntry("label/payment/shop/T-1", 0, "label.recorded", {**data, "history": False})
    append([earlier], now=datetime(2026, 3, 1, 13, tzinfo=UTC))
    assert api.post("labels", label(1)).json()["status"] == "unchanged"
    assert api.post("labels", retraction(1)).json()["effective"] is None


def test_an_unknown_source_is_accepted_with_a_warning_about_its_rank(api_with: Callable[..., Api]) -> None:
    api = api_with(label_sources=["Acme", "chargeback"])
    answer = api.post("labels", label(1, source="ACME")).json()
    assert answer["source"] == "acme"
    assert answer["warnings"] == [
        "the source 'acme' has no rank: it ranks after review, chargeback, network, customer"
    ]
    assert api.post("labels", label(1)).json()["warnings"] == []


@pytest.mark.parametrize("source", ["review", "Review", " RE-VIEW "])
@pytest.mark.parametrize("say", [label, retraction])
def test_no_key_can_state_review_labels(api: Api, say: Callable[..., Any], source: str) -> None:
    api.post("events", payment_payload(1))
    record_labels([LabelStatement("payment", "T-1", "legitimate", "review")], source="shop", now=NOW)
    response = api.post("labels", say(1, source=source))
    assert response.status_code == 403
    problem = response.json()
    assert problem["type"] == "/api/problems/label-source-not-allowed"
    assert (problem["source"], problem["allowed"]) == ("review", ["chargeback", "network", "customer"])
    assert "reserved for verdicts" in problem["detail"]
    assert api.get("events/payment/T-1").json()["label"] == "legitimate"


@pytest.mark.parametrize("say", [label, retraction])
def test_a_key_states_and_retracts_its_own_sources_only(
    api: Api, api_with: Callable[..., Api], say: Callable[..., Any]
) -> None:
    api.post("events", payment_payload(1))
    api.post("labels", label(1))
    customers = api_with("labels:write", label_sources=["customer"])
    response = customers.post("labels", [say(1), label(1, source="customer")])
    assert [result["status"] for result in response.json()["results"]] == [403, 201]
    assert response.json()["results"][0]["problem"]["allowed"] == ["customer"]
    assert api.get("events/payment/T-1").json()["label"] == "fraud"


def test_an_event_has_a_maximum_of_sources_besides_review(
    api_with: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "MAX_SOURCES", 2)
    api = api_with(label_sources=["a", "b", "c"])
    api.post("events", payment_payload(1))
    answers = [api.post("labels", label(1, source=source)) for source in "abc"]
    assert [answer.status_code for answer in answers] == [201, 201, 422]
    assert answers[2].json()["type"] == "/api/problems/too-many-label-sources"
    verdict = LabelStatement("payment", "T-1", "legitimate", "review")
    assert record_labels([verdict], source="shop", now=NOW)[0].refused is None
    api.post("labels", retraction(1, source="a"))
    assert api.post("labels", label(1, source="b", label="legitimate")).status_code == 201


def test_the_label_changes_of_an_event_are_limited(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "MAX_CHANGES", 3)
    api.post("events", payment_payload(1))
    said = [label(1), retraction(1), label(1), retraction(1), label(1)]
    results = api.post("labels", said).json()["results"]
    assert [result["status"] for result in results] == [201, 201, 201, 422, 200]
    verdict = LabelStatement("payment", "T-1", "legitimate", "review")
    assert record_labels([verdict], source="shop", now=NOW)[0].refused is None


@override_settings(API_MAX_HELD_LABELS=2)
def test_the_held_labels_of_a_sender_are_limited(api: Api) -> None:
    api.post("events", payment_payload(9))
    results = api.post("labels", [label(1), label(2), label(3), label(9), label(1)]).json()["results"]
    assert [result["status"] for result in results] == [202, 202, 429, 201, 200]
    response = api.post("labels", label(3))
    assert (response.status_code, response["Retry-After"]) == (429, "60")
    assert response.json()["type"] == "/api/problems/too-many-held-labels"
    assert api.post("labels", retraction(1)).status_code == 202


def test_labels_are_refused_while_their_lane_is_behind(api: Api) -> None:
    api.post("events", payment_payload(1))
    with override_settings(API_MAX_QUEUED=1):
        response = api.post("labels", label(1))
    assert response.status_code == 429
    assert int(response["Retry-After"]) >= 1
    assert response.json()["type"] == "/api/problems/lane-behind"


def of_chargebacks(number: int, value: str | None = "fraud", *, at: datetime | None = None) -> LabelStatement:
    return LabelStatement("payment", f"T-{number}", value, "chargeback", at)


def test_a_refused_label_does_not_count_against_later_ones(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    record_labels([of_chargebacks(1)], source="shop", now=NOW)
    monkeypatch.setattr(labels, "MAX_SOURCES", 1)
    one_too_many = LabelStatement("payment", "T-1", "fraud", "customer")
    said = [one_too_many, of_chargebacks(2), of_chargebacks(3)]
    receipts = record_labels(said, source="shop", now=NOW, held_capacity=1)
    assert [type(receipt.refused) for receipt in receipts] == [
        TooManyLabelSources,
        type(None),
        TooManyHeldLabels,
    ]
    again = [of_chargebacks(2), of_chargebacks(2, None), of_chargebacks(2, None)]
    receipts = record_labels(again, source="shop", now=NOW, held_capacity=0)
    assert [receipt.status for receipt in receipts] == ["unchanged", "held", "unchanged"]
    other = of_chargebacks(1, "legitimate")  # one more held label
    [changed] = record_labels([other], source="shop", now=NOW, held_capacity=0)
    assert (type(changed.refused), changed.effective) == (TooManyHeldLabels, "fraud")


def test_a_repeated_label_is_answered_with_its_sources_last_label(api: Api) -> None:
    api.post("events", payment_payload(1))
    first, second = (datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in (13, 14))
    said = [of_chargebacks(1, at=first), of_chargebacks(1, "legitimate", at=second)]
    record_labels(said, source="shop", now=NOW)
    record_labels([LabelStatement("payment", "T-1", "fraud", "customer", first)], source="shop", now=NOW)
    [receipt] = record_labels([of_chargebacks(1, "legitimate")], source="shop", now=NOW + HOUR)
    assert (receipt.status, receipt.effective) == ("unchanged", "legitimate")
    assert (receipt.known_at, receipt.reported_at) == (NOW, second)


def test_a_past_label_must_follow_all_earlier_statements_on_its_event(api: Api) -> None:
    api.post("events", payment_payload(1))
    two, three = (datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in (14, 15))

    def set_past(value: str, source: str, at: datetime | None) -> LabelReceipt:
        statement = LabelStatement("payment", "T-1", value, source, at)
        return record_labels([statement], source="shop", now=NOW, history=True)[0]

    assert set_past("fraud", "customer", two).known_at == two
    assert set_past("fraud", "network", two).refused is None  # at exactly that time
    assert set_past("fraud", "chargeback", three).refused is None
    refused = set_past("legitimate", "customer", three - MICROSECOND).refused
    assert isinstance(refused, InvalidRequest)
    assert [(p.field, p.allowed) for p in refused.problems] == [("known_at", "from 2026-03-01T15:00:00Z on")]
    assert set_past("legitimate", "customer", None).known_at == NOW
    kept = [entry.data for entry in read_stream("label/payment/shop/T-1")]
    assert [data["history"] for data in kept] == [True, True, True, False]
    assert not any("reported_at" in data for data in kept)


def test_a_past_label_needs_its_event_and_may_not_precede_it(api: Api) -> None:
    api.post("events", payment_payload(1))
    at = from_iso(payment_payload(1)["occurred_at"])
    said = [of_chargebacks(1, at=at - MICROSECOND), of_chargebacks(9, at=at), of_chargebacks(1, at=at)]
    receipts = record_labels(said, source="shop", now=NOW, history=True)
    refused = [receipt.refused.problems[0].field if receipt.refused else "" for receipt in receipts]
    assert refused == ["known_at", "event_id", ""]


def test_the_person_who_labeled_is_recorded(api: Api) -> None:
    api.post("events", payment_payload(1))
    record_labels([of_chargebacks(1)], source="shop", now=NOW, actor="user/ann")
    record_labels([of_chargebacks(1, None)], source="shop", now=NOW)
    kept = [entry.metadata for entry in read_stream("label/payment/shop/T-1")]
    assert kept == [{"actor": "user/ann"}, {}]
