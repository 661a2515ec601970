"""The operations on events. What a payload may hold comes from the catalog."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from scoring.api.preferences import ON_TIMEOUT
from scoring.api.schema.parts import (
    ALWAYS,
    MOMENT,
    MOMENT_OR_NULL,
    NUMBER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    WITH_BODY,
    Schema,
    answers,
    list_of,
    object_of,
    page_of,
    page_parameters,
    ref,
    request_of,
    results_of,
)
from scoring.catalog.event_type import OUTCOMES
from scoring.catalog.registry import event_types
from scoring.decisions.models import Decision
from scoring.lanes.models import Pending

PAYMENT = {
    "type": "payment",
    "id": "T-1001",
    "occurred_at": "2026-01-31T12:00:00Z",
    "card": "card-7",
    "customer": "customer-3",
    "merchant": "merchant-9",
    "device": "device-4",
    "ip": "192.0.2.17",
    "amount": "129.90",
    "currency": "USD",
    "category": "electronics",
}


def event_component(name: str) -> str:
    """`payment` -> `PaymentEvent`."""
    return "".join(part.capitalize() for part in name.split("_")) + "Event"


def event_components() -> dict[str, Schema]:
    """A schema for every event type of the catalog, and `Event`: any of them, told apart by `type`."""
    components = {}
    for name, kind in event_types().items():
        schema = kind.json_schema()
        components[event_component(name)] = {**schema, "required": ["type", *schema["required"]]}
    refs = {name: ref(event_component(name)) for name in event_types()}
    mapping = {name: schema["$ref"] for name, schema in refs.items()}
    event = {
        "oneOf": list(refs.values()),
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
    return {"Event": event, **components}


def answer_components() -> dict[str, Schema]:
    return {
        "Reason": reason_schema(),
        "Decision": decision_schema(),
        "Answer": object_of(answer_properties()),
        "EventRecord": object_of(record_properties()),
        "EventCorrection": correction_schema(),
        "EventResults": results_of("Answer"),
        "ParkedEvents": page_of(parked_properties()),
    }


def reason_schema() -> Schema:
    return object_of(
        {
            "code": {**TEXT, "description": "Stable code of the reason"},
            "feature": TEXT,
            "value": {"type": ["number", "string", "null"], "description": "A category by its name"},
            "usual": {
                "type": ["number", "string", "null"],
                "description": "The entity's own mean, or the population's median",
            },
            "contribution": {"type": "number", "description": "To the margin (log-odds); the values add up"},
            "text": {**TEXT, "description": "The reason in plain words"},
        }
    )


def decision_schema() -> Schema:
    return object_of(
        {
            "outcome": {"type": "string", "enum": list(OUTCOMES)},
            "score": {**NUMBER_OR_NULL, "description": "Calibrated probability of fraud or abuse"},
            "basis": {"type": "string", "enum": Decision.Basis.values},
            "cause": {
                **TEXT,
                "description": "Why the failure policy decided; `corrected`: the event was; else empty",
            },
            "model": {**TEXT, "description": "Model version; empty if none decided"},
            "reasons": list_of(ref("Reason")),
            "thresholds": {"type": ["object", "null"], "additionalProperties": {"type": "number"}},
            "decided_at": MOMENT,
            "revision": {"type": "integer", "minimum": 0},
        }
    )


def answer_properties() -> Schema:
    """What a submission is answered with."""
    return {
        "id": TEXT,
        "type": {"type": "string", "enum": list(event_types())},
        "status": {"type": "string", "enum": ["decided", "pending", "recorded", "parked"]},
        "occurred_at": MOMENT,
        "received_at": MOMENT,
        "decision": {"oneOf": [ref("Decision"), {"type": "null"}], "description": "The first decision"},
        "links": event_links(),
    }


def record_properties() -> Schema:
    """Everything that is known of an event."""
    said = object_of(
        {
            "label": TEXT_OR_NULL,
            "retracted": {"type": "boolean"},
            "source": TEXT,
            "known_at": MOMENT,
            "reported_at": MOMENT_OR_NULL,
            "recorded_at": MOMENT,
        }
    )
    statuses = ["decided", "pending", "recorded", "parked", "retracted"]
    retraction = {**object_of({"reason": TEXT, "recorded_at": MOMENT}), "type": ["object", "null"]}
    return {
        **answer_properties(),
        "status": {"type": "string", "enum": statuses, "description": "Of the present version"},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
            "description": "As sent, or as corrected; personal fields are left out",
        },
        "history": {"type": "boolean"},
        "version": {"type": "integer", "minimum": 1, "description": "1 as received, one more a correction"},
        "corrections": list_of(ref("EventCorrection")),
        "retraction": retraction,
        "current_decision": {"oneOf": [ref("Decision"), {"type": "null"}]},
        "revisions": list_of(ref("Decision")),
        "label": {**TEXT_OR_NULL, "description": "What holds now, by the precedence of the sources"},
        "labels": list_of(said),
    }


def correction_schema() -> Schema:
    return object_of(
        {
            "version": {"type": "integer", "minimum": 2, "description": "The version that it made"},
            "changed": list_of(TEXT, description="Names of the fields that changed"),
            "reason": TEXT,
            "recorded_at": MOMENT,
        }
    )


def parked_properties() -> Schema:
    return {
        "type": TEXT,
        "id": TEXT,
        "what": {"type": "string", "enum": Pending.Kind.values},
        "error": TEXT,
        "received_at": MOMENT,
        "links": event_links(),
    }


def event_links() -> Schema:
    return object_of({"self": {"type": "string", "format": "uri-reference"}})


SUBMIT: dict[str, Any] = {
    "operation_id": "submit_events",
    "summary": "Submit an event, or a list of events",
    "description": (
        "One event waits for its decision, as long as `Prefer: wait=` says. A list is answered at once unless"
        " it asks to wait; each of its events has its own result, and a bad one loses none of the others. The"
        " same payload under the same id gives the original answer again; another payload is a conflict."
    ),
    "tags": ["events"],
    "parameters": [
        OpenApiParameter(
            "Prefer",
            str,
            OpenApiParameter.HEADER,
            description="`wait=<seconds>`, `respond-async`, `on_timeout=fallback`",
        ),
        OpenApiParameter(
            "on_timeout",
            str,
            enum=list(ON_TIMEOUT),
            description="What answers if there is no decision in time: 202, or the failure policy",
        ),
    ],
    "request": request_of(
        "Event", [OpenApiExample("A payment", PAYMENT), OpenApiExample("A list", [PAYMENT])]
    ),
    "responses": answers(
        {
            200: (
                {"oneOf": [ref("Answer"), ref("EventResults")]},
                "Received before: the original answer. Or a list: one result for each event, none refused.",
            ),
            201: (ref("Answer"), "Decided; or recorded, for a type that is not scored"),
            202: (ref("Answer"), "Received, not decided yet; ask at `Location`"),
            207: (ref("EventResults"), "A list of which at least one event was refused"),
        },
        problems=(*WITH_BODY, 409, 429),
    ),
}
RETRIEVE: dict[str, Any] = {
    "operation_id": "retrieve_event",
    "summary": "An event with its decisions and labels",
    "description": "Of the key's own source. The id may hold slashes.",
    "tags": ["events"],
    "parameters": [
        OpenApiParameter("type", str, OpenApiParameter.PATH, description="Event type"),
        OpenApiParameter("id", str, OpenApiParameter.PATH, description="The sender's own id"),
    ],
    "responses": answers({200: (ref("EventRecord"), "")}, problems=(*ALWAYS, 404)),
}
LIST_PARKED: dict[str, Any] = {
    "operation_id": "list_parked_events",
    "summary": "Events that could not be processed",
    "description": "Set aside with their error, so that their lane could go on.",
    "tags": ["events"],
    "parameters": page_parameters(),
    "responses": answers({200: (ref("ParkedEvents"), "")}, problems=(*ALWAYS, 422)),
}
