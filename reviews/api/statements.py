"""Statements of reasons over HTTP."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from reviews.api.serializers import StatementSerializer
from reviews.statements.statement import statement_of
from scoring.api.events import stream_of
from scoring.api.items import ApiView
from scoring.api.keys.permissions import sender_of
from scoring.api.schema.parts import ALWAYS, answers

STATEMENT: dict[str, Any] = {
    "operation_id": "retrieve_statement",
    "summary": "Get the statement of reasons for a restriction",
    "description": (
        "What was decided on one of your events and since when, on which facts and grounds, what software had"
        " to do with it, and how its author can object: what Article 17 of the EU's Digital Services Act asks"
        " of a statement of reasons. 404 while nothing restricts the event, with `held` true while it is only"
        " held until its media are processed."
    ),
    "tags": ["events"],
    "parameters": [
        OpenApiParameter("type", str, OpenApiParameter.PATH, description="Event type"),
        OpenApiParameter("id", str, OpenApiParameter.PATH, description="The event's id, as submitted"),
    ],
    "responses": answers({200: (StatementSerializer, "")}, problems=(*ALWAYS, 404)),
}


class StatementView(ApiView):
    """The statement of reasons for the restriction of one of the sender's own events."""

    scopes = {"GET": "events:read"}

    @extend_schema(**STATEMENT)
    def get(self, request: Request, type: str, id: str) -> Response:
        sender = sender_of(request)
        sender.check_event_type(type)
        return Response(statement_of(stream_of(type, id, sender=sender), now=timezone.now()))
