"""Events over HTTP: submit them, read one, list those that could not be processed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from scoring import deadlines
from scoring.api.items import ApiView, ItemsView, Result, read_items, read_object, seconds_for
from scoring.api.keys.issue import Sender
from scoring.api.keys.permissions import sender_of
from scoring.api.links import event_link
from scoring.api.pending import list_pending, read_paging
from scoring.api.preferences import Preferences, read_preferences
from scoring.api.schema.events import LIST_PARKED, RETRIEVE, SUBMIT
from scoring.catalog.errors import MAX_NAME_SHOWN, FieldError, InvalidEvent
from scoring.catalog.event_type import MAX_ID_LENGTH, EventType, ParsedFields
from scoring.catalog.exchange_rates.rates import load_rates
from scoring.catalog.fields import clean_identifier, parse_currency
from scoring.catalog.registry import event_type, event_types
from scoring.content.media.attaching import attach_media
from scoring.decisions.failure_policy import decide_without_lane
from scoring.errors import ScoringError
from scoring.intake import admission
from scoring.intake.answers import answer_for
from scoring.intake.errors import EventNotFound, InvalidRequest, RequestProblem, TooManyLists
from scoring.intake.external.fetching import add_external_signals
from scoring.intake.receive import Receipt, Submission, priority_of, receive_events
from scoring.intake.refusals import REPEATED, found_in_error
from scoring.lanes.models import Pending
from scoring.signals.submissions import Submitted, submission_counts
from scoring.signals.telemetry import telemetry

Rates = Mapping[str, Decimal]


class EventsView(ItemsView):
    scopes = {"POST": "events:write"}

    @extend_schema(**SUBMIT)
    def post(self, request: Request) -> Response:
        now = timezone.now()
        payloads, listed = read_items(request.data)
        preferences = preferences_of(request, listed=listed)
        deadlines.allow((preferences.wait or 0.0) + seconds_for(len(payloads)))
        sender = sender_of(request)
        results = submit(payloads, sender=sender, preferences=preferences, now=now)
        submission_counts.add(found_in(results, source=sender.source), now=now)
        return self.respond(results, listed=listed, headers=preferences.headers)


class EventView(ApiView):
    """One of the sender's own events with its decisions and labels."""

    scopes = {"GET": "events:read"}

    @extend_schema(**RETRIEVE)
    def get(self, request: Request, type: str, id: str) -> Response:
        sender = sender_of(request)
        sender.check_event_type(type)
        return Response(with_links(answer_for(stream_of(type, id, sender=sender))))


class ParkedEventsView(ApiView):
    scopes = {"GET": "events:read"}

    @extend_schema(**LIST_PARKED)
    def get(self, request: Request) -> Response:
        paging = read_paging(request.query_params)
        rows, following = list_pending(Pending.State.PARKED, sender=sender_of(request), paging=paging)
        return Response({"results": [parked_event(row) for row in rows], "next_after": following})


def stream_of(type: str, id: str, *, sender: Sender) -> str:
    """The stream of a sender's event. Raises `EventNotFound` for a type or an id that no event can have."""
    try:
        if not type.isidentifier():
            raise FieldError("is not an event type")
        return f"{type}/{sender.source}/{clean_identifier(id, MAX_ID_LENGTH, card_numbers=True)}"
    except FieldError:
        raise EventNotFound(f"{type[:MAX_NAME_SHOWN]}/{sender.source}/{id[:MAX_ID_LENGTH]}") from None


def preferences_of(request: Request, *, listed: bool) -> Preferences:
    """The client's preferences. A list is not waited for unless the client asks."""
    return read_preferences(
        request.META.get("HTTP_PREFER", ""),
        on_timeout=request.query_params.get("on_timeout"),
        default_wait=None if listed else settings.API_DEFAULT_WAIT,
        usual_wait=settings.API_DEFAULT_WAIT,
        most=settings.API_MAX_WAIT,
    )


def submit(
    payloads: Sequence[object], *, sender: Sender, preferences: Preferences, now: datetime
) -> list[Result | ScoringError]:
    """Parse and receive events; returns a result or an error for each, in the order given.

    Raises LaneBehind and TooManyLists.
    """
    rates: dict[str, Rates] = {}
    with telemetry.stage("validate", events=len(payloads)):
        parsed = with_media(
            [parse_submission(payload, sender=sender, now=now, rates=rates) for payload in payloads],
            sender=sender,
        )
    valid = [attempt for attempt in parsed if isinstance(attempt, Submission)]
    counted = Counter(event_type(submission.type).lane for submission in valid)
    priority = priority_of(len(valid), wait=preferences.wait)
    admission.admit(counted, priority=priority)
    try:
        receipts = iter(_receive(valid, sender=sender, preferences=preferences, now=now))
    except TooManyLists:
        admission.cancel(counted, priority=priority)
        raise
    return [result_of(next(receipts)) if isinstance(attempt, Submission) else attempt for attempt in parsed]


def found_in(results: Iterable[Result | ScoringError], *, source: str) -> Iterator[Submitted]:
    """What is counted of results: refused events, and those that were received before."""
    for result in results:
        if isinstance(result, ScoringError):
            yield from found_in_error(result, source=source)
        elif result.replayed:
            yield Submitted(result.body["type"], source, "", REPEATED)


def _receive(
    submissions: Sequence[Submission], *, sender: Sender, preferences: Preferences, now: datetime
) -> list[Receipt]:
    return receive_events(
        with_external_signals(submissions),
        source=sender.source,
        now=now,
        wait=preferences.wait,
        on_timeout=preferences.on_timeout,
        failure_policy=decide_without_lane,
        actor=sender.actor,
    )


def with_external_signals(submissions: Sequence[Submission]) -> list[Submission]:
    """The submissions with the signals that services of the installation give for them."""
    parsed = add_external_signals([each.parsed for each in submissions])
    return [Submission(each.event_type, each) for each in parsed]


def with_media(
    parsed: Sequence[Submission | ScoringError], *, sender: Sender
) -> list[Submission | ScoringError]:
    """The submissions with what is known of the media that they name; an error for one with an unknown id."""
    events = [each.parsed for each in parsed if isinstance(each, Submission)]
    attached = iter(attach_media(events, pending_outcome=sender.media_pending_outcome))
    return [_submission_of(next(attached)) if isinstance(each, Submission) else each for each in parsed]


def _submission_of(attached: ParsedFields | InvalidEvent) -> Submission | ScoringError:
    return attached if isinstance(attached, InvalidEvent) else Submission(attached.event_type, attached)


def parse_submission(
    payload: object, *, sender: Sender, now: datetime, rates: dict[str, Rates]
) -> Submission | ScoringError:
    """The payload as parsed by its type, or the error. Adds to `rates` as currencies occur."""
    try:
        fields = read_object(payload)
        kind = type_of(fields)
        sender.check_event_type(kind.name)
        parsed = kind.parse(fields, now=now, rates=rates_for(kind, fields, now=now, known=rates))
    except ScoringError as error:
        return error
    return Submission(kind.name, parsed)


def type_of(payload: Mapping[str, Any]) -> type[EventType]:
    """The event type that a payload names. Raises `InvalidRequest`, `UnknownEventType`."""
    name = payload.get("type")
    if not isinstance(name, str):
        problem = "is missing" if name is None else "must be a string"
        raise InvalidRequest([RequestProblem("type", problem, list(event_types()))])
    return event_type(name)


def rates_for(
    kind: type[EventType], payload: Mapping[str, Any], *, now: datetime, known: dict[str, Rates]
) -> Rates | None:
    """Exchange rates, read once per request and only for payloads in a currency other than their type's."""
    try:
        currency = parse_currency(payload.get("currency") or kind.base_currency)
    except FieldError:
        return None  # the event type reports it in more detail
    if currency == kind.base_currency:
        return None
    if kind.base_currency not in known:
        known[kind.base_currency] = load_rates(base=kind.base_currency, now=now)
    return known[kind.base_currency]


def result_of(receipt: Receipt) -> Result | ScoringError:
    """201 for a new event, 200 for one received before, 202 while the decision is pending."""
    if receipt.conflict or receipt.answer is None:
        return receipt.conflict or InvalidRequest([RequestProblem("id", "was refused")])
    body = with_links(receipt.answer)
    location = body["links"]["self"]
    if body["status"] in ("decided", "recorded"):
        status = 201 if receipt.created else 200
        return Result(status, body, replayed=not receipt.created, headers={"Location": location})
    headers = {"Location": location, "Retry-After": "1"}
    return Result(202, body, replayed=not receipt.created, headers=headers)


def with_links(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {**answer, "links": {"self": event_link(answer["type"], answer["id"])}}


def parked_event(row: Pending) -> dict[str, Any]:
    kind, _, external_id = row.event_stream.split("/", 2)
    return {
        "type": kind,
        "id": external_id,
        "what": row.kind,
        "error": row.error,
        "received_at": row.enqueued_at,
        "links": {"self": event_link(kind, external_id)},
    }
