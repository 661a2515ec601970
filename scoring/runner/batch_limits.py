"""How many entries a micro-batch may hold: the limits in one table, and the running figures they follow.

SIZES                 32 to 256  of waiting clients: as many as fit MAX_WORK_SECONDS at the present pace. A
                                 batch costs some milliseconds however small it is, so that smaller ones
                                 would slow down a busy machine even more (docs/reference/performance.md)
MAX_FILL              64         of a batch with bulk in it, at any pace: with 32 an event takes a sixth more
                                 CPU time. The next client must not wait behind hundreds
MAX_FILL_INTERACTIVE  8          the same while clients wait: they wait for their batch and the two before
"""

import time
from collections.abc import Sequence

from scoring.intake.admission import INTERACTIVE_WINDOW_SECONDS
from scoring.lanes.claiming import Claim

MAX_WORK_SECONDS = 0.025  # longer batches make the next clients wait
SIZES = (256, 128, 64, 32)  # steps of two, each with a plan of its own in the database
MAX_SIZE, MIN_SIZE = SIZES[0], SIZES[-1]
MAX_FILL, MAX_FILL_INTERACTIVE = 64, 8
PACE_SHARE = 0.2  # of the last batch in the moving average


class BatchLimits:
    """The limits of a lane's next batch. `pace`: entries per second lately, 0 before the first batch."""

    def __init__(self) -> None:
        self.size = MIN_SIZE
        self.pace = 0.0
        self._interactive_at = float("-inf")

    def of_next(self) -> tuple[int, int]:
        """How many entries of waiting clients the next batch may hold, and up to how many bulk fills it.

        The first is never smaller: bulk in a batch that is full of clients' entries would overtake others.
        """
        interactive = time.monotonic() - self._interactive_at < INTERACTIVE_WINDOW_SECONDS
        fill = MAX_FILL_INTERACTIVE if interactive else MAX_FILL
        return max(self.size, fill), fill

    def note_claims(self, claims: Sequence[Claim]) -> None:
        """Note whether a client waits for one of these claims; those come first."""
        if claims and claims[0].urgent:
            self._interactive_at = time.monotonic()

    def note_batch(self, entries: int, *, seconds: float) -> None:
        """Note how long a batch took."""
        self.size = next_size(self.size, entries=entries, seconds=seconds)
        pace = entries / max(seconds, 1e-6)
        self.pace += (pace - self.pace) * (PACE_SHARE if self.pace else 1.0)


def next_size(size: int, *, entries: int, seconds: float) -> int:
    """How many entries the next batch may hold, after one of `entries` took `seconds` under the limit `size`.

    As many as fit MAX_WORK_SECONDS at that pace, and at most twice as many as before: one quick batch proves
    little.
    """
    fitting = int(entries * MAX_WORK_SECONDS / max(seconds, 1e-6))
    return next(step for step in SIZES if step <= max(MIN_SIZE, min(fitting, size * 2)))
