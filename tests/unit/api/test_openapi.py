import json
from typing import Any

import jsonschema
import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from scoring.api.schema.events import PAYMENT
from scoring.api.schema.labels import LABEL, RETRACTION
from scoring.catalog.registry import event_types
from tests.factories.payments import payment_payload, refund_payload


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    return SchemaGenerator().get_schema(request=None, public=True)


def errors_of(document: dict[str, Any], component: str, value: object) -> list[str]:
    whole = {"$ref": f"#/components/schemas/{component}", "components": document["components"]}
    validator = jsonschema.Draft202012Validator(json.loads(json.dumps(whole)))
    return [error.message for error in validator.iter_errors(value)]


def test_the_document_is_valid_and_made_without_a_warning(document: dict[str, Any]) -> None:
    validate_schema(document)
    assert not GENERATOR_STATS


def test_every_event_type_has_a_schema_that_its_type_tells_apart(document: dict[str, Any]) -> None:
    mapping = document["components"]["schemas"]["Event"]["discriminator"]["mapping"]
    assert mapping.keys() == event_types().keys()
    for pointer in mapping.values():
        assert pointer.removeprefix("#/components/schemas/") in document["components"]["schemas"]


@pytest.mark.parametrize("payload", [payment_payload(1), refund_payload(1), PAYMENT])
def test_valid_payloads_fit(document: dict[str, Any], payload: dict[str, Any]) -> None:
    assert errors_of(document, "Event", payload) == []


@pytest.mark.parametrize(
    "changes", [{"type": "parcel"}, {"unknown": 1}, {"card": 3}, {"customer_lat": 91}, {"id": ""}]
)
def test_invalid_payloads_do_not_fit(document: dict[str, Any], changes: dict[str, Any]) -> None:
    assert errors_of(document, "Event", payment_payload(1) | changes)


@pytest.mark.parametrize("label", [LABEL, RETRACTION])
def test_the_examples_of_labels_fit(document: dict[str, Any], label: dict[str, Any]) -> None:
    assert errors_of(document, "Label", label) == []


def test_every_operation_needs_a_key_and_says_so(document: dict[str, Any]) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) == 5
    for operation in operations:
        assert operation["security"] == [{"apiKey": []}]
        assert {"401", "403"} <= operation["responses"].keys()
        assert "application/problem+json" in operation["responses"]["401"]["content"]
