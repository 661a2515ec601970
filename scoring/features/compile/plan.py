"""Compiles the declarations of a lane: the layout of its states and the tables that the kernel interprets."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.catalog import registry
from scoring.catalog.event_type import EventType, categories_of
from scoring.declare import FeatureView
from scoring.declare.meaning import meaning_of
from scoring.declare.usual import lower_usual
from scoring.features import opcodes as op
from scoring.features.compile.declared_sets import DeclaredSet, declared_sets, hashed_clock
from scoring.features.compile.event_program import EventProgram
from scoring.features.compile.key_columns import KeyColumns, assign_columns
from scoring.features.compile.layout import KindLayout, StateNeeds
from scoring.features.compile.specs import FeatureSpec, make_spec
from scoring.features.compile.tables import build_tables

Vocabularies = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class EntityKind:
    """An entity or pair with states. `fields`: the kinds in its key; `words`: its size in 64-bit words."""

    name: str
    fields: tuple[str, ...]
    words: int
    index: int


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSet:
    """An event type's vector: names in order, and a hash of everything that gives the values their meaning.

    `hash` covers the vocabularies of open categories; `declared` is the same without them, from the code
    alone. Neither depends on other declarations. `columns`, `context_columns`: int64[F], the columns of the
    values and of what is usual for the entity, in a folded row of the lane. `rules_only`: no model is trained
    on it.
    """

    event_type: str
    names: tuple[str, ...]
    hash: str
    declared: str
    features: tuple[FeatureSpec, ...]
    context_names: tuple[str, ...]
    columns: NDArray[np.int64]
    context_columns: NDArray[np.int64]
    rules_only: bool = False

    @property
    def resemblances(self) -> tuple[tuple[int, str, str], ...]:
        """(column, text field, policy or "") of the features that models fill in from texts."""
        return _resemblances(self)

    def vector_of(self, out: NDArray[np.float64]) -> NDArray[np.float64]:
        """The set's values [..., F] of folded rows [..., plan.width]; a copy."""
        return out[..., self.columns]

    def context_of(self, out: NDArray[np.float64]) -> NDArray[np.float64]:
        """What is usual for the entity, for each value [..., F], from folded rows; a copy."""
        return out[..., self.context_columns]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How an event type's items are encoded: (column, field) lists, and the fields of each key."""

    program: int
    # column, field, "money" | "number" | "category" | "batch" | "offset": by how many microseconds the time
    # zone in the field is ahead of UTC when the event occurs
    values: tuple[tuple[int, str, str], ...]
    hashes: tuple[tuple[int, str], ...]
    keys: tuple[tuple[tuple[int, tuple[str, ...]], ...], ...]  # by mode: (key column, fields of the key)
    codes: Mapping[str, Mapping[str, int]]  # category field -> value -> code


@dataclass(frozen=True, slots=True, eq=False)
class LanePlan:
    """A compiled lane. The same plan encodes and folds one item or a million."""

    lane: str
    layout_id: str
    entity_kinds: tuple[EntityKind, ...]
    key_kinds: tuple[int, ...]  # by key column: its kind of entity; column k has kind k
    layouts: tuple[KindLayout, ...]
    encodings: Mapping[str, Encoding]
    sets: Mapping[str, tuple[FeatureSet, ...]]  # scored event type -> its sets, the newest first, rules' last
    batch_views: Mapping[str, tuple[FeatureView, ...]]  # event type -> the views that its sets read
    width: int  # columns of the output: enough for all sets of any event type
    value_columns: int
    hash_columns: int
    registers: int
    saturables: tuple[str, ...]  # features whose reads can be capped, as "event type.feature"
    code: NDArray[np.int64]
    constants: NDArray[np.float64]
    templates: tuple[NDArray[np.int64], ...] = field(repr=False)

    def feature_set(self, event_type: str) -> FeatureSet:
        """The newest set of a scored event type of this lane: `features`. Raises KeyError for another."""
        return self.sets[event_type][0]

    def feature_sets(self, event_type: str) -> tuple[FeatureSet, ...]:
        """Every set of a scored event type: the newest, earlier ones, that of rules.

        Raises KeyError for another event type.
        """
        return self.sets[event_type]

    def find_feature_set(self, event_type: str, wanted: str) -> FeatureSet | None:
        """The set with this hash, under the plan's vocabularies; None if this code does not declare it."""
        return next((each for each in self.feature_sets(event_type) if each.hash == wanted), None)


def lane_plan(lane: str, vocabularies: Vocabularies | None = None) -> LanePlan:
    """The compiled plan of a lane; the same object for the same vocabularies ({event type: {field: names}}).

    A category that is not in its vocabulary has code 0. Raises UnknownLane, CatalogError.
    """
    frozen = tuple(
        (event_type, tuple((name, tuple(values)) for name, values in sorted(by_field.items())))
        for event_type, by_field in sorted((vocabularies or {}).items())
    )
    return _cached_plan(lane, registry.lane_members(lane), frozen)


@lru_cache(maxsize=64)
def _cached_plan(
    lane: str,
    members: tuple[type[EventType], ...],
    vocabularies: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...],
) -> LanePlan:
    return compile_lane(lane, members, {event_type: dict(by_field) for event_type, by_field in vocabularies})


def check_catalog() -> None:
    """Compile every lane, so that start-up refuses a bad declaration. Raises CatalogError."""
    for lane in registry.lanes():
        lane_plan(lane)


def compile_lane(
    lane: str, members: Sequence[type[EventType]], vocabularies: Vocabularies | None = None
) -> LanePlan:
    """The plan for these event types. Raises CatalogError naming module and line of a bad declaration."""
    members = sorted(members, key=lambda member: member.name)
    vocabularies = vocabularies or {}
    needs = StateNeeds({member.name: member for member in members})
    declared = {member.name: declared_sets(member) for member in members}
    programs = {member.name: EventProgram(member, needs) for member in members}
    places = {name: [_columns(programs[name], each) for each in sets] for name, sets in declared.items()}
    layouts = needs.layouts()
    key_columns = assign_columns(members, layouts, programs)
    tables = build_tables(members, layouts, programs, key_columns)
    kinds = tuple(
        EntityKind("_x_".join(layout.kind), layout.kind, layout.words, index)
        for index, layout in enumerate(layouts)
    )
    codes = {member.name: _category_codes(member, vocabularies.get(member.name, {})) for member in members}
    return LanePlan(
        lane=lane,
        layout_id=_layout_id(layouts, key_columns),
        entity_kinds=kinds,
        key_kinds=key_columns.kinds,
        layouts=layouts,
        encodings={
            member.name: Encoding(
                program=index * op.MODES,
                values=programs[member.name].value_columns(),
                hashes=programs[member.name].hash_columns(),
                keys=tuple(tables.keys[member.name, mode] for mode in range(op.MODES)),
                codes=codes[member.name],
            )
            for index, member in enumerate(members)
        },
        sets={
            member.name: tuple(
                _feature_set(member, each, codes[member.name], columns)
                for each, columns in zip(declared[member.name], places[member.name], strict=True)
            )
            for member in members
            if member.scored
        },
        batch_views={name: tuple(program.batch_views.values()) for name, program in programs.items()},
        **_largest(programs.values()),
        saturables=tuple(needs.saturables),
        code=tables.code,
        constants=tables.constants,
        templates=tuple(layout.template() for layout in layouts),
    )


def _largest(programs: Collection[EventProgram]) -> dict[str, int]:
    """The room that the largest of the programs needs, by the names of the plan."""
    return {
        "width": max((len(program.outs) for program in programs), default=0),
        "value_columns": max((len(program.values) for program in programs), default=0),
        "hash_columns": max((len(program.hashes) for program in programs), default=0),
        "registers": max((program.registers for program in programs), default=0),
    }


def _layout_id(layouts: Sequence[KindLayout], key_columns: KeyColumns) -> str:
    """A hash of the layouts, and of the event types that have several keys of one kind."""
    several = key_columns.several_roles()
    described = [layout.description() for layout in layouts]
    return _digest([op.VERSION, described, several] if several else [op.VERSION, described])


def _columns(program: EventProgram, declared: DeclaredSet) -> tuple[list[int], list[int]]:
    """The columns of a row with a set's values, and those with what is usual.

    Features of one or several sets with the same value share one column.
    """
    features, program.time_of_day = declared.features, declared.clock
    values = [program.out_column(feature.lower(program)) for feature in features]
    return values, [program.out_column(lower_usual(feature.usual(), program)) for feature in features]


def _category_codes(
    member: type[EventType], vocabulary: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, int]]:
    """value -> 1-based code per category; a closed category needs no frozen vocabulary."""
    return {
        name: {value: code for code, value in enumerate(values or vocabulary.get(name, ()), start=1)}
        for name, values in categories_of(member).items()
    }


def _feature_set(
    member: type[EventType],
    declared: DeclaredSet,
    codes: Mapping[str, Mapping[str, int]],
    columns: tuple[list[int], list[int]],
) -> FeatureSet:
    specs = tuple(make_spec(member, each, codes, clock=declared.clock) for each in declared.features)
    used = [name for name in codes if any(spec.field == name for spec in specs)]
    values, context = columns
    return FeatureSet(
        event_type=member.name,
        names=tuple(spec.name for spec in specs),
        hash=_digest_of(member, declared, {name: codes[name] for name in used}),
        declared=_digest_of(member, declared, {name: _category_codes(member, {})[name] for name in used}),
        features=specs,
        context_names=tuple(f"usual_{spec.name}" for spec in specs),
        columns=np.array(values, dtype=np.int64),
        context_columns=np.array(context, dtype=np.int64),
        rules_only=declared.rules_only,
    )


@lru_cache(maxsize=256)
def _resemblances(feature_set: FeatureSet) -> tuple[tuple[int, str, str], ...]:
    found = [(column, spec.resemblance) for column, spec in enumerate(feature_set.features)]
    return tuple((column, each.field.name, each.policy) for column, each in found if each)


def feature_digest(spec: FeatureSpec) -> str:
    """A hash of a feature's meaning, the same in every set with the same declaration."""
    clock = hashed_clock([spec.expression], spec.clock)
    return _digest([op.VERSION, spec.name, spec.currency, meaning_of(spec.expression), *clock])


def _digest_of(member: type[EventType], declared: DeclaredSet, codes: Mapping[str, Mapping[str, int]]) -> str:
    """The hash of a set with these codes for its categories."""
    described = [meaning_of(feature) for feature in declared.features]
    used = {name: list(values) for name, values in codes.items()}
    return _digest([op.VERSION, member.name, member.base_currency, described, used, *declared.hashed_clock])


def _digest(meaning: Iterable[Any]) -> str:
    return hashlib.sha256(json.dumps(meaning, separators=(",", ":")).encode()).hexdigest()
