"""The decisions of a period as logged: their positions and their contents."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from django.db import connection
from numpy.typing import NDArray

from scoring.batch.versions import NONE
from scoring.lanes.order import values_of
from scoring.log.entries import LAST_POSITION, Entry
from scoring.log.read import read_positions, read_streams
from scoring.log.upcasters import upcast_to_current

DECISIONS = ("decision.made", "decision.revised")
ROWS_A_PAGE = 5_000

# A decision's recorded_at equals its decided_at.
_PAGE = """
    SELECT position, stream, type, schema_version, data FROM scoring_logentry
     WHERE position > %s AND type = ANY(%s) AND recorded_at >= %s AND recorded_at < %s
       AND starts_with(stream, %s)
     ORDER BY position LIMIT %s
"""

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DecisionPositions:
    """n decisions in the order of their positions; int64[n] each.

    `orders` and `seqs`: the position in the lane at which the event was read; -1 if no lane had sequenced it.
    `versions`: by batch view, the number of the version that was read, or NONE.
    """

    positions: Positions
    orders: Positions
    seqs: Positions
    versions: Mapping[str, Positions] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.positions)

    def of_order(self, order: int) -> "DecisionPositions":
        """Those of one order of the lane, by seq."""
        rows = np.flatnonzero(self.orders == order)
        return self._take(rows[np.argsort(self.seqs[rows], kind="stable")])

    def beyond(self, count: int) -> "DecisionPositions":
        """All but the first `count`."""
        return self._take(np.arange(count, len(self)))

    def _take(self, rows: Positions) -> "DecisionPositions":
        versions = {view: numbers[rows] for view, numbers in self.versions.items()}
        return DecisionPositions(self.positions[rows], self.orders[rows], self.seqs[rows], versions)


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """A decision, and its event: the data of the receipt or correction that was decided.

    `fields`: canonical fields and signals.

    `rescored`: its vector was copied from an earlier decision of the event instead of read from the lane.
    """

    entry: Entry
    event: Mapping[str, Any]
    fields: Mapping[str, Any]
    rescored: bool

    @property
    def basis(self) -> str:
        return str(self.entry.data["basis"])

    @property
    def model(self) -> str:
        return str(self.entry.data["model"])


def find_decisions(
    event_type: str, *, since: datetime, until: datetime, limit: int | None = None
) -> DecisionPositions:
    """The decisions of a type that were made in [since, until), the first `limit` of them."""
    rows: list[tuple[int, int, int]] = []
    read: dict[str, list[int]] = defaultdict(list)
    for place, versions in _iter_places(event_type, since, until, limit):
        for view, number in versions.items():
            _pad(read[view], len(rows)).append(number or NONE)
        rows.append(place)
    positions, orders, seqs = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    columns = {view: np.array(_pad(numbers, len(rows))) for view, numbers in read.items()}
    return DecisionPositions(positions, orders, seqs, columns)


def read_decisions(positions: Positions) -> list[LoggedDecision]:
    """The decisions at these positions, in this order."""
    entries = read_positions(positions.tolist())
    versions = read_positions(sorted({version_decided(entry) for entry in entries}))
    events = {version.position: version.data for version in versions}
    fields = {position: values_of(event) for position, event in events.items()}
    rescored = _rescored(entries)
    return [
        LoggedDecision(entry, events[decided], fields[decided], entry.position in rescored)
        for entry in entries
        for decided in (version_decided(entry),)
    ]


def version_decided(decision: Entry) -> int:
    """The position of the receipt or correction that a decision is about."""
    return int(decision.data.get("event_version", decision.data["event_position"]))


def _pad(numbers: list[int], count: int) -> list[int]:
    """`numbers`, made as long as `count`."""
    numbers.extend([NONE] * (count - len(numbers)))
    return numbers


def _iter_places(
    event_type: str, since: datetime, until: datetime, limit: int | None
) -> Iterator[tuple[tuple[int, int, int], Mapping[str, int | None]]]:
    last, left = 0, LAST_POSITION if limit is None else limit
    while left > 0:
        with connection.cursor() as cursor:
            cursor.execute(
                _PAGE, [last, list(DECISIONS), since, until, f"{event_type}/", min(left, ROWS_A_PAGE)]
            )
            rows = cursor.fetchall()
        if not rows:
            return
        for position, stream, entry_type, schema, text in rows:
            data = upcast_to_current(entry_type, stream, schema, orjson.loads(text))
            sequenced = data["seq"] is not None
            place = (position, data["order"], data["seq"]) if sequenced else (position, -1, -1)
            yield place, data.get("batch", {})
        last, left = rows[-1][0], left - len(rows)


def _rescored(entries: Sequence[Entry]) -> set[int]:
    """The positions of decisions whose event version had a decision with a vector before."""
    revised = [entry.stream for entry in entries if entry.data["revision"]]
    with_vector: dict[int, list[int]] = defaultdict(list)
    for of_stream in read_streams(revised).values():
        for entry in of_stream:
            if entry.packed:
                with_vector[version_decided(entry)].append(entry.position)
    return {position for positions in with_vector.values() for position in positions[1:]}
