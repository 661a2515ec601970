"""Appeals over HTTP: a link by which to appeal without an account, and how appeals stand."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from reviews.api.serializers import AppealLinkSerializer, AppealsSerializer
from reviews.appeals.filing import issue_link, require_appeals
from reviews.appeals.following import appeals_about
from scoring.api.events import stream_of
from scoring.api.items import ApiView
from scoring.api.keys.permissions import sender_of
from scoring.api.schema.parts import ALWAYS, answers
from scoring.catalog.registry import event_type
from scoring.intake.errors import EventNotFound
from scoring.log.read import read_stream
from scoring.timestamps import to_iso

PARAMETERS = [
    OpenApiParameter("type", str, OpenApiParameter.PATH, description="Event type"),
    OpenApiParameter("id", str, OpenApiParameter.PATH, description="The event's id, as submitted"),
]
ISSUE: dict[str, Any] = {
    "operation_id": "issue_appeal_link",
    "summary": "Get a link to appeal against a decision",
    "description": (
        "The address of a page on which those affected by the decision on one of your events, or a third"
        " party, can appeal without an account. It is good for one appeal, until a time. The page shows the"
        " event's id and later the outcome, nothing else. Anyone who has the address can use it."
    ),
    "tags": ["events"],
    "parameters": PARAMETERS,
    "request": None,
    "responses": answers({201: (AppealLinkSerializer, "")}, problems=(*ALWAYS, 404, 409)),
}
LIST: dict[str, Any] = {
    "operation_id": "list_appeals",
    "summary": "List the appeals against a decision",
    "description": "Appeals against the decision on one of your events, oldest first, and how they stand.",
    "tags": ["events"],
    "parameters": PARAMETERS,
    "responses": answers({200: (AppealsSerializer, "")}, problems=(*ALWAYS, 404)),
}


class AppealLinkView(ApiView):
    """A link to appeal against the decision on one of the sender's own events."""

    scopes = {"POST": "events:read"}

    @extend_schema(**ISSUE)
    def post(self, request: Request, type: str, id: str) -> Response:
        link = issue_link(_own_stream(request, type, id), now=timezone.now())
        url = settings.PUBLIC_URL.rstrip("/") + reverse("appeal", args=[link.token])
        return Response(
            {"url": url, "appeal": link.appeal_id, "expires_at": to_iso(link.expires_at)}, status=201
        )


class AppealsView(ApiView):
    """The appeals against the decision on one of the sender's own events."""

    scopes = {"GET": "events:read"}

    @extend_schema(**LIST)
    def get(self, request: Request, type: str, id: str) -> Response:
        stream = _own_stream(request, type, id)
        received = read_stream(stream)
        if not received:
            raise EventNotFound(stream)
        require_appeals(event_type(received[0].data["type"]))
        return Response({"appeals": [each.as_data() for each in appeals_about(received[0].position)]})


def _own_stream(request: Request, type: str, id: str) -> str:
    sender = sender_of(request)
    sender.check_event_type(type)
    return stream_of(type, id, sender=sender)
