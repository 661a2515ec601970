"""The entity states of a lane, online and as the log gives them, and how they differ.

Redis is behind the log for a moment in every batch, which is committed before its states are written. If a
holder is killed in that moment, Redis stays behind until the next holder restores the states. Any other
difference is a fault.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from scoring.features import opcodes as op
from scoring.features.compile.layout import KindLayout, RingColumn
from scoring.features.compile.plan import LanePlan, lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import encode
from scoring.features.folding.fold import fold
from scoring.lanes.order import read_head
from scoring.states.store import OnlineStore
from scoring.timestamps import from_micros, to_iso
from tests.factories.lane_items import iter_lane_items

Words = tuple[NDArray[np.int64], NDArray[np.int64]]  # of the state found and of the one expected

MAX_ENTITIES, MAX_WORDS = 10, 3  # shown of a difference
HEADER = {op.SEQ: "seq", op.LATEST: "latest", op.FIRST: "first seen", op.TOO_LATE: "too late"}


class LaneStates(dict[str, bytes]):
    """States by "{kind index}:{key}". `place`: where they are from; `seq`: their last item, if known."""

    def __init__(self, states: Mapping[str, bytes], *, lane: str, place: str, seq: int | None) -> None:
        super().__init__(states)
        self.lane, self.place, self.seq = lane, place, seq

    def explain_difference(self, found: Mapping[str, bytes]) -> list[str]:
        """How other states differ: their seqs, the entities, and the words of their states. For pytest."""
        plan = lane_plan(self.lane, vocabularies={})
        differing = sorted(key for key in {*found, *self} if found.get(key) != self.get(key))
        place = found.place if isinstance(found, LaneStates) else "states"
        return [
            f"{place} ({len(found)} entities) differ from {self.place} ({len(self)}) in {len(differing)}",
            *self._explain_lag(found),
            *(_entity(plan, key, found.get(key), self.get(key)) for key in differing[:MAX_ENTITIES]),
            *(["..."] if len(differing) > MAX_ENTITIES else []),
        ]

    def _explain_lag(self, found: Mapping[str, bytes]) -> Iterator[str]:
        if isinstance(found, LaneStates) and found.seq is not None and self.seq is not None:
            same = dict(fold_log(self.lane, until=found.seq)) == dict(found)
            yield (
                f"they are {self.seq - found.seq} items behind and"
                f" {'equal' if same else 'differ from'} what the log gives up to seq {found.seq}"
            )


def read_online_states(lane: str) -> LaneStates:
    """The states in Redis."""
    store = OnlineStore(lane, lane_plan(lane, vocabularies={}).layout_id)
    cursor = store.cursor()
    states = store.states()
    later = store.cursor()
    moved = "" if later == cursor else f", which moved on to {later} while they were read"
    seq = (cursor or "").partition(":")[0]
    place = f"Redis at {cursor}{moved}"
    return LaneStates(states, lane=lane, place=place, seq=int(seq) if seq.isdigit() else None)


def fold_log(lane: str, *, until: int | None = None) -> LaneStates:
    """The states after folding the log item by item, up to the item with the seq `until`."""
    plan = lane_plan(lane, vocabularies={})
    arena, head = Arena(plan), read_head(lane)
    for chunk in iter_lane_items(lane):
        items = [item for item in chunk.items if until is None or item.seq <= until]
        fold(plan, encode(plan, items), arena)
    seq = head.seq if until is None else until
    return LaneStates(arena.blobs(), lane=lane, place=f"the log at {head.cursor}", seq=seq)


def is_current(lane: str) -> bool:
    """Whether the states in Redis reflect the whole log."""
    return read_cursor(lane) == read_head(lane).cursor


def read_cursor(lane: str) -> str | None:
    """The cursor of the states in Redis."""
    return OnlineStore(lane, lane_plan(lane, vocabularies={}).layout_id).cursor()


def _entity(plan: LanePlan, key: str, found: bytes | None, expected: bytes | None) -> str:
    kind, _, name = key.partition(":")
    title = f"{plan.entity_kinds[int(kind)].name} {name!r}"
    if found is None or expected is None:
        return f"{title}: {'missing' if found is None else 'not expected'}"
    pair = np.frombuffer(found, dtype="<i8"), np.frombuffer(expected, dtype="<i8")
    if len(pair[0]) != len(pair[1]):
        return f"{title}: {len(pair[0])} words, not {len(pair[1])}"
    header = [
        f"{HEADER[at]} {_shown(at, pair)}" for at in HEADER if at <= op.LATEST or pair[0][at] != pair[1][at]
    ]
    words = [at for at in np.flatnonzero(pair[0] != pair[1]).tolist() if at not in HEADER]
    shown = [_part(plan.layouts[int(kind)], at, pair) for at in words[:MAX_WORDS]]
    more = [f"{len(words) - MAX_WORDS} more words"] if len(words) > MAX_WORDS else []
    return f"{title}: {'; '.join([*header, *shown, *more])}"


def _shown(at: int, pair: Words) -> str:
    """A word of the header in both, or once if they are equal."""
    both = [
        str(int(words[at])) if at not in {op.LATEST, op.FIRST} else _time(int(words[at])) for words in pair
    ]
    return both[0] if both[0] == both[1] else f"{both[0]} != {both[1]}"


def _time(micros: int) -> str:
    return "never" if micros == op.NEVER else to_iso(from_micros(micros))


def _part(layout: KindLayout, at: int, pair: Words) -> str:
    """The ring column or other part that holds a word, the word's place in it, and both values."""
    columns = [(start, column) for ring in layout.rings for column, start in ring.columns.items()]
    start, part = max(
        each for each in [*columns, *((at, part) for part, at in layout.parts.items())] if each[0] <= at
    )
    found, expected = (
        words.view(np.float64)[at] if isinstance(part, RingColumn) else words[at] for words in pair
    )
    return f"{'/'.join(str(each) for each in part if each)}[{at - start}] {found:g} != {expected:g}"
