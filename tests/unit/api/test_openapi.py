import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema
import pytest
from django.test import RequestFactory
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from config.errors import PROBLEMS, REFUSALS
from scoring.api.schema.events import PAYMENT
from scoring.api.schema.labels import LABEL, RETRACTION
from scoring.api.schema.page import render_document, schema
from scoring.catalog.registry import all_outcomes, event_types
from scoring.intake.answers import DECISION_FIELDS, REASON_FIELDS
from tests.factories.catalog import catalog_with
from tests.factories.payments import payment_payload, refund_payload
from tests.factories.requests import with_an_unknown_member


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    return SchemaGenerator().get_schema(request=None, public=True)


def errors_of(document: dict[str, Any], component: str, value: object) -> list[str]:
    whole = {"$ref": f"#/components/schemas/{component}", "components": document["components"]}
    validator = jsonschema.Draft202012Validator(json.loads(json.dumps(whole)))
    return [error.message for error in validator.iter_errors(value)]


def requests_of(document: dict[str, Any]) -> list[tuple[jsonschema.Draft202012Validator, list[Any]]]:
    """A validator of each operation's JSON body, and the documented examples."""
    requests = []
    for path in document["paths"].values():
        for operation in path.values():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is not None:
                whole = json.loads(json.dumps({**body["schema"], "components": document["components"]}))
                examples = [example["value"] for example in body["examples"].values()]
                requests.append((jsonschema.Draft202012Validator(whole), examples))
    return requests


def test_the_document_is_valid_and_generated_without_warnings(document: dict[str, Any]) -> None:
    validate_schema(document)
    assert not GENERATOR_STATS


def test_every_event_type_has_a_schema_selected_by_its_type(document: dict[str, Any]) -> None:
    mapping = document["components"]["schemas"]["Event"]["discriminator"]["mapping"]
    assert mapping.keys() == event_types().keys()
    for pointer in mapping.values():
        assert pointer.removeprefix("#/components/schemas/") in document["components"]["schemas"]


@pytest.mark.parametrize("payload", [payment_payload(1), refund_payload(1), PAYMENT])
def test_valid_payloads_match_the_schema(document: dict[str, Any], payload: dict[str, Any]) -> None:
    assert errors_of(document, "Event", payload) == []


@pytest.mark.parametrize(
    "changes", [{"type": "parcel"}, {"unknown": 1}, {"card": 3}, {"customer_lat": 91}, {"id": ""}]
)
def test_invalid_payloads_do_not_match_the_schema(document: dict[str, Any], changes: dict[str, Any]) -> None:
    assert errors_of(document, "Event", payment_payload(1) | changes)


@pytest.mark.parametrize("label", [LABEL, RETRACTION])
def test_label_examples_match_the_schema(document: dict[str, Any], label: dict[str, Any]) -> None:
    assert errors_of(document, "Label", label) == []


def test_a_label_may_be_stated_or_taken_back_in_either_form(document: dict[str, Any]) -> None:
    bare = {name: LABEL[name] for name in ("event_type", "event_id", "source")}
    for form in (
        {"label": "fraud", "retract": False},
        {"label": "fraud", "known_at": None},
        {"retract": True},
    ):
        assert errors_of(document, "Label", bare | form) == []
    assert errors_of(document, "Label", bare)


@pytest.mark.parametrize(
    "changes",
    [
        {"label": None},
        {"retract": True},
        {"label": "stolen"},
        {"source": "\x91"},
        {"event_id": " "},
        {"event_type": "refund"},
        {"unknown": 1},
    ],
)
def test_refused_statements_do_not_match_the_schema(
    document: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert errors_of(document, "Label", LABEL | changes)


def test_a_request_holds_one_label_or_a_list_up_to_the_limit(document: dict[str, Any]) -> None:
    for body in (LABEL, [LABEL], [LABEL, RETRACTION] * 500):
        assert errors_of(document, "LabelOrList", body) == []
    for body in ([], [LABEL] * 1_001):
        assert errors_of(document, "LabelOrList", body)


def test_answers_have_the_members_that_decisions_are_composed_of(document: dict[str, Any]) -> None:
    """`policies` are there only if a model has heads for them."""
    schemas = document["components"]["schemas"]
    for component, members in (("Decision", DECISION_FIELDS), ("Reason", REASON_FIELDS)):
        assert schemas[component]["properties"].keys() - {"policies"} == set(members)
        assert set(schemas[component]["required"]) == set(members)


def test_the_outcomes_and_event_types_of_an_answer_are_listed(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Decision"]["properties"]["outcome"]["enum"] == list(all_outcomes())
    assert schemas["Answer"]["properties"]["type"]["enum"] == list(event_types())


def test_the_outcomes_of_all_event_types_are_listed() -> None:
    with catalog_with("tests.factories.transfers"):
        schemas = SchemaGenerator().get_schema(request=None, public=True)["components"]["schemas"]
    assert schemas["Decision"]["properties"]["outcome"]["enum"] == [
        *("allow", "label", "limit", "challenge", "review", "block")
    ]


def test_no_object_of_a_request_may_have_unknown_members(document: dict[str, Any]) -> None:
    refused = [
        request.is_valid(changed)
        for request, examples in requests_of(document)
        for example in examples
        for changed in with_an_unknown_member(example)
    ]
    assert refused == [False] * 10


def test_a_correction_may_leave_out_what_its_url_gives(document: dict[str, Any]) -> None:
    whole = payment_payload(1)
    corrected = {name: value for name, value in whole.items() if name not in ("type", "id")}
    for event in (whole, corrected):
        assert errors_of(document, "Correction", {"reason": "a test", "event": event}) == []
        assert errors_of(document, "Correction", {"reason": "a test", "event": event, "version": None}) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"event": {"amount": "1.30"}},
        {"event": None},
        {"version": 0},
        {"version": "1"},
        {"reason": ""},
        {"reason": " "},
    ],
)
def test_refused_corrections_do_not_match_the_schema(
    document: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert errors_of(document, "Correction", {"reason": "a test", "event": payment_payload(1)} | changes)


def test_examples_match_the_requests_that_they_illustrate(document: dict[str, Any]) -> None:
    requests = requests_of(document)
    assert len(requests) == 5
    for request, examples in requests:
        for example in examples:
            request.validate(example)


def test_every_operation_needs_a_key_and_says_so(document: dict[str, Any]) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) == 17
    for operation in operations:
        assert operation["security"] == [{"apiKey": []}]
        assert {"401", "403"} <= operation["responses"].keys()
        assert "application/problem+json" in operation["responses"]["401"]["content"]


def test_every_refusal_status_of_a_submission_is_documented(
    document: dict[str, Any],
) -> None:
    statuses = {problem.status for problem in PROBLEMS.values()} | {int(each.status[:3]) for each in REFUSALS}
    posts = [path["post"] for path in document["paths"].values() if "post" in path]
    promised = {int(status) for post in posts for status in post["responses"]}
    assert statuses - {405} <= promised  # 405 is for methods that are not in the document
    assert {400, 408, 431, 500, 501, 503} <= promised


def test_request_bodies_are_documented_as_required(document: dict[str, Any]) -> None:
    assert document["paths"]["/api/v1/events"]["post"]["requestBody"]["required"] is True
    assert document["paths"]["/api/v1/labels"]["post"]["requestBody"]["required"] is True


def test_the_limits_of_a_page_are_documented(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/api/v1/events/parked"]["get"]["parameters"]
    bounds = {each["name"]: each["schema"] for each in parameters}
    assert (bounds["limit"]["minimum"], bounds["limit"]["maximum"]) == (1, 1_000)
    assert bounds["after"]["minimum"] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": None, "device": None, "ip": None, "customer_lat": None, "category": None},
        {"ip": "2001:db8::7"},
        {"amount": 12.5},
        {"amount": ".50"},
    ],
)
def test_accepted_requests_match_the_schema(document: dict[str, Any], changes: dict[str, Any]) -> None:
    assert errors_of(document, "Event", payment_payload(1) | changes) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "XXX"},
        {"card": None},
        {"card": " "},
        {"card": "a\nb"},
        {"card": "a\u202eb"},
        {"amount": -1},
        {"amount": "1e3"},
        {"customer_city_pop": 1e300},
    ],
)
def test_refused_requests_do_not_match_the_schema(document: dict[str, Any], changes: dict[str, Any]) -> None:
    assert errors_of(document, "Event", payment_payload(1) | changes)


def test_an_address_is_one_of_either_version(document: dict[str, Any]) -> None:
    address = document["components"]["schemas"]["PaymentEvent"]["properties"]["ip"]
    assert address["anyOf"] == [{"format": "ipv4"}, {"format": "ipv6"}]


@pytest.mark.parametrize(
    ("accept", "query", "media_type"),
    [
        ("*/*", "", "application/vnd.oai.openapi"),
        ("application/json", "", "application/vnd.oai.openapi+json"),
        ("*/*", "?format=json", "application/vnd.oai.openapi+json"),
        ("*/*", "?format=xml", "application/vnd.oai.openapi"),
    ],
)
def test_the_document_comes_as_yaml_or_json(accept: str, query: str, media_type: str) -> None:
    response = schema(RequestFactory().get(f"/api/schema/{query}", headers={"Accept": accept}))
    assert (response.status_code, response["Content-Type"]) == (200, media_type)


def test_the_document_is_built_once_by_concurrent_requests() -> None:
    render_document.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: schema(RequestFactory().get("/api/schema/")), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert render_document.cache_info().misses == 1
