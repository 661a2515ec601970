"""The schemas of all endpoints, put into the OpenAPI document."""

from typing import Any

from scoring.api.schema.corrections import correction_components
from scoring.api.schema.events import answer_components, event_components
from scoring.api.schema.labels import label_components
from scoring.api.schema.parts import Schema, problem_components


def add_components(result: Schema, **_: Any) -> Schema:
    """drf-spectacular's hook: put in the schemas that the operations refer to; a body has to be sent."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    for components in (
        event_components,
        answer_components,
        correction_components,
        label_components,
        problem_components,
    ):
        schemas |= components()
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    for operations in result["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True  # drf-spectacular cannot say so of plain schemas
    return result
