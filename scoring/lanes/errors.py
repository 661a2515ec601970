"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.errors import ScoringError


class TooManyHeldLabels(ScoringError):
    """The sender has as many labels held for their events as allowed."""

    def __init__(self, *, source: str, held: int, limit: int, wait: int) -> None:
        self.source, self.held, self.limit, self.wait = source, held, limit, wait
        super().__init__(
            f"{held:,} labels of the sender {source} are held for events that have not arrived; the maximum"
            f" is {limit:,}: send the events first, or try again in {wait} s"
        )


class RebuildUnderWay(ScoringError):
    """Another process is rebuilding the lane's online states."""

    def __init__(self, lane: str) -> None:
        super().__init__(f"another process is rebuilding the online states of lane {lane}; let it finish")
        self.lane = lane


class ReasonMissing(ScoringError):
    """A retry of parked entries without a reason, or with one that is too long."""

    def __init__(self, max_length: int) -> None:
        super().__init__(f"a retry needs a reason of 1 to {max_length} characters")
        self.max_length = max_length
