"""The operations on labels."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from scoring.api.schema.parts import (
    ALWAYS,
    MOMENT_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    WITH_BODY,
    Schema,
    answers,
    object_of,
    page_of,
    page_parameters,
    ref,
    request_of,
    results_of,
)
from scoring.catalog.characters import NAME_PATTERN
from scoring.catalog.event_type import MAX_ID_LENGTH
from scoring.catalog.registry import event_types
from scoring.intake.label_sources import MAX_SOURCE_LENGTH, PRECEDENCE

NAME: Schema = {"type": "string", "minLength": 1, "pattern": NAME_PATTERN}
SAYS_LABEL: Schema = {
    "required": ["label"],
    "properties": {"label": {"type": "string"}, "retract": {"const": False}},
}
TAKES_IT_BACK: Schema = {
    "required": ["retract"],
    "properties": {"label": {"type": "null"}, "retract": {"const": True}},
}
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


def label_components() -> dict[str, Schema]:
    link = object_of({"event": {"type": "string", "format": "uri-reference"}})
    event = {"event_type": TEXT, "event_id": TEXT}
    times = {"known_at": MOMENT_OR_NULL, "reported_at": MOMENT_OR_NULL}
    said = {**event, "label": TEXT_OR_NULL, "source": TEXT}
    receipt = {
        **said,
        "status": {"type": "string", "enum": ["recorded", "held", "unchanged"]},
        "effective": {**TEXT_OR_NULL, "description": "The event's label now, by precedence of the sources"},
        **times,
        "warnings": {
            "type": "array",
            "items": TEXT,
            "description": "What was taken and may not be meant, such as a source without a rank",
        },
        "links": link,
    }
    return {
        "Label": statement_schema(),
        "LabelReceipt": object_of(receipt),
        "LabelResults": results_of("LabelReceipt"),
        "HeldLabels": page_of({**said, **times, "links": link}),
    }


def statement_schema() -> Schema:
    labeled = [name for name, kind in event_types().items() if kind.scored]
    return object_of(
        {
            "event_type": {"type": "string", "enum": labeled},
            "event_id": {**NAME, "maxLength": MAX_ID_LENGTH},
            "label": {"type": ["string", "null"], "enum": [*label_values(), None]},
            "retract": {"type": "boolean", "default": False, "description": "Takes the source's label back"},
            "source": {
                **NAME,
                "maxLength": MAX_SOURCE_LENGTH,
                "description": (
                    f"Who says so; the key must be allowed to state it. {', '.join(PRECEDENCE)} have a rank,"
                    " in this order, and are found whatever their case; any other ranks after them"
                ),
            },
            "known_at": {
                "type": ["string", "null"],
                "format": "date-time",
                "description": (
                    "When the sender knew: kept as reported_at; not before the event, nor in the future"
                ),
            },
        },
        optional=("label", "retract", "known_at"),
        additionalProperties=False,
        oneOf=[SAYS_LABEL, TAKES_IT_BACK],
    )


def label_values() -> list[str]:
    scored = [kind for kind in event_types().values() if kind.scored]
    return sorted({value for kind in scored for value in kind.labels.values})


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
        "Label",
        [
            OpenApiExample("A chargeback", LABEL),
            OpenApiExample("A retraction", RETRACTION),
            OpenApiExample("A list", [LABEL]),
        ],
    ),
    "responses": answers(
        {
            200: (
                {"oneOf": [ref("LabelReceipt"), ref("LabelResults")]},
                "Said before: nothing changed. Or a list: one result for each label, none refused.",
            ),
            201: (ref("LabelReceipt"), "Recorded"),
            202: (ref("LabelReceipt"), "Held until its event arrives"),
            207: (ref("LabelResults"), "A list of which at least one label was refused"),
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
    "responses": answers({200: (ref("HeldLabels"), "")}, problems=(*ALWAYS, 422)),
}
