"""Reads decided events page by page, as columns: logged vectors and findings, fields and labels."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import orjson
from django.db import connection
from numpy.typing import NDArray

from scoring.features.logged_vectors import unpack_also
from scoring.log.upcasters import upcast_to_current
from scoring.rules.deciding.precedence import Finding
from scoring.rules.expressions.columns import Column
from scoring.rules.expressions.operands import Operand, is_policy_operand
from scoring.rules.heads import heads_of, scores_by_operand
from scoring.rules.quality.logged import findings_in
from scoring.rules.rules.trial.decided_events import FeatureColumns
from scoring.rules.rules.trial.sample import positions_since

EVENTS_A_PAGE = 5_000
# Positions rise with recorded times, except for transactions that overlap; none lasts this long.
SLACK = timedelta(minutes=10)

# A decision's recorded_at equals its decided_at.
_DECISIONS = """
    SELECT position, stream, schema_version, data, packed FROM scoring_logentry
     WHERE position > %s AND position <= %s AND type = 'decision.made' AND starts_with(stream, %s)
       AND recorded_at >= %s AND recorded_at < %s
     ORDER BY position LIMIT %s
"""
_VERSIONS = (
    "SELECT position, stream, type, schema_version, data FROM scoring_logentry WHERE position = ANY(%s)"
)
_LABELS = """
    SELECT DISTINCT ON (event_stream) event_stream, effective FROM scoring_label
     WHERE event_stream = ANY(%s) ORDER BY event_stream, position DESC
"""

Data = Mapping[str, Any]


@dataclass(frozen=True)
class EventPage:
    """n decided events, in order of their decisions' positions.

    `decisions`: the data of each first decision. `versions`: the data of the receipt or correction that was
    decided. `labels`: the effective label of each event now, None without one.
    """

    is_decided: ClassVar[bool] = True

    streams: Sequence[str]
    decisions: Sequence[Data]
    packed: Sequence[bytes]
    versions: Sequence[Data]
    labels: Sequence[str | None]
    features: FeatureColumns

    def __len__(self) -> int:
        return len(self.decisions)

    @cached_property
    def listed(self) -> list[list[Finding]]:
        """What lists and hash banks found at the time of each decision."""
        return [
            [found for found in findings_in(decision) if found.kind != "rule"] for decision in self.decisions
        ]

    def columns(self, operands: Collection[Operand]) -> dict[str, Column]:
        """The stored values of operands, by name; a feature that was not logged is missing."""
        named: dict[str, Column] = {
            operand.name: self._values(operand) for operand in operands if operand.kind != "feature"
        }
        wanted = {operand.column: operand.name for operand in operands if operand.kind == "feature"}
        if not wanted:
            return named
        vectors = self._feature_columns(tuple(wanted))
        return {**named, **{wanted[column]: values for column, values in vectors.items()}}

    def lacks(self, features: Collection[str]) -> int:
        """The number of events whose decision did not log all of these features."""
        wanted = frozenset(name for name in features if not is_policy_operand(name))
        sets = Counter(map(_logged_sets, self.decisions)) if wanted else Counter()
        return sum(count for sets_of, count in sets.items() if not wanted <= self._names(*sets_of))

    def _values(self, operand: Operand) -> list[Any]:
        if operand.kind == "score":
            return [decision["score"] for decision in self.decisions]
        if operand.kind == "source":
            return [stream.split("/", 2)[1] for stream in self.streams]
        part = "fields" if operand.kind == "field" else "signals"
        return [version.get(part, {}).get(operand.column) for version in self.versions]

    def _feature_columns(self, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """The logged values of features, NaN where a decision logged none."""
        values = {name: np.full(len(self), np.nan) for name in names}
        for rows, held in self._own_sets():
            places = {name: held.index(name) for name in names if name in held}
            if places:
                width = len(held)
                block = b"".join([self.packed[row][: 8 * width] for row in rows])
                matrix = np.frombuffer(block, dtype="<f8").reshape(len(rows), width)
                for name, place in places.items():
                    values[name][rows] = matrix[:, place]
        self._fill_from_also(values)
        self._fill_from_heads(values)
        return values

    def _own_sets(self) -> Iterator[tuple[list[int], tuple[str, ...]]]:
        """Rows whose own vector is of one feature set, with the set's features in order."""
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row, decision in enumerate(self.decisions):
            if self.packed[row]:
                groups[decision["model"], decision.get("feature_set", "")].append(row)
        for key, rows in groups.items():
            yield rows, self.features.names_of(*key)

    def _fill_from_also(self, values: Mapping[str, NDArray[np.float64]]) -> None:
        """Fill in values that a decision logged in addition to its own vector."""
        for row, decision in enumerate(self.decisions):
            if decision.get("also"):
                for declared, vector in unpack_also(decision, self.packed[row]).items():
                    names = self.features.declared_names(declared)
                    for name in values.keys() & set(names):
                        if np.isnan(values[name][row]):
                            values[name][row] = vector[names.index(name)]

    def _fill_from_heads(self, values: Mapping[str, NDArray[np.float64]]) -> None:
        """Fill in the scores of policies, which decisions log beside the vector."""
        for row, decision in enumerate(self.decisions):
            for name, score in scores_by_operand(heads_of(decision)).items():
                if name in values:
                    values[name][row] = score

    def _names(self, model: str, feature_set: str, *also: str) -> frozenset[str]:
        names = set(self.features.names_of(model, feature_set))
        return frozenset(names.union(*map(self.features.declared_names, also)))


def _logged_sets(decision: Data) -> tuple[str, ...]:
    """What names the feature sets whose values a decision logged."""
    also = [declared for declared, _ in decision.get("also", ())]
    return (decision["model"], decision.get("feature_set", ""), *also)


@dataclass(frozen=True)
class LogRange:
    """The positions of the log that hold the decisions of a period."""

    after: int
    until: int

    @property
    def length(self) -> int:
        return max(self.until - self.after, 0)


def range_of(since: datetime, until: datetime) -> LogRange:
    """The positions in which decisions made in [since, until) lie."""
    first, last = positions_since(since - SLACK)
    return LogRange(first - 1, min(positions_since(until + SLACK)[0], last))


@dataclass(frozen=True, slots=True)
class Reading:
    """Which decisions to read: those of a type, first made in [since, until)."""

    event_type: str
    since: datetime
    until: datetime


def iter_pages(reading: Reading, positions: LogRange) -> Iterator[tuple[EventPage, int]]:
    """The decided events, and how many positions each page covers. Memory holds one page."""
    columns, last = FeatureColumns(reading.event_type), positions.after
    while rows := _read_decisions(reading, last, positions.until):
        page, reached = _page_of(rows, columns), rows[-1][0]
        yield page, reached - last
        last = reached


def _read_decisions(reading: Reading, after: int, last: int) -> list[tuple[Any, ...]]:
    values: list[Any] = [after, last, f"{reading.event_type}/", reading.since, reading.until, EVENTS_A_PAGE]
    with connection.cursor() as cursor:
        cursor.execute(_DECISIONS, values)
        return list(cursor.fetchall())


def _page_of(rows: Sequence[tuple[Any, ...]], columns: FeatureColumns) -> EventPage:
    streams = [row[1] for row in rows]
    decisions = [
        upcast_to_current("decision.made", stream, schema, orjson.loads(text))
        for _, stream, schema, text, _ in rows
    ]
    decided = [version_decided(each) for each in decisions]
    versions, labels = read_versions(decided), read_labels(streams)
    return EventPage(
        streams=streams,
        decisions=decisions,
        packed=[bytes(row[4]) if row[4] is not None else b"" for row in rows],
        versions=[versions[position] for position in decided],
        labels=[labels.get(stream) for stream in streams],
        features=columns,
    )


def version_decided(decision: Data) -> int:
    """The position of the receipt or correction that a decision is about."""
    return int(decision.get("event_version", decision["event_position"]))


def read_versions(positions: Sequence[int]) -> dict[int, Data]:
    """The data of the receipts and corrections at these positions."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS, [list(positions)])
        return {
            position: upcast_to_current(entry_type, stream, schema, orjson.loads(text))
            for position, stream, entry_type, schema, text in cursor.fetchall()
        }


def read_labels(streams: Sequence[str]) -> dict[str, str | None]:
    """The effective label of each of these events that was ever labeled."""
    with connection.cursor() as cursor:
        cursor.execute(_LABELS, [list(streams)])
        return dict(cursor.fetchall())
