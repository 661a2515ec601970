"""Compiles the declarations of a lane: what each state holds, and the tables the kernel interprets."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.catalog import registry
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category
from scoring.features import opcodes as op
from scoring.features.declare import BatchValue, Expression, Origin, ValueSource, iter_features
from scoring.features.layout import KindLayout, Needs
from scoring.features.lowering import Lowering
from scoring.features.specs import FeatureSpec, make_spec
from scoring.features.tables import build_tables

Vocabularies = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class EntityKind:
    """An entity or pair with states. `fields`: the kinds its key is made of; `words`: its size (64 bits)."""

    name: str
    fields: tuple[str, ...]
    words: int
    index: int


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """An event type's vector: names in order, and a hash of all that gives the values their meaning."""

    event_type: str
    names: tuple[str, ...]
    hash: str
    features: tuple[FeatureSpec, ...]
    context_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How an event type's items become columns: (column, field) lists, and each key's fields."""

    program: int
    values: tuple[tuple[int, str, str], ...]  # column, field, "money" | "number" | "category"
    hashes: tuple[tuple[int, str], ...]
    keys: tuple[tuple[tuple[int, tuple[str, ...]], ...], ...]  # by mode: event, label, undo
    codes: Mapping[str, Mapping[str, int]]  # category field -> value -> code


@dataclass(frozen=True, slots=True, eq=False)
class LanePlan:
    """A lane, compiled. The same plan encodes and folds one item and a million."""

    lane: str
    layout_id: str
    entity_kinds: tuple[EntityKind, ...]
    layouts: tuple[KindLayout, ...]
    encodings: Mapping[str, Encoding]
    sets: Mapping[str, FeatureSet]
    batch_views: Mapping[str, tuple[ValueSource, ...]]  # those that an event type's sets read
    width: int  # columns of the output: the longest vector and its context
    value_columns: int
    hash_columns: int
    registers: int
    saturables: tuple[str, ...]  # features whose reads can be capped, as "event type.feature"
    code: NDArray[np.int64]
    constants: NDArray[np.float64]
    templates: tuple[NDArray[np.int64], ...] = field(repr=False)

    def feature_set(self, event_type: str) -> FeatureSet:
        """The feature set of a scored event type of this lane. Raises KeyError for another."""
        return self.sets[event_type]


def lane_plan(lane: str, vocabularies: Vocabularies | None = None) -> LanePlan:
    """The compiled plan of a lane; the same object for the same vocabularies ({event type: {field: names}}).

    A category that is not in its vocabulary has code 0. Raises UnknownLane, CatalogError.
    """
    frozen = tuple(
        (event_type, tuple((name, tuple(values)) for name, values in sorted(by_field.items())))
        for event_type, by_field in sorted((vocabularies or {}).items())
    )
    return _cached_plan(lane, frozen)


@lru_cache(maxsize=64)
def _cached_plan(
    lane: str, vocabularies: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]
) -> LanePlan:
    return compile_lane(
        lane,
        registry.lane_members(lane),
        {event_type: dict(by_field) for event_type, by_field in vocabularies},
    )


def check_catalog() -> None:
    """Compiles every lane, so that a bad declaration is refused at start-up. Raises CatalogError."""
    for lane in registry.lanes():
        lane_plan(lane)


def compile_lane(
    lane: str, members: Sequence[type[EventType]], vocabularies: Vocabularies | None = None
) -> LanePlan:
    """The plan for these event types. Raises CatalogError naming module and line of a bad declaration."""
    members = sorted(members, key=lambda member: member.name)
    vocabularies = vocabularies or {}
    needs = Needs({member.name: member for member in members})
    lowered = {member.name: _lower(member, needs) for member in members}
    layouts = needs.layouts()
    tables = build_tables(members, layouts, lowered, needs.readers)
    kinds = tuple(
        EntityKind("_x_".join(layout.kind), layout.kind, layout.words, index)
        for index, layout in enumerate(layouts)
    )
    codes = {member.name: _category_codes(member, vocabularies.get(member.name, {})) for member in members}
    return LanePlan(
        lane=lane,
        layout_id=_digest([op.VERSION, [layout.description() for layout in layouts]]),
        entity_kinds=kinds,
        layouts=layouts,
        encodings={
            member.name: Encoding(
                program=index * op.MODES,
                values=lowered[member.name].value_columns(),
                hashes=lowered[member.name].hash_columns(),
                keys=tuple(tables.keys[member.name, mode] for mode in range(op.MODES)),
                codes=codes[member.name],
            )
            for index, member in enumerate(members)
        },
        sets={
            member.name: _feature_set(member, lowered[member.name].features, codes[member.name])
            for member in members
            if member.scored
        },
        batch_views={name: tuple(lowering.batch_views.values()) for name, lowering in lowered.items()},
        width=max((len(lowering.outs) for lowering in lowered.values()), default=0),
        value_columns=max((len(lowering.values) for lowering in lowered.values()), default=0),
        hash_columns=max((len(lowering.hashes) for lowering in lowered.values()), default=0),
        registers=max((lowering.registers for lowering in lowered.values()), default=0),
        saturables=tuple(needs.saturables),
        code=tables.code,
        constants=tables.constants,
        templates=tuple(layout.template() for layout in layouts),
    )


def _lower(member: type[EventType], needs: Needs) -> Lowering:
    features = _named_features(member)
    if features and not member.scored:
        raise features[0].origin.error(f"{member.name} is not scored, so it cannot have features")
    lowering = Lowering(member, needs)
    lowering.lower_features(features)
    return lowering


def _named_features(member: type[EventType]) -> list[Expression]:
    """The declared features; refuses two of one name."""
    seen: dict[str, Origin] = {}
    features = list(iter_features(member.features))
    for feature in features:
        if not feature.name.isidentifier():
            raise feature.origin.error(
                f"{feature.name!r} cannot be a feature's name; give it one with .named()"
            )
        earlier = seen.setdefault(feature.name, feature.origin)
        if earlier is not feature.origin:
            raise feature.origin.error(
                f"{member.name} already has a feature {feature.name!r}"
                f" ({earlier.module}, line {earlier.line})"
            )
    return features


def _category_codes(
    member: type[EventType], vocabulary: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, int]]:
    """value -> 1-based code per category; a closed category needs no frozen vocabulary."""
    return {
        name: {value: code for code, value in enumerate(declared.values or vocabulary.get(name, ()), start=1)}
        for name, declared in member.fields.items()
        if isinstance(declared, Category)
    }


def _feature_set(
    member: type[EventType], features: Sequence[Expression], codes: Mapping[str, Mapping[str, int]]
) -> FeatureSet:
    specs = tuple(make_spec(member, feature, codes) for feature in features)
    used = {name: list(values) for name, values in codes.items() if any(spec.field == name for spec in specs)}
    meaning = [
        op.VERSION,
        member.name,
        member.base_currency,
        [_describe(feature) for feature in features],
        used,
    ]
    return FeatureSet(
        event_type=member.name,
        names=tuple(spec.name for spec in specs),
        hash=_digest(meaning),
        features=specs,
        context_names=tuple(f"usual_{spec.name}" for spec in specs),
    )


def _describe(part: Any) -> Any:
    """A declaration as plain JSON: what it means, not where it was written or how reasons word it."""
    if isinstance(part, BatchValue):
        return ["BatchValue", part.view.name, part.view.definition, part.value]
    if is_dataclass(part) and not isinstance(part, type):
        members = [entry.name for entry in fields(part) if entry.name not in ("origin", "says", "label")]
        return [type(part).__name__, *(_describe(getattr(part, name)) for name in members)]
    if isinstance(part, tuple):
        return [_describe(member) for member in part]
    if isinstance(part, (str, int, float)):
        return part
    return f"{part.name}:{getattr(part, 'kind', '')}"  # a field


def _digest(meaning: Iterable[Any]) -> str:
    return hashlib.sha256(json.dumps(meaning, separators=(",", ":")).encode()).hexdigest()
