"""Looks up and checks the fields that declarations name, in their event type, by name and by type."""

from scoring.catalog.client_fields import IpAddress, UserAgent
from scoring.catalog.contact_fields import Email, Phone
from scoring.catalog.event_type import EventType
from scoring.catalog.external_signals import ExternalSignal
from scoring.catalog.fields import (
    Category,
    Entity,
    Field,
    Flag,
    Money,
    Number,
    Text,
)
from scoring.catalog.media.attachments import Attachments
from scoring.catalog.text_fields import Links
from scoring.declare import NamedField, Origin
from scoring.declare.protocols.fields import FieldTypes

_CLASSES = {
    each.__name__: each
    for each in (
        *(Entity, Category, Text, Money, Number, Flag),
        *(Email, Phone, IpAddress, UserAgent, Attachments, Links, ExternalSignal),
    )
}


def own_field(member: type[EventType], named: NamedField, types: FieldTypes, origin: Origin) -> str:
    """The name of a field, which must belong to this event type and have one of these types.

    Raises CatalogError at `origin`.
    """
    if not _is_one_of(named, types):
        raise origin.error(f"{getattr(named, 'name', named)!r} is not a {' or '.join(types)} field")
    if named not in member.fields.values() and named not in member.external_signals.values():
        raise origin.error(f"{member.name} has no field {named.name!r}; it has {_names(member)}")
    return named.name


def field_named(member: type[EventType], name: str, types: FieldTypes, origin: Origin) -> Field:
    """The event type's field of this name, which must have one of these types. Raises CatalogError."""
    if name not in member.fields:
        raise origin.error(f"{member.name} has no field {name!r}; it has {_names(member)}")
    if not _is_one_of(member.fields[name], types):
        raise origin.error(f"{member.name}.{name} is not a {' or '.join(types)} field")
    return member.fields[name]


def counted_field(member: type[EventType], named: NamedField, types: FieldTypes, origin: Origin) -> str:
    """The name of a field that the counted event type must have too. Raises CatalogError."""
    if not isinstance(named, Field):
        raise origin.error(f"{named!r} is not a field")
    field_named(member, named.name, types, origin)
    return named.name


def _is_one_of(field: object, types: FieldTypes) -> bool:
    return isinstance(field, tuple(_CLASSES[name] for name in types))


def _names(member: type[EventType]) -> str:
    return ", ".join(member.fields)
