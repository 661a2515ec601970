"""The operations on events. What a payload may hold comes from the catalog."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from scoring.api.preferences import ON_TIMEOUT
from scoring.api.schema.parts import ALWAYS, WITH_BODY, answers, either, page_parameters, request_of
from scoring.api.schema.serializers.events import (
    AnswerSerializer,
    EventRecordSerializer,
    EventResultsSerializer,
    ParkedEventsSerializer,
)
from scoring.api.schema.serializers.fields import Schema, one_or_list
from scoring.catalog.registry import event_types

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


def reference(component: str) -> Schema:
    return {"$ref": f"#/components/schemas/{component}"}


def event_components() -> dict[str, Schema]:
    """A schema for every event type of the catalog, and `Event`: any of them, selected by `type`.

    Then the same for corrections, which may leave out the `type` and `id` that their URL gives, and for
    simulations, which may leave out `id` and `occurred_at`.
    """
    submitted: dict[str, Schema] = {}
    simulated: dict[str, Schema] = {}
    corrected: dict[str, Schema] = {}
    for name, kind in event_types().items():
        schema, component = kind.json_schema(), event_component(name)
        submitted[component] = {**schema, "required": ["type", *schema["required"]]}
        given = [each for each in schema["required"] if each not in ("id", "occurred_at")]
        if kind.scored:
            simulated[f"Simulated{component}"] = {**schema, "required": ["type", *given]}
        required = [each for each in schema["required"] if each != "id"]
        corrected[f"Corrected{component}"] = {**schema, "required": required}
    refs = {name: reference(event_component(name)) for name in event_types()}
    mapping = {name: schema["$ref"] for name, schema in refs.items()}
    event = {
        "oneOf": list(refs.values()),
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
    # Without its type an event may be valid as one of several types.
    corrected_event = {"anyOf": [reference(component) for component in corrected]}
    simulated_event = {"oneOf": [reference(component) for component in simulated]}
    return {
        "Event": event,
        "CorrectedEvent": corrected_event,
        "SimulatedEvent": simulated_event,
        **submitted,
        **corrected,
        **simulated,
    }


SUBMIT: dict[str, Any] = {
    "operation_id": "submit_events",
    "summary": "Submit an event or a list of events",
    "description": (
        "A single event waits for its decision for as long as `Prefer: wait=` allows. A list is answered at"
        " once unless it asks to wait; each of its events has its own result, and an invalid one does not"
        " affect the others. Submitting the same payload under the same id returns the original response; a"
        " different payload is a conflict."
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
            description="If there is no decision in time: respond 202, or let the failure policy decide",
        ),
    ],
    "request": request_of(
        one_or_list(reference("Event")),
        [OpenApiExample("A payment", PAYMENT), OpenApiExample("A list", [PAYMENT])],
    ),
    "responses": answers(
        {
            200: (
                either("AnswerOrResults", AnswerSerializer, EventResultsSerializer),
                "Received before: the original response. For a list: one result per event, none refused.",
            ),
            201: (AnswerSerializer, "Decided; or recorded, if the type is not scored"),
            202: (AnswerSerializer, "Received; the decision is pending and will be available at `Location`"),
            207: (EventResultsSerializer, "A list in which at least one event was refused"),
        },
        problems=(*WITH_BODY, 409, 429),
    ),
}
RETRIEVE: dict[str, Any] = {
    "operation_id": "retrieve_event",
    "summary": "Get an event with its decisions and labels",
    "description": "Only events of the key's own source. The id may contain slashes.",
    "tags": ["events"],
    "parameters": [
        OpenApiParameter("type", str, OpenApiParameter.PATH, description="Event type"),
        OpenApiParameter("id", str, OpenApiParameter.PATH, description="The event's id, as submitted"),
    ],
    "responses": answers({200: (EventRecordSerializer, "")}, problems=(*ALWAYS, 404)),
}
LIST_PARKED: dict[str, Any] = {
    "operation_id": "list_parked_events",
    "summary": "List events that could not be processed",
    "description": "They were parked with their error, so that their lane could continue.",
    "tags": ["events"],
    "parameters": page_parameters(),
    "responses": answers({200: (ParkedEventsSerializer, "")}, problems=(*ALWAYS, 422)),
}
