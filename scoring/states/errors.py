"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.errors import ScoringError


class HistoryOlderThanLane(ScoringError):
    """History that is older than events which its lane has applied."""

    def __init__(self, lane: str, events: int, earliest: str, clock: str) -> None:
        super().__init__(
            f"the history is in the log, but {events} of its events (the earliest of {earliest}) are older"
            f" than entries that lane {lane} has already applied (up to {clock}). Run `manage.py rebuild"
            " --online` to put everything into one new order"
        )
        self.lane = lane
        self.events = events


class OrderIncomplete(ScoringError):
    """A new order of a lane would lack applied entries, because the tables lack them."""

    def __init__(self, *, lane: str, applied: int, missing: int) -> None:
        super().__init__(
            f"{missing:,} of the {applied:,} entries that lane {lane} has applied are in no table of events"
            " or labels; run `manage.py rebuild --projection event --projection label` first"
        )
        self.lane, self.applied, self.missing = lane, applied, missing


class StaleOnlineState(ScoringError):
    """The states in Redis are not those that the lane's holder expects; they are restored from the log."""

    def __init__(self, lane: str, expected: str, found: str | None) -> None:
        super().__init__(f"online state of lane {lane} is at {found!r}, not at {expected!r}")
        self.lane = lane
        self.expected = expected
        self.found = found
