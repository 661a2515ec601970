"""API responses match the OpenAPI document."""

import json
from typing import Any

import jsonschema
import pytest
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator

from scoring.lanes.models import Pending
from tests.factories.payments import payment_payload, refund_payload
from tests.integration.api.conftest import Api

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
    assert_promised(document, "/api/v1/labels/held", "get", api.get("labels/held"))


def test_answers_to_reads(api: Api, document: dict[str, Any]) -> None:
    api.post("events", payment_payload(1), prefer=FALLBACK)
    api.post("labels", LABEL)
    address = "/api/v1/events/{type}/{id}"
    assert_promised(document, address, "get", api.get("events/payment/T-1"))
    assert_promised(document, address, "get", api.get("events/payment/T-2"))
    Pending.objects.update(state="parked", error="ValueError")
    assert_promised(document, "/api/v1/events/parked", "get", api.get("events/parked"))
