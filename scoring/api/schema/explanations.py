"""The operation that explains a decision."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from scoring.api.schema.parts import ALWAYS, answers
from scoring.api.schema.serializers.explanations import ExplanationSerializer

EXPLAIN: dict[str, Any] = {
    "operation_id": "explain_event",
    "summary": "Get everything behind a decision",
    "description": (
        "The event, the decision with each step to its outcome, the text of the rules and lists that it names"
        " with their authors, all contributions to the score, and the place and SHA-256 of every log entry."
    ),
    "tags": ["events"],
    "parameters": [
        OpenApiParameter("type", str, OpenApiParameter.PATH, description="Event type"),
        OpenApiParameter("id", str, OpenApiParameter.PATH, description="The event's id, as submitted"),
        OpenApiParameter("revision", int, description="0 for the first decision; by default the current one"),
    ],
    "responses": answers({200: (ExplanationSerializer, "")}, problems=(*ALWAYS, 404, 422)),
}
