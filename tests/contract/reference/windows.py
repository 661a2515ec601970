"""What a window covers, and what is computed over it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scoring import declare
from scoring.features.folding.encode import LaneItem
from tests.contract.reference.declarations import Subject
from tests.contract.reference.histories import Histories, History
from tests.contract.reference.items import NAN, Where, fulfills, number
from tests.contract.reference.needs import MONTH_TILE, MONTH_US

Tiles = Sequence[Sequence[LaneItem]]  # oldest first


@dataclass(frozen=True)
class Summary:
    """A function over the events of a window that fulfill a condition; the window is a month by default."""

    function: str
    field: str = ""
    where: Where = None
    window: int = MONTH_US
    tile: int = MONTH_TILE

    def of(self, histories: Histories, item: LaneItem, feature: declare.OnEntity) -> float:
        """Of the entity whose history the feature reads."""
        history = histories.read(item, feature)
        if history is None:
            return NAN
        tiles = tiles_of(item, history, histories.subject(item, feature), self)
        if self.function in ("min", "max"):
            return self._extreme(tiles)
        if self.function == "count":
            return total([sign(each) for each in members] for members in tiles)
        return self._of_sums(tiles)

    def _extreme(self, tiles: Tiles) -> float:
        values = [number(e, self.field) for members in tiles for e in members if e.kind == "event"]
        values = [value for value in values if not math.isnan(value)]
        return (min if self.function == "min" else max)(values) if values else NAN

    def _of_sums(self, tiles: Tiles) -> float:
        known = [[(sign(e), number(e, self.field)) for e in members] for members in tiles]
        known = [[(sign, value) for sign, value in members if not math.isnan(value)] for members in known]
        summed = total([sign * value for sign, value in members] for members in known)
        if self.function == "sum":
            return summed
        count = total([sign for sign, _ in members] for members in known)
        if self.function == "mean":
            return NAN if count == 0 else summed / count
        squares = total([sign * (value * value) for sign, value in members] for members in known)
        if not count > 0:
            return NAN
        mean = summed / count
        return math.sqrt(max(0.0, squares / count - mean * mean))


def tiles_of(item: LaneItem, history: History, subject: Subject, summary: Summary) -> list[list[LaneItem]]:
    """The events (and their undoings) a window covers, by tile: floor((r - W)/w) to floor(r/w)."""
    read, tile = history.read_time(item), summary.tile
    tiles: dict[int, list[LaneItem]] = {
        at: [] for at in range((read - summary.window) // tile, read // tile + 1)
    }
    for applied in history.applied(subject):
        counts = applied.kind != "label" and fulfills(applied, summary.where)
        if counts and applied.occurred_at_us // tile in tiles:
            tiles[applied.occurred_at_us // tile].append(applied)
    return list(tiles.values())


def sign(applied: LaneItem) -> float:
    """1 for an event, -1 for an undone one."""
    return 1.0 if applied.kind == "event" else -1.0


def total(tiles: Iterable[Sequence[float]]) -> float:
    """Lane order inside a tile, tiles oldest to newest."""
    total = 0.0
    for members in tiles:
        inside = 0.0
        for value in members:
            inside += value
        total += inside
    return total
