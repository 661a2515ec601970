"""Fields of the API's shapes that DRF does not have, and how drf-spectacular writes them down."""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_choice_field
from drf_spectacular.utils import Direction, extend_schema_field
from rest_framework import serializers

Schema = dict[str, Any]


@extend_schema_field({"type": "string", "format": "uri-reference"})
class LinkField(serializers.CharField):
    """A path, which a client resolves against the server's address."""


@extend_schema_field({"type": ["number", "string", "null"]})
class FeatureValueField(serializers.Field):
    """The value of a feature: a number, the name of a category, or none."""


@extend_schema_field({"type": ["string", "number", "boolean", "array"], "items": {"type": "string"}})
class EventFieldValueField(serializers.Field):
    """The value of an event's field."""


@extend_schema_field({"$ref": "#/components/schemas/CorrectedEvent"})
class CorrectedEventField(serializers.Field):
    """A whole event, whose component comes from the catalog."""


@extend_schema_field({"$ref": "#/components/schemas/SimulatedEvent"})
class SimulatedEventField(serializers.Field):
    """An event to simulate, whose component comes from the catalog."""


@extend_schema_field({"type": ["number", "string", "boolean", "null"]})
class OperandValueField(serializers.Field):
    """The value that an expression reads, or none."""


@extend_schema_field({"type": "null"})
class NullField(serializers.Field):
    """Nothing but null."""


class CatalogChoiceField(serializers.ChoiceField):
    """A choice among what the catalog declares, which is read when the document is written."""

    def __init__(self, values: Callable[[], Iterable[str]], **kwargs: Any) -> None:
        self.values = values
        super().__init__(choices=(), **kwargs)


class ClosedSerializer(serializers.Serializer):
    """An object without members other than its fields."""


class OneOrListSerializer(serializers.Serializer):
    """One item, or a list of them as long as a request may hold."""

    def __init__(self, item: serializers.BaseSerializer, *, component_name: str) -> None:
        self.item, self.component_name = item, component_name
        super().__init__()


def one_or_list(item: Schema) -> Schema:
    """The schema of one item, or of a list of them as long as a request may hold."""
    items = {"type": "array", "items": item, "minItems": 1, "maxItems": settings.API_MAX_LIST}
    return {"oneOf": [item, items]}


class ChoicesInPlace(OpenApiSerializerFieldExtension):
    """Choices as an enum where they are used, without drf-spectacular's mark for a component of their own."""

    target_class = serializers.ChoiceField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> Schema:
        schema: Schema = build_choice_field(self.target)
        del schema["x-spec-enum-id"]
        return schema


class ChoicesOfCatalog(OpenApiSerializerFieldExtension):
    target_class = CatalogChoiceField
    priority = 1  # before the choices of any other field

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> Schema:
        return {"type": "string", "enum": list(self.target.values())}


class WithoutOtherMembers(OpenApiSerializerExtension):
    target_class = ClosedSerializer
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> Schema:
        schema: Schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False}


class OneOrList(OpenApiSerializerExtension):
    target_class = OneOrListSerializer

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:
        name: str = self.target.component_name
        return name

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> Schema:
        return one_or_list(auto_schema.resolve_serializer(self.target.item, direction).ref)
