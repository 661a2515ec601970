"""Whether a model gives nearly all events the same score: it is broken, or gets no inputs. Pure.

Drift of scores is judged over most of a day, since hours differ. This needs some dozens of decisions, but
says nothing of a bin in which most scores are anyway.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from monitoring.drift.bin_names import score_names
from monitoring.models import VectorWindow
from monitoring.windows.binning import Reference, unpack
from scoring.admin_kit.formatting import NO_BREAK_SPACE, percent_text
from scoring.intervals import wilson_interval

LOOK_BACK: Final = timedelta(hours=12)
MIN_ROWS: Final = 60  # the latest hours are taken together until they have so many decisions
MOST: Final = 0.5  # of the scores in training: a bin with more of them is full on ordinary nights, too
LEVEL: Final = 0.9999  # of the interval: judged every few minutes


@dataclass(frozen=True)
class FullestBin:
    """The bin with the most of a model's latest scores, since a time, as a range of scores: "2 to 3 %".

    `share` of `rows`, with its interval `low` to `high`; `usual`: the bin's share in training.
    """

    scores: str
    rows: int
    share: float
    low: float
    high: float
    usual: float
    since: datetime

    def excess(self, share: float) -> float:
        """A share above the usual one: 0 as in training or below, 1 if no score is in another bin."""
        return max((share - self.usual) / (1 - self.usual), 0.0) if self.usual < MOST else 0.0


def fullest_bin(windows: Sequence[VectorWindow], reference: Reference) -> FullestBin | None:
    """That of the latest of these windows (oldest first); None if they have fewer than MIN_ROWS decisions."""
    counts = np.zeros_like(reference.scores)
    for window in reversed(windows):
        counts = counts + unpack(window.scores)
        if (rows := int(counts.sum())) >= MIN_ROWS:
            place = int(np.argmax(counts))
            low, high = wilson_interval(int(counts[place]), rows, level=LEVEL)
            return FullestBin(
                scores=_range_text(reference, place),
                rows=rows,
                share=float(counts[place] / rows),
                low=low,
                high=high,
                usual=float(reference.scores[place] / max(reference.scores.sum(), 1)),
                since=window.start,
            )
    return None


def _range_text(reference: Reference, place: int) -> str:
    bounds = [*score_names(reference.score_edges.tolist()), "100"]
    return f"{bounds[place]} to {bounds[place + 1]}{NO_BREAK_SPACE}%"


def constant_text(model: str, found: FullestBin) -> str:
    """What it means that most scores are in one bin."""
    return (
        f"{percent_text(found.share, 0)} of the last {found.rows:,} scores of {model} are nearly the same:"
        f" {found.scores}, where {percent_text(found.usual, 0)} were in training. The model is broken, or its"
        " inputs are missing."
    )
