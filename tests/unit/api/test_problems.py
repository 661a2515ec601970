import inspect
import re
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from django.db import OperationalError
from django.http import Http404
from django.test import RequestFactory
from rest_framework import exceptions

from config.errors import (
    INTERNAL,
    PROBLEMS,
    REFUSALS,
    describe_problem,
    page_not_found,
    problem_response,
    server_error,
)
from scoring.api.errors import MalformedEncoding, MalformedJson, RequestTooLarge, UnsupportedEncoding
from scoring.api.keys.errors import (
    AddressNotAllowed,
    ApiKeyAlreadyRevoked,
    ApiKeyUnknown,
    EventTypeNotAllowed,
    LabelSourceNotAllowed,
    MissingScope,
    TooManyRefusedKeys,
)
from scoring.catalog.errors import InvalidEvent, UnknownEventType
from scoring.intake.errors import (
    EventAlreadyRetracted,
    EventNotFound,
    InvalidRequest,
    LabelChangedTooOften,
    LabelNotFound,
    LaneBehind,
    PayloadConflict,
    RequestProblem,
    StorageTimedOut,
    TooManyLabelSources,
    TooManyLists,
)
from scoring.lanes.errors import TooManyHeldLabels
from scoring.log.errors import LogAheadOfCluster, StreamConflict
from serving import refusals

ROOT = Path(__file__).parents[3]
ROOMS_WITH_ERRORS = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted(ROOT.glob("scoring/**/errors.py"))
]
SERVER_SOURCE = inspect.getsource(refusals)

CASES = {
    "a conflict names the fields": (
        PayloadConflict("payment/shop/T-1", ["amount"]),
        409,
        {"fields": ["amount"], "event": "payment/shop/T-1"},
    ),
    "an invalid event names field, problem and what is allowed": (
        InvalidEvent("payment", [("amount", "is missing", None)]),
        422,
        {"errors": [{"field": "amount", "problem": "is missing", "allowed": None}]},
    ),
    "an invalid request does so too": (
        InvalidRequest([RequestProblem("limit", "is out of range", "1 to 10")]),
        422,
        {"errors": [{"field": "limit", "problem": "is out of range", "allowed": "1 to 10"}]},
    ),
    "a restored log is a server error": (LogAheadOfCluster(9, 1), 503, {}),
    "a write that timed out may be retried": (StorageTimedOut(), 503, {}),
    "an unknown type lists the known ones": (
        UnknownEventType("parcel", ("payment", "refund")),
        422,
        {
            "errors": [
                {
                    "field": "type",
                    "problem": "unknown event type 'parcel'; known: payment, refund",
                    "allowed": ["payment", "refund"],
                }
            ]
        },
    ),
    "malformed JSON names line and column": (
        MalformedJson(problem="trailing comma", line=3, column=7, position=20),
        400,
        {"line": 3, "column": 7, "position": 20},
    ),
    "a missing scope is named": (
        MissingScope(scope="labels:write", held=["events:read"]),
        403,
        {"scope": "labels:write", "held": ["events:read"]},
    ),
    "a label source of another key names the allowed ones": (
        LabelSourceNotAllowed(source="network", allowed=["chargeback"]),
        403,
        {"source": "network", "allowed": ["chargeback"]},
    ),
    "an event type of another key names the allowed ones": (
        EventTypeNotAllowed(event_type="refund", allowed=["payment"]),
        403,
        {"event_type": "refund", "allowed": ["payment"]},
    ),
    "another address": (AddressNotAllowed("192.0.2.1"), 403, {"address": "192.0.2.1"}),
    "an unknown key": (ApiKeyUnknown(), 401, {}),
    "too many refused keys": (TooManyRefusedKeys(wait=9), 429, {}),
    "too many sources of one event": (TooManyLabelSources("payment/shop/T-1", 20), 422, {"limit": 20}),
    "labels changed too often": (LabelChangedTooOften("payment/shop/T-1", 9), 422, {"limit": 9}),
    "too many held labels": (
        TooManyHeldLabels(source="shop", held=9, limit=9, wait=60),
        429,
        {"held": 9, "limit": 9},
    ),
    "a body too large names the limit": (RequestTooLarge(size=9, limit=8), 413, {"limit": 8}),
    "a body too large of unknown size": (
        RequestTooLarge(size=None, limit=8),
        413,
        {"size": None, "limit": 8},
    ),
    "an unsupported encoding names the supported ones": (
        UnsupportedEncoding(header="Content-Encoding", value="br", allowed=["gzip"]),
        415,
        {"header": "Content-Encoding", "allowed": ["gzip"]},
    ),
    "a body that contradicts its encoding": (MalformedEncoding("gzip"), 400, {}),
    "an unknown event": (EventNotFound("payment/shop/T-1"), 404, {}),
    "an unknown label": (LabelNotFound("payment/shop/T-1", "chargeback"), 404, {}),
    "another writer came first": (StreamConflict("label/payment/shop/T-1", 3), 409, {}),
    "an unknown address": (Http404(), 404, {}),
    "a lane that is behind names its queue": (
        LaneBehind(lane="commerce", queued=20_500, limit=20_000, wait=9),
        429,
        {"lane": "commerce", "queued": 20_500, "limit": 20_000},
    ),
    "too many lists at once": (TooManyLists(), 429, {}),
    "too many requests": (exceptions.Throttled(wait=3), 429, {}),
    "no database": (OperationalError("password for user assay"), 503, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_an_error_becomes_its_problem(case: str) -> None:
    exc, status, members = CASES[case]
    response = problem_response(exc, {})
    assert response is not None
    assert response.status_code == response.data["status"] == status
    assert response.content_type == "application/problem+json"
    assert response.data["type"].startswith("/api/problems/")
    assert response.data["title"]
    assert {name: response.data[name] for name in members} == members


def test_an_unknown_encoding_is_answered_with_the_accepted_ones() -> None:
    exc = UnsupportedEncoding(header="Content-Encoding", value="br", allowed=["gzip"])
    response = problem_response(exc, {})
    assert response is not None
    assert response["Accept-Encoding"] == "gzip, deflate, identity"


def test_a_long_name_is_truncated_in_the_answer() -> None:
    response = problem_response(UnknownEventType("x" * 1_000_000, ("payment",)), {})
    assert response is not None
    assert len(str(response.data)) < 1_000


def test_a_server_side_problem_does_not_quote_the_database() -> None:
    response = problem_response(OperationalError("password for user assay"), {})
    assert response is not None
    assert "password" not in str(response.data)
    assert response["Retry-After"] == "1"


def test_an_unexpected_error_is_left_to_django() -> None:
    assert problem_response(ZeroDivisionError("secret"), {}) is None


def test_the_fallback_handler_answers_a_problem_below_api_and_a_page_elsewhere() -> None:
    problem = server_error(RequestFactory().get("/api/v1/events"))
    assert (problem.status_code, problem["Content-Type"]) == (500, "application/problem+json")
    assert server_error(RequestFactory().get("/admin/"))["Content-Type"].startswith("text/html")
    missing = page_not_found(RequestFactory().get("/api/v2/"), Http404("secret"))
    assert (missing.status_code, missing["Content-Type"]) == (404, "application/problem+json")
    assert b"secret" not in missing.content


def test_problem_slugs_are_unique() -> None:
    titles: dict[str, set[tuple[int, str]]] = {}
    for problem in PROBLEMS.values():
        titles.setdefault(problem.slug, set()).add((problem.status, problem.title))
    assert {slug: kinds for slug, kinds in titles.items() if len(kinds) > 1} == {}


def test_the_type_of_every_problem_leads_to_its_title() -> None:
    for problem in PROBLEMS.values():
        described = describe_problem(RequestFactory().get(problem.type), problem.slug)
        assert problem.title in described.content.decode()


def test_the_type_of_a_web_server_refusal_leads_to_its_title() -> None:
    assert {refusal.slug for refusal in REFUSALS} == set(re.findall(r'slug="([\w-]+)"', SERVER_SOURCE)) - {
        problem.slug for problem in PROBLEMS.values()
    }
    for refusal in REFUSALS:
        described = describe_problem(RequestFactory().get("/"), refusal.slug)
        assert refusal.title in described.content.decode()


def test_every_problem_is_in_the_table_of_the_docs() -> None:
    told = (Path(__file__).parents[3] / "docs/reference/api.md").read_text()
    slugs = {problem.slug for problem in [*PROBLEMS.values(), INTERNAL]} | {each.slug for each in REFUSALS}
    assert {slug for slug in slugs if f"`{slug}`" not in told} == set()


def test_a_problem_of_the_whole_request_names_no_field() -> None:
    exc = InvalidRequest([RequestProblem("", "the body is empty")])
    assert str(exc) == "the body is empty"
    assert str(InvalidEvent("payment", [("", "has 2 more", None)])) == "invalid payment: has 2 more"


def test_times_in_problems_are_in_utc_with_z() -> None:
    exc = EventAlreadyRetracted("payment/shop/T-1", reason="x", at=datetime(2026, 3, 1, tzinfo=UTC))
    response = problem_response(exc, {})
    assert response is not None
    assert response.data["retracted_at"] == "2026-03-01T00:00:00Z"
    assert "at 2026-03-01T00:00:00Z (x)" in response.data["detail"]


def test_every_error_of_a_submission_or_label_is_in_the_table() -> None:
    met = {
        InvalidEvent,
        UnknownEventType,
        InvalidRequest,
        PayloadConflict,
        StreamConflict,
        EventNotFound,
        LabelNotFound,
        MissingScope,
        MalformedJson,
        RequestTooLarge,
    }
    assert met <= PROBLEMS.keys()


def test_every_domain_error_has_a_message() -> None:
    assert len(ROOMS_WITH_ERRORS) > 12
    for room in ROOMS_WITH_ERRORS:
        for _, kind in inspect.getmembers(import_module(room), inspect.isclass):
            if issubclass(kind, Exception):
                assert kind.__doc__, kind
    assert str(ApiKeyAlreadyRevoked("assay_abc", datetime(2026, 1, 1, tzinfo=UTC))).startswith("the API key")
