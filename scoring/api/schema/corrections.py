"""The operations that change an event after it was received."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from scoring.api.schema.events import PAYMENT
from scoring.api.schema.parts import WITH_BODY, answers, request_of
from scoring.api.schema.serializers.corrections import (
    AmendedEventSerializer,
    CorrectionSerializer,
    RetractionSerializer,
)

OF_EVENT = [
    OpenApiParameter("type", str, OpenApiParameter.PATH, description="Event type"),
    OpenApiParameter("id", str, OpenApiParameter.PATH, description="The event's id, as submitted"),
]
CORRECTED = {name: value for name, value in PAYMENT.items() if name not in ("type", "id")}


CORRECT: dict[str, Any] = {
    "operation_id": "correct_event",
    "summary": "Correct an event",
    "description": (
        "Send the complete corrected event with a reason. Its time may change; its type and id may not. The"
        " event is decided again, and the request waits for the new decision as a submission does. Repeating"
        " a correction changes nothing."
    ),
    "tags": ["events"],
    "parameters": [
        *OF_EVENT,
        OpenApiParameter(
            "Prefer", str, OpenApiParameter.HEADER, description="`wait=<seconds>`, `respond-async`"
        ),
    ],
    "request": request_of(
        CorrectionSerializer,
        [
            OpenApiExample(
                "Another amount",
                {"reason": "the amount was in cents", "event": {**CORRECTED, "amount": "1.30"}},
            )
        ],
    ),
    "responses": answers(
        {
            200: (AmendedEventSerializer, "Nothing changed: the event already has these values"),
            201: (AmendedEventSerializer, "Corrected, and decided again if it had been decided"),
            202: (
                AmendedEventSerializer,
                "Corrected; the new decision is pending and will be available at `Location`",
            ),
        },
        problems=(*WITH_BODY, 404, 409, 429),
    ),
}
RETRACT: dict[str, Any] = {
    "operation_id": "retract_event",
    "summary": "Retract an event",
    "description": (
        "Removes the event from the counts of its entities, closes its open case and excludes it from"
        " training. This cannot be undone. Repeating a retraction changes nothing."
    ),
    "tags": ["events"],
    "parameters": OF_EVENT,
    "request": request_of(RetractionSerializer, [OpenApiExample("A test", {"reason": "a test of the till"})]),
    "responses": answers(
        {
            200: (AmendedEventSerializer, "Already retracted, for the reason given in the response"),
            201: (AmendedEventSerializer, "Retracted"),
        },
        problems=(*WITH_BODY, 404, 409),
    ),
}
