"""What declarations name, looked up and checked: fields of an event type, by type and by name."""

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Field, Flag, Money, Number, Text
from scoring.declare import NamedField, Origin

FieldTypes = tuple[type, ...]

NUMERIC: FieldTypes = (Money, Number, Flag)
SHOWN: FieldTypes = (Entity, Category, Text)


def own_field(member: type[EventType], named: NamedField, types: FieldTypes, origin: Origin) -> str:
    """The name of a field object that must be this event type's, and of one of these types.

    Raises CatalogError at `origin`.
    """
    if not isinstance(named, types):
        raise origin.error(f"{getattr(named, 'name', named)!r} is not a {_or(types)} field")
    if named not in member.fields.values():
        raise origin.error(f"{member.name} has no field {named.name!r}; it has {_names(member)}")
    return named.name


def field_named(member: type[EventType], name: str, types: FieldTypes, origin: Origin) -> Field:
    """The event type's field of this name, which must be of one of these types. Raises CatalogError."""
    if name not in member.fields:
        raise origin.error(f"{member.name} has no field {name!r}; it has {_names(member)}")
    if not isinstance(member.fields[name], types):
        raise origin.error(f"{member.name}.{name} is not a {_or(types)} field")
    return member.fields[name]


def counted_field(member: type[EventType], named: NamedField, types: FieldTypes, origin: Origin) -> str:
    """The name of a field that a counted event type has to have as well. Raises CatalogError."""
    if not isinstance(named, Field):
        raise origin.error(f"{named!r} is not a field")
    field_named(member, named.name, types, origin)
    return named.name


def _or(types: FieldTypes) -> str:
    return " or ".join(wanted.__name__ for wanted in types)


def _names(member: type[EventType]) -> str:
    return ", ".join(member.fields)
