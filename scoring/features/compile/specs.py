"""Descriptions of features, for reasons, catalogs and dashboards."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Field
from scoring.catalog.time_zones import UTC_CLOCK, Clock
from scoring.declare import Expression, TextResemblance, parts_of
from scoring.declare.meaning import reads_the_clock
from scoring.declare.spelling import words_of


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One feature of a set. `code`: the stable reason code; `field`: the event's own field it shows, if any.

    `unit`: "events", "values", "money" (minor units of `currency`), "seconds", "share", "ratio", "hour",
    "weekday", "category", "flag", "years", "km", "km/h", "log-odds",
    "characters", "words", "links", "number", or the field's own unit. `definition`: the declaration in
    canonical text, with the time zone behind it if that matters and is not UTC. `owner`: who is responsible
    for it, by default the event type's owner.
    """

    name: str
    code: str
    kind: str
    entity: str
    window: str
    unit: str
    field: str
    currency: str
    subject: str  # the events of the type, as reasons call one: "payment"
    definition: str
    owner: str
    expression: Expression = dataclasses.field(repr=False)
    vocabulary: tuple[str, ...] = dataclasses.field(repr=False)  # names of the codes 1, 2, ...
    # entity field -> how reasons name its events: "with this card"
    phrases: Mapping[str, str] = dataclasses.field(repr=False)
    optional: frozenset[str] = dataclasses.field(repr=False)  # the event type's fields that may be missing
    positive: str = dataclasses.field(repr=False)  # the label that is looked for: "fraud"
    # Whose clocks tell the hours and days, where the feature depends on them.
    clock: Clock = dataclasses.field(repr=False, default=UTC_CLOCK)

    @property
    def is_calendar(self) -> bool:
        """Whether it depends only on when the event occurred, so that all events of the hour share it."""
        return self.expression.plain.is_calendar

    @property
    def resemblance(self) -> TextResemblance | None:
        """The feature as one that models fill in from a text; None for any other."""
        plain = self.expression.plain
        return plain if isinstance(plain, TextResemblance) else None

    @property
    def is_age(self) -> bool:
        """Whether it is an age, which grows while nothing happens."""
        return self.expression.plain.is_age


def entities_read(spec: FeatureSpec) -> list[str]:
    """The entities and pairs whose states or batch values the feature reads."""
    return _distinct(part.entity for part in parts_of(spec.expression))


def windows_read(spec: FeatureSpec) -> list[str]:
    """The windows that the feature covers, as declared: "24h"."""
    return _distinct(part.window_label for part in parts_of(spec.expression))


def fields_read(spec: FeatureSpec) -> list[str]:
    """The fields of events that the feature is computed from, those of keys and conditions among them."""
    return _distinct(_fields_within(spec.expression))


def _fields_within(part: object) -> Iterator[str]:
    """The names of the fields in a part of a declaration, at any depth."""
    if isinstance(part, Field):
        yield part.name
    elif isinstance(part, tuple | list):
        for each in part:
            yield from _fields_within(each)
    elif dataclasses.is_dataclass(part) and not isinstance(part, type):
        yield getattr(part, "field_name", "")  # of aggregates, which may be of another event type's field
        for member in dataclasses.fields(part):
            yield from _fields_within(getattr(part, member.name))


def _distinct(texts: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text]


def _definition(feature: Expression, clock: Clock) -> str:
    text = feature.definition
    return f"{text}  # {clock.definition}" if clock.definition and reads_the_clock(feature) else text


def make_spec(
    member: type[EventType], feature: Expression, codes: Mapping[str, Mapping[str, int]], *, clock: Clock
) -> FeatureSpec:
    """The spec of a declared feature with a valid name, in a set with this clock."""
    plain = feature.plain
    return FeatureSpec(
        name=feature.name,
        code=feature.name.upper(),
        kind=plain.kind,
        entity=plain.entity,
        window=plain.window_label,
        unit=plain.unit(member.fields),
        field=plain.own_field,
        currency=member.base_currency,
        subject=member.noun or words_of(member.name),
        definition=_definition(feature, clock),
        owner=feature.owner or plain.owner or member.owner,
        expression=feature,
        vocabulary=tuple(codes.get(plain.own_field, ())),
        phrases={
            name: phrase for name, field in member.fields.items() if (phrase := getattr(field, "says", ""))
        },
        optional=frozenset(name for name, field in member.fields.items() if field.optional),
        positive=words_of(member.labels.positive),
        clock=clock,
    )
