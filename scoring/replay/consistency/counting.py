"""What the continuous check found, counted by hour: each feature, and each aspect of a decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from django.db import connection
from numpy.typing import NDArray

from scoring.features.logged_vectors import unpack_vectors
from scoring.replay.compare import DecisionComparison
from scoring.replay.logged import LoggedDecision
from scoring.replay.models import ASPECTS, AspectConsistency, FeatureConsistency
from scoring.replay.recompute import Recomputed
from scoring.sql.bulk_tables import insert_values
from scoring.timestamps import from_iso

MAX_TEXT = 300  # characters of each of the two values of an example

_Key = tuple[str, datetime, str]  # event type, hour of the decision, feature or aspect


@dataclass(slots=True)
class Count:
    """How many were compared, how many differed, and the last difference."""

    compared: int = 0
    mismatched: int = 0
    example: Mapping[str, Any] | None = None

    def add(self, *, differs: bool, example: Mapping[str, Any] | None = None) -> None:
        self.compared += 1
        self.mismatched += differs
        self.example = example or self.example


@dataclass(slots=True)
class Counts:
    """The counts of a step; stored by `store`, in the transaction that moves the checkpoint."""

    features: dict[_Key, Count] = field(default_factory=dict)
    aspects: dict[_Key, Count] = field(default_factory=dict)
    decisions: int = 0

    def add_features(self, logged: LoggedDecision, again: Recomputed, known: NDArray[np.bool_]) -> None:
        """Count the features of a vector. `known` bool[plan.width]: the columns computed from the log."""
        if again.feature_set is None:
            return
        vector, _ = unpack_vectors(logged.entry.packed or b"", width=len(again.names))
        differs = vector.view(np.int64) != again.vector.view(np.int64)
        for column in np.flatnonzero(known[again.feature_set.columns]).tolist():
            key = _key(logged, again.names[column])
            self.features.setdefault(key, Count()).add(differs=bool(differs[column]))

    def add_comparison(self, comparison: DecisionComparison) -> None:
        """Count the aspects of a decision that could be recomputed."""
        self.decisions += 1
        for aspect in ASPECTS:
            if aspect in comparison.held:
                key = _key(comparison.logged, aspect)
                example = None if comparison.held[aspect] else _example(comparison, aspect)
                differs = not comparison.held[aspect]
                self.aspects.setdefault(key, Count()).add(differs=differs, example=example)

    def store(self) -> None:
        """Add the counts to those of the same hours."""
        _add(
            FeatureConsistency._meta.db_table,
            ("event_type", "hour", "feature"),
            [(*key, each.compared, each.mismatched) for key, each in sorted(self.features.items())],
        )
        _add(
            AspectConsistency._meta.db_table,
            ("event_type", "hour", "aspect"),
            [
                (*key, each.compared, each.mismatched, each.example and orjson.dumps(each.example).decode())
                for key, each in sorted(self.aspects.items())
            ],
            also=("example",),
        )


def forget_counts(*, before: datetime) -> int:
    """Delete the counts of earlier hours; returns their number."""
    tables = (FeatureConsistency, AspectConsistency)
    return sum(table.objects.filter(hour__lt=before).delete()[0] for table in tables)


def _key(logged: LoggedDecision, name: str) -> _Key:
    data = logged.entry.data
    hour = from_iso(data["decided_at"]).replace(minute=0, second=0, microsecond=0)
    return data["event_type"], hour, name


def _example(comparison: DecisionComparison, aspect: str) -> dict[str, Any]:
    """The decision, and the first value of the aspect that differs."""
    data, first = comparison.logged.entry.data, comparison.first_difference(aspect)
    return {
        "event": data["event_position"],
        "stream": comparison.logged.entry.stream,
        "revision": data["revision"],
        "field": first.field,
        "logged": first.logged[:MAX_TEXT],
        "recomputed": first.replayed[:MAX_TEXT],
    }


def _add(
    table: str, key: tuple[str, ...], rows: Sequence[tuple[Any, ...]], *, also: tuple[str, ...] = ()
) -> None:
    """Add counts to the rows of these keys; a column in `also` keeps its value unless a new one is given."""
    if not rows:
        return
    counted = [f"{name} = {table}.{name} + EXCLUDED.{name}" for name in ("compared", "mismatched")]
    kept = [f"{name} = COALESCE(EXCLUDED.{name}, {table}.{name})" for name in also]
    on_conflict = f"({', '.join(key)}) DO UPDATE SET {', '.join([*counted, *kept])}"
    insert_values(connection, table, (*key, "compared", "mismatched", *also), rows, on_conflict)
