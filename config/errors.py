"""Domain errors as HTTP problems (RFC 9457): the one table, and the handlers that read it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

from reviews.appeals.errors import NotAppealable, NothingToAppeal, TooManyAppeals
from reviews.errors import NoStatement
from scoring.api.compression import CONTENT_ENCODINGS
from scoring.api.errors import MalformedEncoding, MalformedJson, RequestTooLarge, UnsupportedEncoding
from scoring.api.keys.errors import (
    AddressNotAllowed,
    ApiKeyExpired,
    ApiKeyRefused,
    ApiKeyRevoked,
    EventTypeNotAllowed,
    LabelSourceNotAllowed,
    MissingScope,
    TooManyRefusedKeys,
)
from scoring.api.links import event_link
from scoring.catalog.errors import EventTypeNotScored, InvalidEvent, UnknownEventType
from scoring.content.media.errors import (
    EmptyUpload,
    MediaBehind,
    MediaNotFound,
    MediaTooLarge,
    MediaTypeDiffers,
    MediaTypeNotAllowed,
    TooManyUploads,
)
from scoring.decisions.errors import NoSuchDecision, SimulationUnavailable
from scoring.intake.errors import (
    EventAlreadyRetracted,
    EventNotFound,
    EventStillHistory,
    EventVersionConflict,
    InvalidRequest,
    LabelChangedTooOften,
    LabelNotFound,
    LaneBehind,
    PayloadConflict,
    StorageTimedOut,
    TooManyLabelSources,
    TooManyLists,
)
from scoring.lanes.errors import TooManyHeldLabels
from scoring.log.consumers.outages import is_outage
from scoring.log.errors import LogAheadOfCluster, StreamConflict
from scoring.signals.telemetry import telemetry
from scoring.timestamps import to_iso
from serving import refusals

logger = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
API_PATH = "/api/"
RETRY_AFTER_SECONDS = "1"
RESTORED_RETRY_AFTER_SECONDS = "30"  # an operator has to run a command

Members = Callable[[Any, Mapping[str, Any]], dict[str, Any]]


def no_members(exc: Exception, context: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def say_own_words(exc: Exception) -> str:
    return str(exc)


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem: its HTTP status, the slug of its type, its title and its further members."""

    status: int
    slug: str
    title: str
    members: Members = no_members
    detail: Callable[[Any], str] = say_own_words
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return f"{API_PATH}problems/{self.slug}"


def invalid_fields(exc: InvalidRequest | InvalidEvent, context: Mapping[str, Any]) -> dict[str, Any]:
    names = ("field", "problem", "allowed")
    return {"errors": [dict(zip(names, problem, strict=True)) for problem in exc.problems]}


def unknown_event_type(exc: UnknownEventType, context: Mapping[str, Any]) -> dict[str, Any]:
    return {"errors": [{"field": "type", "problem": str(exc), "allowed": list(exc.known)}]}


def type_not_decided(exc: EventTypeNotScored, context: Mapping[str, Any]) -> dict[str, Any]:
    return {"errors": [{"field": "type", "problem": str(exc), "allowed": list(exc.scored)}]}


def differing_fields(exc: PayloadConflict, context: Mapping[str, Any]) -> dict[str, Any]:
    event_type, _, event_id = exc.stream.split("/", 2)
    corrections = f"{event_link(event_type, event_id)}/corrections"
    return {"event": exc.stream, "fields": list(exc.fields), "corrections": corrections}


def place_in_body(exc: MalformedJson, context: Mapping[str, Any]) -> dict[str, Any]:
    return {"line": exc.line, "column": exc.column, "position": exc.position}


def needed_scope(exc: MissingScope, context: Mapping[str, Any]) -> dict[str, Any]:
    return {"scope": exc.scope, "held": list(exc.held)}


def allowed_methods(exc: Exception, context: Mapping[str, Any]) -> dict[str, Any]:
    return {"allowed": [method for method in context["view"].allowed_methods if method != "OPTIONS"]}


def accepted_types(exc: Exception, context: Mapping[str, Any]) -> dict[str, Any]:
    return {"allowed": [parser.media_type for parser in context["view"].parser_classes]}


def offered_types(exc: Exception, context: Mapping[str, Any]) -> dict[str, Any]:
    return {"allowed": [renderer.media_type for renderer in context["view"].renderer_classes]}


def own_detail(exc: exceptions.APIException) -> str:
    return str(exc.detail)


def bound_of_event(
    exc: TooManyLabelSources | LabelChangedTooOften, context: Mapping[str, Any]
) -> dict[str, Any]:
    return {"event": exc.event_stream, "limit": exc.limit}


INVALID_TOKEN = {"WWW-Authenticate": 'Bearer realm="assay", error="invalid_token"'}
STORAGE_UNAVAILABLE = Problem(
    503,
    "storage-unavailable",
    "The database cannot be reached",
    detail=lambda exc: "send the request again; an event is never stored twice",
    headers={"Retry-After": RETRY_AFTER_SECONDS},
)
PROBLEMS: dict[type[Exception], Problem] = {
    MalformedJson: Problem(400, "malformed-json", "The body is not JSON", place_in_body),
    MalformedEncoding: Problem(400, "malformed-encoding", "The body cannot be decompressed"),
    exceptions.ParseError: Problem(400, "malformed-request", "The request cannot be read", detail=own_detail),
    exceptions.NotAuthenticated: Problem(
        401,
        "no-api-key",
        "An API key is required",
        detail=lambda exc: "send the header: Authorization: Bearer <API key>",
    ),
    exceptions.AuthenticationFailed: Problem(
        401, "invalid-api-key", "The API key is not valid", detail=own_detail
    ),
    ApiKeyRefused: Problem(401, "invalid-api-key", "The API key is not valid", headers=INVALID_TOKEN),
    ApiKeyExpired: Problem(
        401,
        "expired-api-key",
        "The API key has expired",
        lambda exc, context: {"expired_at": to_iso(exc.expired_at)},
        headers=INVALID_TOKEN,
    ),
    ApiKeyRevoked: Problem(
        401,
        "revoked-api-key",
        "The API key was revoked",
        lambda exc, context: {"revoked_at": to_iso(exc.revoked_at)},
        headers=INVALID_TOKEN,
    ),
    MissingScope: Problem(403, "missing-scope", "The API key lacks the required scope", needed_scope),
    LabelSourceNotAllowed: Problem(
        403,
        "label-source-not-allowed",
        "The API key does not allow this label source",
        lambda exc, context: {"source": exc.source, "allowed": list(exc.allowed)},
    ),
    EventTypeNotAllowed: Problem(
        403,
        "event-type-not-allowed",
        "The API key does not allow this event type",
        lambda exc, context: {"event_type": exc.event_type, "allowed": list(exc.allowed)},
    ),
    AddressNotAllowed: Problem(
        403,
        "address-not-allowed",
        "The API key may not be used from this address",
        lambda exc, context: {"address": exc.address},
    ),
    exceptions.PermissionDenied: Problem(403, "forbidden", "This is not allowed", detail=own_detail),
    PermissionDenied: Problem(
        403, "forbidden", "This is not allowed", detail=lambda exc: "this is not allowed"
    ),
    EventNotFound: Problem(404, "event-not-found", "There is no such event"),
    NoSuchDecision: Problem(
        404,
        "decision-not-found",
        "There is no such decision",
        lambda exc, context: {"event": exc.stream, "decisions": exc.decided},
    ),
    NotAppealable: Problem(
        404,
        "not-appealable",
        "Decisions on this event type cannot be appealed",
        lambda exc, context: {"allowed": list(exc.allowed)},
    ),
    NothingToAppeal: Problem(409, "nothing-to-appeal", "The event has no decision yet"),
    TooManyAppeals: Problem(
        409,
        "too-many-appeals",
        "There are too many appeals against this decision",
        lambda exc, context: {"limit": exc.limit},
    ),
    NoStatement: Problem(
        404,
        "statement-not-found",
        "Nothing restricts the event",
        lambda exc, context: {"event": exc.event_stream, "held": exc.held},
    ),
    LabelNotFound: Problem(404, "label-not-found", "There is no such label"),
    exceptions.NotFound: Problem(404, "not-found", "Not found", detail=own_detail),
    Http404: Problem(404, "not-found", "Not found", detail=lambda exc: "there is nothing at this address"),
    exceptions.MethodNotAllowed: Problem(
        405,
        "method-not-allowed",
        "The method is not allowed here",
        allowed_methods,
        detail=own_detail,
    ),
    exceptions.NotAcceptable: Problem(
        406, "not-acceptable", "No acceptable media type", offered_types, detail=own_detail
    ),
    PayloadConflict: Problem(
        409, "payload-conflict", "The id was received with another payload", differing_fields
    ),
    EventAlreadyRetracted: Problem(
        409,
        "event-retracted",
        "The event was retracted",
        lambda exc, context: {"reason": exc.reason, "retracted_at": to_iso(exc.at)},
    ),
    EventVersionConflict: Problem(
        409,
        "version-conflict",
        "The event is at another version",
        lambda exc, context: {"given": exc.given, "version": exc.found},
    ),
    EventStillHistory: Problem(
        409,
        "history-loading",
        "The event's history is still being loaded",
        headers={"Retry-After": "60"},
    ),
    StreamConflict: Problem(
        409,
        "write-conflict",
        "Concurrent modification",
        detail=lambda exc: "another request changed this at the same time; send the request again",
        headers={"Retry-After": RETRY_AFTER_SECONDS},
    ),
    RequestTooLarge: Problem(
        413, "too-large", "The body is too large", lambda exc, context: {"size": exc.size, "limit": exc.limit}
    ),
    exceptions.UnsupportedMediaType: Problem(
        415,
        "unsupported-media-type",
        "The media type of the body is not supported",
        accepted_types,
        detail=own_detail,
    ),
    UnsupportedEncoding: Problem(
        415,
        "unsupported-encoding",
        "The encoding of the body is not supported",
        lambda exc, context: {"header": exc.header, "allowed": list(exc.allowed)},
        headers={"Accept-Encoding": ", ".join(CONTENT_ENCODINGS)},
    ),
    MediaNotFound: Problem(404, "media-not-found", "There is no such file"),
    MediaTooLarge: Problem(
        413,
        "too-large",
        "The body is too large",
        lambda exc, context: {"size": exc.size, "limit": exc.limit},
    ),
    MediaTypeNotAllowed: Problem(
        415,
        "media-type-not-allowed",
        "Files of this type may not be uploaded",
        lambda exc, context: {"found": exc.found, "allowed": list(exc.allowed)},
    ),
    MediaTypeDiffers: Problem(
        422,
        "media-type-differs",
        "The file is of another type than stated",
        lambda exc, context: {"stated": exc.stated[:60], "found": exc.found},
    ),
    EmptyUpload: Problem(422, "empty-upload", "The upload is empty"),
    MediaBehind: Problem(
        429,
        "media-behind",
        "Too many files are waiting",
        lambda exc, context: {"waiting": exc.waiting, "limit": exc.limit},
    ),
    TooManyUploads: Problem(
        429, "too-many-uploads", "Too many uploads", lambda exc, context: {"limit": exc.limit}
    ),
    InvalidRequest: Problem(422, "invalid-request", "The request is not valid", invalid_fields),
    InvalidEvent: Problem(422, "invalid-event", "The event is not valid", invalid_fields),
    EventTypeNotScored: Problem(
        422,
        "event-type-not-decided",
        "Events of this type are not decided",
        type_not_decided,
    ),
    UnknownEventType: Problem(422, "unknown-event-type", "There is no such event type", unknown_event_type),
    LaneBehind: Problem(
        429,
        "lane-behind",
        "Too many events are queued",
        lambda exc, context: {"lane": exc.lane, "queued": exc.queued, "limit": exc.limit},
    ),
    TooManyRefusedKeys: Problem(429, "too-many-refused-keys", "Too many refused API keys"),
    TooManyHeldLabels: Problem(
        429,
        "too-many-held-labels",
        "Too many held labels",
        lambda exc, context: {"source": exc.source, "held": exc.held, "limit": exc.limit},
    ),
    TooManyLabelSources: Problem(
        422, "too-many-label-sources", "Too many sources have labeled the event", bound_of_event
    ),
    LabelChangedTooOften: Problem(
        422, "label-changed-too-often", "The event's labels were changed too often", bound_of_event
    ),
    TooManyLists: Problem(429, "lists-in-line", "Too many lists at once"),
    exceptions.Throttled: Problem(429, "too-many-requests", "Too many requests", detail=own_detail),
    OperationalError: STORAGE_UNAVAILABLE,
    InterfaceError: STORAGE_UNAVAILABLE,
    StorageTimedOut: STORAGE_UNAVAILABLE,
    SimulationUnavailable: Problem(
        503,
        "simulation-unavailable",
        "The event cannot be simulated now",
        headers={"Retry-After": RETRY_AFTER_SECONDS},
    ),
    LogAheadOfCluster: Problem(
        503,
        "log-restored",
        "The log was restored and accepts no entries yet",
        detail=lambda exc: "an operator must begin its new epoch; send the request again later",
        headers={"Retry-After": RESTORED_RETRY_AFTER_SECONDS},
    ),
}
# What the web server answers before Django sees a request.
REFUSALS = (
    refusals.head_too_slow(0),
    refusals.body_too_slow(0, bytes_per_second=0),
    refusals.head_too_large(0),
    refusals.unknown_transfer_coding(""),
    refusals.server_busy(""),
)
INTERNAL = Problem(
    500,
    "internal-error",
    "Internal error",
    detail=lambda exc: "the error was logged; try again later",
)


def problem_for(exc: Exception) -> Problem | None:
    """The row of the table for an error, by its nearest class; None for an unexpected error."""
    known = next((PROBLEMS[kind] for kind in type(exc).__mro__ if kind in PROBLEMS), None)
    return known or (STORAGE_UNAVAILABLE if is_outage(exc) else None)


def problem_document(problem: Problem, exc: Exception | None, context: Mapping[str, Any]) -> dict[str, Any]:
    """The RFC 9457 document: type, title, status, detail and the problem's own members."""
    return {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail(exc),
        **(problem.members(exc, context) if exc else {}),
    }


def problem_response(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler; None for an unexpected error: Django reports it and calls `server_error`."""
    problem = problem_for(exc)
    if problem is None:
        return None
    telemetry.add("problem", str(problem.status), problem.slug)
    if problem.status >= 500:
        logger.error("%s", problem.title, exc_info=exc)
    headers = dict(problem.headers)
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(exc, MissingScope):
        headers["WWW-Authenticate"] = f'Bearer realm="assay", error="insufficient_scope", scope="{exc.scope}"'
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait))
    document = problem_document(problem, exc, context)
    return Response(document, status=problem.status, headers=headers, content_type=PROBLEM_JSON)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`: requests that Django refuses before a view runs."""
    problem = Problem(
        400, "malformed-request", "The request cannot be read", detail=lambda exc: "bad request"
    )
    return _plain_problem(request, problem) or defaults.bad_request(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`: a problem below `/api/`, a page elsewhere."""
    return _plain_problem(request, PROBLEMS[Http404]) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`: reveals nothing about the error, which Django has logged."""
    return _plain_problem(request, INTERNAL) or defaults.server_error(request)


def describe_problem(request: HttpRequest, slug: str) -> HttpResponse:
    """The document at a problem's `type`: its title and status."""
    own = {problem.slug: (problem.status, problem.title) for problem in [*PROBLEMS.values(), INTERNAL]}
    known = {refusal.slug: (int(refusal.status[:3]), refusal.title) for refusal in REFUSALS} | own
    if slug not in known:
        raise Http404
    status, title = known[slug]
    return JsonResponse({"type": f"{API_PATH}problems/{slug}", "title": title, "status": status})


def _plain_problem(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    if not request.path.startswith(API_PATH):
        return None
    telemetry.add("problem", str(problem.status), problem.slug)
    document = problem_document(problem, None, {})
    return HttpResponse(orjson.dumps(document), status=problem.status, content_type=PROBLEM_JSON)
