"""The schemas of all endpoints, put into the OpenAPI document."""

from typing import Any

from scoring.api.schema.events import answer_components, event_components
from scoring.api.schema.labels import label_components
from scoring.api.schema.parts import Schema, problem_components


def add_components(result: Schema, **_: Any) -> Schema:
    """drf-spectacular's hook: put the schemas that the operations refer to into the document."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    for components in (event_components, answer_components, label_components, problem_components):
        schemas |= components()
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result
