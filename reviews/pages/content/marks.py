"""A text in parts, the telling ones marked by how much they say."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

MAX_MARKS = 60
LEVELS = 3


class Part(NamedTuple):
    """A part of a text. `level` is 0 for plain text; 1 to `LEVELS` where it raises the score, negative where
    it lowers it.
    """

    text: str
    level: int

    @property
    def tone(self) -> str:
        """A class for the part, "" for plain text."""
        side = "up" if self.level > 0 else "down"
        return f"rv-mark--{side}{abs(self.level)}" if self.level else ""


def marked_parts(text: str, spans: Sequence[tuple[int, int, float]]) -> list[Part]:
    """The text in order, cut at the spans (start, end, weight); where spans overlap, their weights add up.

    The strongest `MAX_MARKS` spans count, and levels are relative to the strongest place.

    >>> [tuple(part) for part in marked_parts("buy it now", [(0, 3, 2.0), (7, 10, -1.0)])]
    [('buy', 3), (' it ', 0), ('now', -2)]
    """
    strongest = sorted(spans, key=lambda span: -abs(span[2]))[:MAX_MARKS]
    within = [(max(start, 0), min(end, len(text)), weight) for start, end, weight in strongest]
    kept = [span for span in within if span[0] < span[1]]
    borders = sorted({0, len(text), *(border for start, end, _ in kept for border in (start, end))})
    pieces = [
        (left, right, sum(weight for start, end, weight in kept if start <= left and right <= end))
        for left, right in itertools.pairwise(borders)
    ]
    most = max((abs(weight) for *_, weight in pieces), default=0.0)
    return _joined([Part(text[left:right], _level(weight, most)) for left, right, weight in pieces])


def _level(weight: float, most: float) -> int:
    if not most or abs(weight) < 0.05 * most:
        return 0
    level = 1 + round((LEVELS - 1) * abs(weight) / most)
    return level if weight > 0 else -level


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Neighbors of the same level as one part."""
    joined: list[Part] = []
    for part in parts:
        if joined and joined[-1].level == part.level:
            joined[-1] = Part(joined[-1].text + part.text, part.level)
        else:
            joined.append(part)
    return joined
