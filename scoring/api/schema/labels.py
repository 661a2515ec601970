"""The operations on labels."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from scoring.api.schema.parts import ALWAYS, WITH_BODY, answers, either, page_parameters, request_of
from scoring.api.schema.serializers.fields import OneOrListSerializer
from scoring.api.schema.serializers.labels import (
    HeldLabelsSerializer,
    LabelReceiptSerializer,
    LabelResultsSerializer,
    LabelRetractionSerializer,
    LabelStatementSerializer,
)

LABEL = {
    "event_type": "payment",
    "event_id": "T-1001",
    "label": "fraud",
    "source": "chargeback",
    "known_at": "2026-02-20T09:00:00Z",
}
RETRACTION = {
    "event_type": "payment",
    "event_id": "T-1001",
    "label": None,
    "retract": True,
    "source": "chargeback",
}


STATE_LABELS: dict[str, Any] = {
    "operation_id": "state_labels",
    "summary": "Record or retract a label or a list of labels",
    "description": (
        "A label takes effect when it is received; an earlier `known_at` is kept as `reported_at`. A label"
        " that arrives before its event is held until the event arrives. Repeating a label changes nothing"
        " and returns what was stored the first time. A key may record and retract only the labels of its own"
        " label sources."
    ),
    "tags": ["labels"],
    "request": request_of(
        OneOrListSerializer(
            either("Label", LabelStatementSerializer, LabelRetractionSerializer),
            component_name="LabelOrList",
        ),
        [
            OpenApiExample("A chargeback", LABEL),
            OpenApiExample("A retraction", RETRACTION),
            OpenApiExample("A list", [LABEL]),
        ],
    ),
    "responses": answers(
        {
            200: (
                either("ReceiptOrResults", LabelReceiptSerializer, LabelResultsSerializer),
                "Recorded before: nothing changed. For a list: one result per label, none refused.",
            ),
            201: (LabelReceiptSerializer, "Recorded"),
            202: (LabelReceiptSerializer, "Held until its event arrives"),
            207: (LabelResultsSerializer, "A list in which at least one label was refused"),
        },
        problems=(*WITH_BODY, 404, 409),
    ),
}
LIST_HELD: dict[str, Any] = {
    "operation_id": "list_held_labels",
    "summary": "List labels whose event has not arrived",
    "description": "They are applied when the event arrives.",
    "tags": ["labels"],
    "parameters": page_parameters(),
    "responses": answers({200: (HeldLabelsSerializer, "")}, problems=(*ALWAYS, 422)),
}
