"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.errors import ScoringError


class HistoryOlderThanLane(ScoringError):
    """History that begins before what its lane has already applied: folding it in now would be late."""

    def __init__(self, lane: str, events: int, earliest: str, clock: str) -> None:
        super().__init__(
            f"the history is in the log, but {events} of its events (the earliest of {earliest}) are older"
            f" than what lane {lane} has applied (up to {clock}). Run `manage.py rebuild --online` to give"
            " all of it its place in one new order"
        )
        self.lane = lane
        self.events = events


class OrderIncomplete(ScoringError):
    """A new order of a lane would leave out what it has applied, for the tables do not have it."""

    def __init__(self, *, lane: str, applied: int, missing: int) -> None:
        super().__init__(
            f"{missing:,} of the {applied:,} entries that lane {lane} has applied are in no table of events"
            " or labels: run `manage.py rebuild --projection event --projection label` first"
        )
        self.lane, self.applied, self.missing = lane, applied, missing


class StaleOnlineState(ScoringError):
    """Redis does not reflect what the lane's holder believes; the states are to be restored from the log."""

    def __init__(self, lane: str, expected: str, found: str | None) -> None:
        super().__init__(f"online state of lane {lane} is at {found!r}, not at {expected!r}")
        self.lane = lane
        self.expected = expected
        self.found = found
