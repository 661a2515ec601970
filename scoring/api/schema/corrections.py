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
    OpenApiParameter("id", str, OpenApiParameter.PATH, description="The sender's own id"),
]
CORRECTED = {name: value for name, value in PAYMENT.items() if name not in ("type", "id")}


CORRECT: dict[str, Any] = {
    "operation_id": "correct_event",
    "summary": "Correct an event",
    "description": (
        "The whole event as it should read, with a reason; its time may be another one, its type and id may"
        " not. The event is decided again, and waits for that as a submission does. The same correction again"
        " changes nothing."
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
            200: (AmendedEventSerializer, "Nothing changed: the event reads like this already"),
            201: (AmendedEventSerializer, "Corrected, and decided again where the event had been decided"),
            202: (AmendedEventSerializer, "Corrected, not decided again yet; ask at `Location`"),
        },
        problems=(*WITH_BODY, 404, 409, 429),
    ),
}
RETRACT: dict[str, Any] = {
    "operation_id": "retract_event",
    "summary": "Retract an event",
    "description": (
        "It leaves the counts of its entities, its open case is closed and no model learns from it. It cannot"
        " be undone. The same retraction again changes nothing."
    ),
    "tags": ["events"],
    "parameters": OF_EVENT,
    "request": request_of(RetractionSerializer, [OpenApiExample("A test", {"reason": "a test of the till"})]),
    "responses": answers(
        {
            200: (AmendedEventSerializer, "It was retracted before, for this reason"),
            201: (AmendedEventSerializer, "Retracted"),
        },
        problems=(*WITH_BODY, 404, 409),
    ),
}
