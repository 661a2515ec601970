"""Corrections and retractions over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from scoring.catalog.exchange_rates.models import ExchangeRate
from scoring.intake.models import Amendment, Event
from scoring.lanes.models import Pending
from scoring.log import vault
from scoring.log.read import read_stream
from tests.factories.payments import payment_payload, refund_payload
from tests.integration.api.conftest import Api
from tests.integration.lanes.conftest import work  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)

HERE = "events/payment/T-1/corrections"


def correction(*, reason: Any = "the till was wrong", version: Any = None, **changes: Any) -> dict[str, Any]:
    body = {"reason": reason, "version": version, "event": payment_payload(1, **changes)}
    return {name: value for name, value in body.items() if value is not None}


def errors_of(response: Any) -> list[str]:
    return [error["field"] for error in response.json()["errors"]]


def test_a_correction_is_accepted_decided_and_shown(api: Api, work: Callable[..., object]) -> None:  # noqa: F811
    api.post("events", payment_payload(1))
    work()
    response = api.post(HERE, correction(amount="99.00", occurred_at="2026-03-01T11:00:00Z"))
    body = response.json()
    assert (response.status_code, body["status"], body["amendment"]) == (202, "pending", "recorded")
    assert response["Location"] == "/api/v1/events/payment/T-1"
    work()
    body = api.get("events/payment/T-1").json()
    assert (body["status"], body["version"], body["occurred_at"]) == ("decided", 2, "2026-03-01T11:00:00Z")
    assert body["fields"]["amount"] == "99.00"
    assert body["corrections"] == [
        {
            "version": 2,
            "changed": ["occurred_at", "amount"],
            "reason": "the till was wrong",
            "recorded_at": body["corrections"][0]["recorded_at"],
        }
    ]
    assert body["current_decision"] == body["revisions"][0]
    assert body["decision"]["revision"] == 0
    again = api.post(HERE, correction(amount="99.00", occurred_at="2026-03-01T11:00:00Z"))
    assert (again.status_code, again["Idempotent-Replayed"], again.json()["amendment"]) == (
        200,
        "true",
        "replayed",
    )
    assert again.json()["current_decision"] == body["current_decision"]
    assert Amendment.objects.count() == 1


def test_a_correction_without_changes_is_reported_as_such(
    api: Api,
    work: Callable[..., object],  # noqa: F811
) -> None:
    api.post("events", payment_payload(1))
    work()
    response = api.post(HERE, correction())
    assert (response.status_code, response.json()["amendment"]) == (200, "unchanged")
    assert "Idempotent-Replayed" not in response
    assert not Amendment.objects.exists()


def test_type_and_id_may_be_left_out_and_may_not_change(api: Api) -> None:
    api.post("events", payment_payload(1))
    body = correction(amount="99.00")
    for name in ("type", "id"):
        del body["event"][name]
    assert api.post(HERE, body).status_code == 202
    assert errors_of(api.post(HERE, correction(id="T-2"))) == ["id"]
    assert errors_of(api.post(HERE, correction(type="refund"))) == ["type"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"event": payment_payload(1)}, ["reason"]),
        (correction(reason="  "), ["reason"]),
        (correction(reason=7), ["reason"]),
        (correction(reason="a\x00b"), ["reason"]),
        (correction() | {"event": [payment_payload(1)]}, ["event"]),
        (correction() | {"event": "payment"}, ["event"]),
        (correction() | {f"note {number}": 1 for number in range(9)}, [*(f"note {n}" for n in range(5)), ""]),
        (correction(reason="x" * 201), ["reason"]),
        ({"reason": "why"}, ["event"]),
        (correction(version="2"), ["version"]),
        (correction(version=True), ["version"]),
        (correction() | {"note": "x"}, ["note"]),
        (correction(amount="1.2.3", card=""), ["card", "amount"]),
        (correction(occurred_at="2099-01-01T00:00:00Z"), ["occurred_at"]),
    ],
)
def test_problems_of_a_correction_are_named(api: Api, body: dict[str, Any], fields: list[str]) -> None:
    api.post("events", payment_payload(1))
    response = api.post(HERE, body)
    assert response.status_code == 422
    assert sorted(errors_of(response)) == sorted(fields)
    assert not Amendment.objects.exists()


def test_an_event_that_was_never_received_is_not_found(api: Api, api_with: Callable[..., Api]) -> None:
    assert api.post(HERE, correction()).status_code == 404
    assert api.post("events/payment/T-1/retraction", {"reason": "why"}).status_code == 404
    api.post("events", payment_payload(1))
    stranger = api_with("events:write", "events:read", source="other")
    assert stranger.post(HERE, correction(amount="99.00")).status_code == 404


def test_corrections_need_the_scope_events_write(api: Api, api_with: Callable[..., Api]) -> None:
    api.post("events", payment_payload(1))
    reader = api_with("events:read")
    assert reader.post(HERE, correction(amount="99.00")).status_code == 403
    assert reader.post("events/payment/T-1/retraction", {"reason": "why"}).status_code == 403


def test_a_correction_of_an_old_version_is_a_conflict(api: Api) -> None:
    api.post("events", payment_payload(1))
    assert api.post(HERE, correction(amount="20.00", version=1)).status_code == 202
    response = api.post(HERE, correction(amount="30.00", version=1))
    assert (response.status_code, response.json()["version"]) == (409, 2)
    assert response.json()["type"].endswith("/version-conflict")


def test_a_retracted_event_shows_it_and_accepts_no_correction(api: Api) -> None:
    api.post("events", payment_payload(1))
    response = api.post("events/payment/T-1/retraction", {"reason": "a test"})
    assert (response.status_code, response.json()["status"]) == (201, "retracted")
    assert response.json()["retraction"]["reason"] == "a test"
    again = api.post("events/payment/T-1/retraction", {"reason": "a test"})
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    again = ("events/payment/T-1/retraction", {"reason": "b"})
    for path, body in ((HERE, correction(amount="99.00")), again):
        refused = api.post(path, body)
        assert refused.status_code == 409
        assert refused.json()["type"].endswith("/event-retracted")
        assert refused.json()["reason"] == "a test"
    assert Event.objects.get().retracted_at is not None


def test_card_numbers_in_reasons_are_masked(api: Api) -> None:
    api.post("events", payment_payload(1))
    told = "the card was 4111 1111 1111 1111"
    api.post(HERE, correction(amount="99.00", reason=told))
    api.post("events/payment/T-1/retraction", {"reason": told})
    again = api.post("events/payment/T-1/retraction", {"reason": told})
    assert again["Idempotent-Replayed"] == "true"
    kept = [entry.data["reason"] for entry in read_stream("payment/shop/T-1") if "reason" in entry.data]
    assert kept == ["the card was ************1111"] * 2


def test_a_different_resubmission_points_to_corrections(api: Api) -> None:
    api.post("events", payment_payload(1))
    response = api.post("events", payment_payload(1, amount="99.00"))
    assert response.status_code == 409
    assert response.json()["corrections"] == "/api/v1/events/payment/T-1/corrections"
    assert api.post(HERE, correction(amount="99.00")).status_code == 202
    for payload in (payment_payload(1), payment_payload(1, amount="99.00")):
        assert api.post("events", payload)["Idempotent-Replayed"] == "true"
    assert api.post("events", payment_payload(1, amount="98.00")).status_code == 409


def test_personal_values_of_a_correction_are_in_the_vault(api: Api) -> None:
    api.post("events", payment_payload(1))
    api.post(HERE, correction(ip="198.51.100.7"))
    corrected = read_stream("payment/shop/T-1")[-1].data["fields"]["ip"]
    assert vault.reveal([corrected]) == {corrected: "198.51.100.7"}
    assert "198.51.100.7" not in api.get("events/payment/T-1").content.decode()


def test_a_corrected_amount_keeps_its_exchange_rate(api: Api) -> None:
    rate = ExchangeRate.objects.create(
        currency="EUR", base="USD", rate="1.5", valid_from="2026-01-01T00:00:00Z"
    )
    api.post("events", payment_payload(1, currency="EUR", amount="10.00"))
    rate.delete()
    assert api.post(HERE, correction(currency="EUR", amount="20.00")).status_code == 202
    assert read_stream("payment/shop/T-1")[-1].data["fields"]["amount"]["base_minor"] == 3_000


def test_an_unscored_event_is_corrected_at_once(api: Api) -> None:
    api.post("events", refund_payload(1))
    body = {"reason": "wrong", "event": refund_payload(1, amount="7.00")}
    response = api.post("events/refund/R-1/corrections", body, prefer="wait=5")
    assert (response.status_code, response.json()["status"]) == (201, "recorded")
    assert Pending.objects.count() == 2


def test_an_event_whose_id_ends_in_corrections_can_be_read(api: Api) -> None:
    api.post("events", payment_payload(1, id="T-1/corrections"))
    assert api.get("events/payment/T-1/corrections").json()["id"] == "T-1/corrections"
    assert api.post("events/payment/T-1/corrections/retraction", {"reason": "why"}).status_code == 201
