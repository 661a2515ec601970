"""Explanations over HTTP: everything behind a decision in one document."""

from collections.abc import Mapping

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from scoring.api.events import stream_of
from scoring.api.items import ApiView
from scoring.api.keys.permissions import sender_of
from scoring.api.schema.explanations import EXPLAIN
from scoring.decisions.explanations.document import explain_event
from scoring.intake.errors import InvalidRequest, RequestProblem

MAX_REVISION = 32_767


class ExplanationView(ApiView):
    """The explanation of the current decision on one of the sender's own events, or of a `revision`."""

    scopes = {"GET": "explanations:read"}

    @extend_schema(**EXPLAIN)
    def get(self, request: Request, type: str, id: str) -> Response:
        sender = sender_of(request)
        sender.check_event_type(type)
        revision = read_revision(request.query_params)
        return Response(
            explain_event(stream_of(type, id, sender=sender), revision=revision, now=timezone.now())
        )


def read_revision(parameters: Mapping[str, str]) -> int | None:
    """The query parameter `revision`, None without it. Raises `InvalidRequest`."""
    text = parameters.get("revision")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= MAX_REVISION):
        problem = f"{text[:30]!r} is not a revision"
        raise InvalidRequest([RequestProblem("revision", problem, "0 for the first decision, 1, 2, ...")])
    return int(text)
