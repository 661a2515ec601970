"""Simulations over HTTP: the decision that an event would get now, without recording anything."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from scoring import deadlines
from scoring.api.corrections import read_members
from scoring.api.events import parse_submission, with_external_signals, with_media
from scoring.api.items import SECONDS_FOR_FEW, ApiView, read_object
from scoring.api.keys.issue import Sender
from scoring.api.keys.permissions import sender_of
from scoring.api.schema.simulations import SIMULATE
from scoring.decisions.simulation.asking import ask_simulation
from scoring.errors import ScoringError
from scoring.intake.errors import InvalidRequest, RequestProblem
from scoring.intake.receive import Submission
from scoring.rules.expressions.errors import ExpressionInvalid
from scoring.rules.rules.compiling import compile_draft
from scoring.timestamps import to_iso

MEMBERS = ("event", "expressions")
MAX_EXPRESSIONS = 20
DEFAULT_ID = "simulated"
MAX_SECONDS = 10.0  # the first simulation of a process may have to load the model and the feature kernel


class SimulationsView(ApiView):
    """What an event would be decided as, and what lists, rules, model, policy and guards did."""

    scopes = {"POST": "simulations:run"}

    @extend_schema(**SIMULATE)
    def post(self, request: Request) -> Response:
        now, sender = timezone.now(), sender_of(request)
        deadlines.allow(MAX_SECONDS + SECONDS_FOR_FEW)
        body = read_members(request.data, MEMBERS, of="a simulation")
        submission = read_event(body, sender=sender, now=now)
        expressions = read_expressions(body, submission.type)
        answer = ask_simulation(
            submission,
            source=sender.source,
            expressions=expressions,
            wait=MAX_SECONDS,
            now=now,
        )
        return Response(answer)


def read_event(body: Mapping[str, Any], *, sender: Sender, now: datetime) -> Submission:
    """The event, whose id and time may be left out. Raises what a submission raises."""
    if body.get("event") is None:
        raise InvalidRequest([RequestProblem("event", "is missing", "an event as for POST events")])
    sent = read_object(body["event"], field="event")
    payload = {"id": DEFAULT_ID, "occurred_at": to_iso(now), **sent}
    [parsed] = with_media([parse_submission(payload, sender=sender, now=now, rates={})], sender=sender)
    if isinstance(parsed, ScoringError):
        raise parsed
    [submission] = with_external_signals([parsed])
    return submission


def read_expressions(body: Mapping[str, Any], event_type: str) -> list[str]:
    """The conditions to try, which compile. Raises `InvalidRequest` with every problem at its place."""
    given = body.get("expressions")
    if given is None:
        return []
    allowed = f"a list of at most {MAX_EXPRESSIONS} conditions"
    if not isinstance(given, list) or len(given) > MAX_EXPRESSIONS:
        raise InvalidRequest([RequestProblem("expressions", f"is not {allowed}", allowed)])
    problems: list[RequestProblem] = []
    for place, text in enumerate(given):
        name = f"expressions[{place}]"
        if not isinstance(text, str):
            problems.append(RequestProblem(name, "must be a string", "a condition such as 'amount > 500'"))
            continue
        try:
            compile_draft(text, event_type)
        except ExpressionInvalid as error:
            problems += _problems(name, error)
    if problems:
        raise InvalidRequest(problems)
    return given


def _problems(name: str, error: ExpressionInvalid) -> Iterator[RequestProblem]:
    for each in error.problems:
        place = f"line {each.line}, column {each.column}"
        yield RequestProblem(name, f"{place}: {each.message}", each.allowed or None)
