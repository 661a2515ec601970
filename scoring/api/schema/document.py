"""The schemas of the event types, put into the OpenAPI document; those of answers come from serializers."""

from typing import Any

from scoring.api.schema.events import event_components
from scoring.api.schema.serializers.fields import Schema


def add_event_types(result: Schema, **_: Any) -> Schema:
    """drf-spectacular's hook: put in the schemas of event payloads; a body has to be sent."""
    schemas = result["components"]["schemas"] | event_components()
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    for operations in result["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True  # drf-spectacular cannot say so of plain schemas
    return result
