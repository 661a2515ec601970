"""The operations that change an event after it was received."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest

from scoring.api.schema.events import PAYMENT, record_properties
from scoring.api.schema.parts import JSON, TEXT, WITH_BODY, Schema, answers, object_of, ref
from scoring.intake.corrections import MAX_REASON_LENGTH

REASON: Schema = {**TEXT, "minLength": 1, "maxLength": MAX_REASON_LENGTH}
OF_EVENT = [
    OpenApiParameter("type", str, OpenApiParameter.PATH, description="Event type"),
    OpenApiParameter("id", str, OpenApiParameter.PATH, description="The sender's own id"),
]
CORRECTED = {name: value for name, value in PAYMENT.items() if name not in ("type", "id")}


def correction_components() -> dict[str, Schema]:
    status = {"type": "string", "enum": ["recorded", "unchanged", "replayed"]}
    return {
        "Correction": object_of(
            {
                "event": {
                    "type": "object",
                    "additionalProperties": True,
                    "description": "The whole event as it should read; `type` and `id` may be left out",
                },
                "reason": REASON,
                "version": {
                    "type": "integer",
                    "minimum": 1,
                    "description": "The version that this corrects; another one by now is a conflict",
                },
            },
            optional=("version",),
        ),
        "Retraction": object_of({"reason": REASON}),
        "AmendedEvent": object_of({**record_properties(), "amendment": status}),
    }


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
    "request": {
        JSON: OpenApiRequest(
            ref("Correction"),
            examples=[
                OpenApiExample(
                    "Another amount",
                    {"reason": "the amount was in cents", "event": {**CORRECTED, "amount": "1.30"}},
                )
            ],
        )
    },
    "responses": answers(
        {
            200: (ref("AmendedEvent"), "Nothing changed: the event reads like this already"),
            201: (ref("AmendedEvent"), "Corrected, and decided again where the event had been decided"),
            202: (ref("AmendedEvent"), "Corrected, not decided again yet; ask at `Location`"),
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
    "request": {
        JSON: OpenApiRequest(
            ref("Retraction"), examples=[OpenApiExample("A test", {"reason": "a test of the till"})]
        )
    },
    "responses": answers(
        {
            200: (ref("AmendedEvent"), "It was retracted before, for this reason"),
            201: (ref("AmendedEvent"), "Retracted"),
        },
        problems=(*WITH_BODY, 404, 409),
    ),
}
