"""The operation that simulates a decision."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from scoring.api.schema.events import PAYMENT
from scoring.api.schema.parts import WITH_BODY, answers, request_of
from scoring.api.schema.serializers.simulations import SimulatedSerializer, SimulationSerializer

EVENT = {name: value for name, value in PAYMENT.items() if name not in ("id", "occurred_at")}

SIMULATE: dict[str, Any] = {
    "operation_id": "simulate_event",
    "summary": "Decide an event without recording anything",
    "description": (
        "The decision that the event would get now, on the present states of its entities, with what each"
        " stage did: lists, rules, model, policy, breaker and exploration. `expressions` are conditions to"
        " try on the event. Nothing is stored or counted, and no entity's state changes."
    ),
    "tags": ["events"],
    "request": request_of(
        SimulationSerializer,
        [OpenApiExample("A payment", {"event": EVENT, "expressions": ["amount > 100 && !has(device)"]})],
    ),
    "responses": answers({200: (SimulatedSerializer, "")}, problems=WITH_BODY),
}
