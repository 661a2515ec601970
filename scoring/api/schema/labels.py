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
    "summary": "Say what turned out to be true of an event, or take it back",
    "description": (
        "A label holds from its receipt on: an earlier `known_at` is kept as `reported_at`. A label that"
        " arrives before its event is held until then. Saying the same again changes nothing, and is answered"
        " with what was stored the first time. The key's label sources are the ones it may state or retract."
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
                "Said before: nothing changed. Or a list: one result for each label, none refused.",
            ),
            201: (LabelReceiptSerializer, "Recorded"),
            202: (LabelReceiptSerializer, "Held until its event arrives"),
            207: (LabelResultsSerializer, "A list of which at least one label was refused"),
        },
        problems=(*WITH_BODY, 404, 409),
    ),
}
LIST_HELD: dict[str, Any] = {
    "operation_id": "list_held_labels",
    "summary": "Labels whose event has not arrived",
    "description": "They are applied when it does.",
    "tags": ["labels"],
    "parameters": page_parameters(),
    "responses": answers({200: (HeldLabelsSerializer, "")}, problems=(*ALWAYS, 422)),
}
