"""How SQL reads the segments of an event: from its fields, its sender and the vector of its decision."""

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.business.segments import ALL, age_feature, declared_fields, segment_fields
from monitoring.drift.report import read_vocabularies
from monitoring.segment_conditions import age_bands
from scoring.catalog.event_type import EventType
from scoring.learning.fairness.slicing import AGES
from scoring.registry.feature_sets import find_feature_set
from scoring.registry.models import ModelVersion

_FIELD = "coalesce(left(receipt.data::json #>> ARRAY['fields', %({name})s], 64), '')"
# The bits of a float64 that is positive are ordered as it is, so bands can be found without decoding it.
# Missing values (NaN) are above infinity.
_BITS = " | ".join(
    f"(get_byte(made.packed, 8 * age.place + {byte})::bigint << {8 * byte})" for byte in range(8)
)
_AGE = f"""
      LEFT JOIN scoring_logentry made ON made.position = decision.position
      LEFT JOIN unnest(%(models)s::text[], %(places)s::integer[]) AS age (model, place)
        ON age.model = decision.model
     CROSS JOIN LATERAL (
        SELECT CASE WHEN length(made.packed) >= 8 * (age.place + 1) THEN {_BITS} END AS bits) seconds
"""
_BAND = (
    "coalesce(CASE WHEN seconds.bits BETWEEN 0 AND %(infinity)s THEN"
    " (%(bands)s::text[])[1 + width_bucket(seconds.bits, %(edges)s::bigint[])] END, '')"
)


@dataclass(frozen=True)
class SegmentSql:
    """SQL that gives the segments of an event, in the order of `fields`, and its parameters.

    `values` expects the tables `receipt` and `submitted`, and what `joins` adds expects `decision`.
    """

    fields: tuple[str, ...]
    values: str
    joins: str
    parameters: dict[str, Any]


def segment_sql(kind: type[EventType], models: Iterable[str]) -> SegmentSql:
    """How the segments of events are read. `models`: those whose decisions have the age of an event."""
    declared, age = declared_fields(kind), age_feature(kind)
    values = ["''", *(_FIELD.format(name=f"field_{at}") for at in range(len(declared))), "submitted.source"]
    parameters: dict[str, Any] = {f"field_{at}": name for at, name in enumerate(declared)}
    if age is not None:
        values.append(_BAND)
        parameters |= _age_parameters(kind, age.name, models)
    return SegmentSql(
        fields=(ALL, *segment_fields(kind)),
        values=", ".join(values),
        joins="" if age is None else _AGE,
        parameters=parameters,
    )


def _age_parameters(kind: type[EventType], feature: str, models: Iterable[str]) -> dict[str, Any]:
    places = _places_of(kind, feature, models)
    return {
        "models": list(places),
        "places": list(places.values()),
        "bands": [name for name, *_ in age_bands()],
        "edges": _bits_of(AGES),
        "infinity": _bits_of([math.inf])[0],
    }


def _places_of(kind: type[EventType], feature: str, models: Iterable[str]) -> dict[str, int]:
    """The column of a feature in the vectors of each model that reads it."""
    versions = ModelVersion.objects.filter(name__in=list(models)).only("name", "artifact", "feature_set")
    sets = {
        version.name: find_feature_set(kind.name, read_vocabularies(version.artifact), version.feature_set)
        for version in versions
    }
    return {
        name: found.names.index(feature)
        for name, found in sets.items()
        if found is not None and feature in found.names
    }


def _bits_of(numbers: Sequence[float]) -> list[int]:
    return [struct.unpack("<q", struct.pack("<d", number))[0] for number in numbers]
