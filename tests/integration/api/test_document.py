"""API responses match the OpenAPI document."""

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator

from scoring.lanes.models import Pending
from tests.factories.explaining import explained_event
from tests.factories.lists import defined, listed
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payment_payload, refund_payload
from tests.factories.requests import with_an_unknown_member
from tests.factories.rules import store_rule
from tests.integration.api.conftest import Api
from tests.integration.lanes.conftest import work  # noqa: F401 (a fixture)

FALLBACK = "wait=0.01, on_timeout=fallback"
LABEL = {"event_type": "payment", "event_id": "T-1", "label": "fraud", "source": "chargeback"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))


def closed(schema: Any) -> Any:
    """The schema without additional properties, except for problems, which may have their own members."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(part) for name, part in schema.items()}
    is_open = "properties" not in schema or "detail" in schema["properties"]
    return inner if is_open else {**inner, "additionalProperties": False}


def assert_promised(document: dict[str, Any], path: str, method: str, response: HttpResponse) -> None:
    responses = document["paths"][path][method]["responses"]
    content = responses[str(response.status_code)]["content"][response["Content-Type"]]
    whole = closed({**content["schema"], "components": document["components"]})
    jsonschema.Draft202012Validator(whole).validate(response.json())


def test_answers_to_submissions(api: Api, document: dict[str, Any]) -> None:
    submissions = [
        (payment_payload(1), FALLBACK, 201),
        (payment_payload(1), FALLBACK, 200),
        (payment_payload(2), "respond-async", 202),
        (refund_payload(1), "", 201),
        (payment_payload(1, amount="99.00"), "", 409),
        (payment_payload(3, card=None), "", 422),
        ([payment_payload(4), payment_payload(5)], FALLBACK, 200),
        ([payment_payload(6), {}], "", 207),
        (b"{", "", 400),
    ]
    for body, prefer, status in submissions:
        response = api.post("events", body, prefer=prefer)
        assert response.status_code == status
        assert_promised(document, "/api/v1/events", "post", response)


def test_answers_to_labels(api: Api, document: dict[str, Any]) -> None:
    api.post("events", payment_payload(1))
    statements = [
        (LABEL, 201),
        (LABEL, 200),
        (LABEL | {"event_id": "T-2"}, 202),
        (LABEL | {"label": None, "retract": True}, 201),
        (LABEL | {"label": "bad"}, 422),
        (LABEL | {"event_id": "T-3", "label": None, "retract": True}, 404),
        ([LABEL], 200),
        ([LABEL, {}], 207),
    ]
    for body, status in statements:
        response = api.post("labels", body)
        assert response.status_code == status
        assert_promised(document, "/api/v1/labels", "post", response)
    held = api.get("labels/held")
    assert held.json()["results"]
    assert_promised(document, "/api/v1/labels/held", "get", held)


@pytest.mark.django_db(transaction=True)
def test_answers_to_corrections_and_retractions(
    api: Api,
    work: Callable[..., object],  # noqa: F811
    document: dict[str, Any],
) -> None:
    api.post("events", payment_payload(1))
    work()
    corrected = {"reason": "the till was wrong", "event": payment_payload(1, amount="99.00")}
    amendments: list[tuple[str, dict[str, Any], int]] = [
        ("corrections", corrected, 202),
        ("corrections", corrected, 202),
        ("corrections", corrected | {"version": 1, "event": payment_payload(1)}, 409),
        ("corrections", corrected | {"event": payment_payload(1, card=None)}, 422),
        ("retraction", {"reason": "a test"}, 201),
        ("retraction", {"reason": "a test"}, 200),
        ("retraction", {"reason": "another"}, 409),
        ("retraction", {}, 422),
    ]
    for name, body, status in amendments:
        response = api.post(f"events/payment/T-1/{name}", body)
        assert response.status_code == status
        assert_promised(document, f"/api/v1/events/{{type}}/{{id}}/{name}", "post", response)
    record = api.get("events/payment/T-1")
    assert record.json()["corrections"]
    assert record.json()["retraction"]
    assert_promised(document, "/api/v1/events/{type}/{id}", "get", record)


def test_explanations(api: Api, document: dict[str, Any]) -> None:
    explained_event(
        feature_set="f" * 64,
        runtime="python-3.11.7 xgboost-3.2.0",
        exploration={"share": 0.1, "drawn": False, "propensity": 0.1, "stopped_by": ""},
    )
    for path, status in (("T-1", 200), ("T-1?revision=5", 404), ("T-1?revision=x", 422), ("T-9", 404)):
        response = api.get(f"explanations/payment/{path}")
        assert response.status_code == status
        assert_promised(document, "/api/v1/explanations/{type}/{id}", "get", response)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("simulating", "online_redis")
def test_simulations(
    make_key: Callable[..., str],
    document: dict[str, Any],
    settings: Any,
    tmp_path: Any,
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    promote(train_small_models(15)[0])
    defined("stolen_cards")
    listed("stolen_cards", "card-1")
    store_rule("active", name="small", expression="amount < 500", outcome="block")
    store_rule("shadow", name="old", expression="gone > 5")
    api = Api(make_key())
    bodies: list[tuple[dict[str, Any], int]] = [
        ({"event": payment_payload(1), "expressions": ["card_last_amount > 5"]}, 200),
        ({"event": payment_payload(2)}, 200),
        ({"event": refund_payload(2)}, 422),
        ({}, 422),
    ]
    for body, status in bodies:
        response = api.post("simulations", body)
        assert response.status_code == status
        assert_promised(document, "/api/v1/simulations", "post", response)


@pytest.mark.django_db(transaction=True)
def test_answers_with_the_decisions_of_a_model(
    work: Callable[..., object],  # noqa: F811
    make_key: Callable[..., str],
    document: dict[str, Any],
    settings: Any,
    tmp_path: Any,
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    promote(train_small_models(15)[0])
    api = Api(make_key())
    api.post("events", payment_payload(1))
    work()
    api.post(
        "events/payment/T-1/corrections", {"reason": "wrong", "event": payment_payload(1, amount="9.00")}
    )
    work()
    answer, record = api.post("events", payment_payload(1)), api.get("events/payment/T-1")
    assert record.json()["decision"]["reasons"]
    assert record.json()["revisions"]
    assert_promised(document, "/api/v1/events", "post", answer)
    assert_promised(document, "/api/v1/events/{type}/{id}", "get", record)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("events", payment_payload(2), 422),
        ("events", [payment_payload(2)], 207),
        ("labels", LABEL, 422),
        ("labels", [LABEL | {"label": None, "retract": True}], 207),
        ("events/payment/T-1/corrections", {"reason": "a test", "event": payment_payload(1)}, 422),
        ("events/payment/T-1/retraction", {"reason": "a test"}, 422),
    ],
)
def test_unknown_members_are_refused_as_documented(
    api: Api, document: dict[str, Any], path: str, body: Any, status: int
) -> None:
    api.post("events", payment_payload(1))
    template = "/api/v1/" + path.replace("payment/T-1", "{type}/{id}")
    content = document["paths"][template]["post"]["requestBody"]["content"]["application/json"]
    documented = jsonschema.Draft202012Validator({**content["schema"], "components": document["components"]})
    assert documented.is_valid(body)
    for changed in with_an_unknown_member(body):
        assert not documented.is_valid(changed)
        assert api.post(path, changed).status_code == status


def test_answers_to_reads(api: Api, document: dict[str, Any]) -> None:
    api.post("events", payment_payload(1), prefer=FALLBACK)
    api.post("labels", LABEL)
    address = "/api/v1/events/{type}/{id}"
    assert_promised(document, address, "get", api.get("events/payment/T-1"))
    assert_promised(document, address, "get", api.get("events/payment/T-2"))
    for number in (2, 3):
        api.post("events", payment_payload(number))
    Pending.objects.update(state="parked", error="ValueError")
    parked = api.get("events/parked?limit=1")
    assert parked.json()["next_after"]
    assert_promised(document, "/api/v1/events/parked", "get", parked)
