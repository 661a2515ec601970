"""Corrections and retractions of the sender's own events over HTTP."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from scoring.api.events import EventView, Rates, preferences_of, rates_for, stream_of, with_links
from scoring.api.items import read_object
from scoring.api.keys.issue import Sender
from scoring.api.keys.permissions import sender_of
from scoring.api.schema.corrections import CORRECT, RETRACT
from scoring.catalog.errors import FieldError
from scoring.catalog.event_type import EventType
from scoring.catalog.parsing.characters import clean_text
from scoring.catalog.registry import event_type
from scoring.catalog.unknown_fields import unknown_field_problems
from scoring.content.media.attaching import attach_to_one
from scoring.intake import admission
from scoring.intake.amending.corrections import (
    MAX_REASON_LENGTH,
    AmendmentReceipt,
    correct_event,
    retract_event,
)
from scoring.intake.answers import current_version
from scoring.intake.errors import EventNotFound, InvalidRequest, RequestProblem
from scoring.intake.external.fetching import add_external_signals
from scoring.intake.receive import Submission, priority_of
from scoring.log.read import read_stream

CORRECTION_MEMBERS = ("event", "reason", "version")


class CorrectionsView(EventView):
    """Correct an event. A GET reads an event whose id happens to end in `/corrections`."""

    scopes = {"GET": "events:read", "POST": "events:write"}

    @extend_schema(exclude=True)
    def get(self, request: Request, type: str, id: str) -> Response:
        return super().get(request, type, f"{id}/corrections")

    @extend_schema(**CORRECT)
    def post(self, request: Request, type: str, id: str) -> Response:
        now = timezone.now()
        preferences = preferences_of(request, listed=False)
        stream = own_stream(type, id, sender=sender_of(request))
        body = read_members(request.data, CORRECTION_MEMBERS, of="a correction")
        reason = read_reason(body)
        version = read_version(body)
        submission = read_corrected(body, stream=stream, sender=sender_of(request), now=now)
        admission.admit({event_type(type).lane: 1}, priority=priority_of(1, wait=preferences.wait))
        receipt = correct_event(
            submission,
            source=sender_of(request).source,
            reason=reason,
            version=version,
            now=now,
            wait=preferences.wait,
            actor=sender_of(request).actor,
        )
        return respond(receipt, headers=preferences.headers)


class RetractionView(EventView):
    """Retract an event. A GET reads an event whose id happens to end in `/retraction`."""

    scopes = {"GET": "events:read", "POST": "events:write"}

    @extend_schema(exclude=True)
    def get(self, request: Request, type: str, id: str) -> Response:
        return super().get(request, type, f"{id}/retraction")

    @extend_schema(**RETRACT)
    def post(self, request: Request, type: str, id: str) -> Response:
        stream = own_stream(type, id, sender=sender_of(request))
        reason = read_reason(read_members(request.data, ("reason",), of="a retraction"))
        receipt = retract_event(stream, reason=reason, now=timezone.now(), actor=sender_of(request).actor)
        return respond(receipt, headers={})


def own_stream(type: str, id: str, *, sender: Sender) -> str:
    """The stream of a sender's event. Raises `EventTypeNotAllowed` and `EventNotFound`."""
    sender.check_event_type(type)
    return stream_of(type, id, sender=sender)


def read_members(body: object, known: Sequence[str], *, of: str) -> Mapping[str, Any]:
    """The body, an object with known members only. Raises `InvalidRequest`."""
    members = read_object(body)
    if unknown := [name for name in members if name not in known]:
        problems = unknown_field_problems(unknown, known=known, of=of)
        raise InvalidRequest([RequestProblem(*problem) for problem in problems])
    return members


def read_reason(body: Mapping[str, Any]) -> str:
    """The reason given, with whitespace normalized. Raises `InvalidRequest`."""
    reason = body.get("reason")
    allowed = f"1 to {MAX_REASON_LENGTH} characters"
    if reason is None:
        raise InvalidRequest([RequestProblem("reason", "is missing", allowed)])
    if not isinstance(reason, str):
        raise InvalidRequest([RequestProblem("reason", "must be a string", allowed)])
    try:
        reason = " ".join(clean_text(reason).split())
    except FieldError as error:
        raise InvalidRequest([RequestProblem("reason", error.problem, error.allowed)]) from None
    if not 1 <= len(reason) <= MAX_REASON_LENGTH:
        raise InvalidRequest([RequestProblem("reason", f"has {len(reason)} characters", allowed)])
    return reason


def read_version(body: Mapping[str, Any]) -> int | None:
    """The version that is to be corrected, None if not given. Raises `InvalidRequest`."""
    version = body.get("version")
    if version is None or (isinstance(version, int) and not isinstance(version, bool) and version > 0):
        return version
    raise InvalidRequest([RequestProblem("version", "is not a version number", "a whole number from 1")])


def read_corrected(body: Mapping[str, Any], *, stream: str, sender: Sender, now: datetime) -> Submission:
    """The whole event as it should read. Raises `InvalidRequest`, `InvalidEvent`, `EventNotFound`."""
    entries = read_stream(stream)
    if not entries:
        raise EventNotFound(stream)
    if body.get("event") is None:
        raise InvalidRequest([RequestProblem("event", "is missing", "the complete corrected event")])
    sent = read_object(body["event"], field="event")
    received = entries[0].data
    for name in ("type", "id"):
        if sent.get(name, received[name]) != received[name]:
            problem = f"cannot be corrected: it is {received[name]}"
            raise InvalidRequest([RequestProblem(name, problem, received[name])])
    payload = {**sent, "type": received["type"], "id": received["id"]}
    kind = event_type(received["type"])
    rates = {
        **(rates_for(kind, payload, now=now, known={}) or {}),
        **rates_in(kind, current_version(entries).data["fields"]),
    }
    parsed = attach_to_one(
        kind.parse(payload, now=now, rates=rates), pending_outcome=sender.media_pending_outcome
    )
    [parsed] = add_external_signals([parsed], earlier=current_version(entries).data)
    return Submission(kind.name, parsed)


def rates_in(kind: type[EventType], fields: Mapping[str, Any]) -> Rates:
    """The exchange rates of an event's amounts, which a correction keeps."""
    amounts = [fields[name] for name in kind.fields if isinstance(fields.get(name), dict)]
    return {amount["currency"]: Decimal(amount["rate"]) for amount in amounts if "rate" in amount}


def respond(receipt: AmendmentReceipt, *, headers: Mapping[str, str]) -> Response:
    """201 if it was recorded, 200 if it changed nothing, 202 while the decision is pending."""
    body = with_links(receipt.answer) | {"amendment": receipt.status}
    headers = {**headers, "Location": body["links"]["self"]}
    if receipt.status == "replayed":
        headers["Idempotent-Replayed"] = "true"
    if receipt.is_undecided:
        return Response(body, status=202, headers={**headers, "Retry-After": "1"})
    return Response(body, status=201 if receipt.status == "recorded" else 200, headers=headers)
