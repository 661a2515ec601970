"""Events as they were decided: their fields, and the features that their decisions logged, by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scoring.catalog.registry import event_type as find_event_type
from scoring.features.compile.plan import FeatureSet, lane_plan
from scoring.features.logged_vectors import unpack_also, unpack_vectors
from scoring.lanes.amendments import VERSIONS
from scoring.log.entries import Entry
from scoring.log.read import read_streams
from scoring.registry.errors import ArtifactCorrupt, UnknownModel
from scoring.registry.model_versions import describe_model
from scoring.rules.heads import heads_of, scores_by_operand
from scoring.timestamps import from_iso

Vocabularies = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class DecidedEvent:
    """An event with what its decision knew: the version of its fields that was decided, and its vector.

    `fields` are canonical, with digests in place of personal values; `signals` are by column. `features` are
    by name, in the units of vectors; a missing value is NaN, a feature that was not logged is absent.
    `score` is None without a model, `outcome` "" for an event that was never decided.
    """

    position: int
    stream: str
    external_id: str
    source: str
    occurred_at: datetime
    fields: Mapping[str, Any]
    signals: Mapping[str, float] = field(default_factory=dict)
    features: Mapping[str, float] = field(default_factory=dict)
    score: float | None = None
    outcome: str = ""
    decided_at: datetime | None = None


class FeatureColumns:
    """The column of each feature in the vectors that decisions of one event type logged.

    Models are looked up once each, so one object serves many decisions.
    """

    def __init__(self, event_type: str) -> None:
        self._kind = find_event_type(event_type)
        self._columns: dict[tuple[str, str], tuple[str, ...]] = {}
        declared = lane_plan(self._kind.lane).feature_sets(event_type)
        self._declared = {each.declared: tuple(each.names) for each in declared}

    def declared_names(self, declared: str) -> tuple[str, ...]:
        """The features of a set that this code declares, in order; none of another set."""
        return self._declared.get(declared, ())

    def features_of(self, decision: Entry) -> dict[str, float | None]:
        """The logged features by name; none of a set that this code does not declare."""
        packed = decision.packed or b""
        found: dict[str, float | None] = {}
        for declared, values in unpack_also(decision.data, packed).items():
            found.update(zip(self.declared_names(declared), values.tolist(), strict=False))
        names = self.names_of(decision.data["model"], decision.data.get("feature_set", ""))
        own, _ = unpack_vectors(packed, width=len(names))
        found.update(zip(names, own.tolist(), strict=False))
        return {**found, **scores_by_operand(heads_of(decision.data))}

    def names_of(self, model: str, feature_set: str) -> tuple[str, ...]:
        """The features of a decision's own vector in order, by its model and the hash of its set."""
        if (model, feature_set) not in self._columns:
            found = self._find_set(model, feature_set)
            self._columns[model, feature_set] = tuple(found.names) if found else ()
        return self._columns[model, feature_set]

    def _find_set(self, model: str, feature_set: str) -> FeatureSet | None:
        vocabularies = _vocabularies_of(model)
        plan = lane_plan(self._kind.lane, {self._kind.name: vocabularies} if vocabularies else None)
        return plan.find_feature_set(self._kind.name, feature_set)


def _vocabularies_of(model: str) -> Vocabularies:
    """The vocabularies under which a model's vectors were coded; none without a model that can be read."""
    if not model:
        return {}
    try:
        return describe_model(model).spec.vocabularies
    except (UnknownModel, ArtifactCorrupt):
        return {}


def read_decided_events(streams: Sequence[str], *, columns: FeatureColumns) -> list[DecidedEvent]:
    """The events of these streams, all of one type, in this order; those that were never received are absent.

    Of several decisions, the last one with a vector counts.
    """
    found = read_streams(streams)
    return [decided_event(found[stream], columns=columns) for stream in streams if stream in found]


def decided_event(entries: Sequence[Entry], *, columns: FeatureColumns) -> DecidedEvent:
    """The event with these entries, which are its whole stream."""
    versions = {entry.position: entry for entry in entries if entry.type in VERSIONS}
    decisions = [entry for entry in entries if entry.type.startswith("decision.")]
    decision = next(
        (each for each in reversed(decisions) if each.packed), decisions[-1] if decisions else None
    )
    if decision is None:
        return _event(entries, list(versions.values())[-1])
    decided = decision.data.get("event_version", decision.data["event_position"])
    return _event(
        entries,
        versions[decided],
        features=columns.features_of(decision),
        score=decision.data["score"],
        outcome=decision.data["outcome"],
        decided_at=from_iso(decision.data["decided_at"]),
    )


def _event(entries: Sequence[Entry], version: Entry, **decided: Any) -> DecidedEvent:
    received = entries[0]
    return DecidedEvent(
        position=received.position,
        stream=received.stream,
        external_id=received.data["id"],
        source=received.data["source"],
        occurred_at=from_iso(version.data["occurred_at"]),
        fields=version.data["fields"],
        signals=version.data.get("signals", {}),
        **decided,
    )
