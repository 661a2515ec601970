"""Lanes: their queues, the order they apply events in, and their entities' online states."""

from scoring.errors.base import ScoringError


class LaneBehind(ScoringError):
    """A lane has so much queued that it takes no more for now. `wait`: seconds until it will have room."""

    def __init__(self, *, lane: str, queued: int, limit: int, wait: int) -> None:
        super().__init__(
            f"lane {lane} has {queued:,} events queued, and takes more below {limit:,}: send this again in"
            f" {wait} s"
        )
        self.lane, self.queued, self.limit, self.wait = lane, queued, limit, wait


class ListsInLine(ScoringError):
    """So many lists are being taken that another would keep clients with single events from being served."""

    wait = 1  # seconds

    def __init__(self) -> None:
        super().__init__(f"too many lists are being taken in at once: send this one again in {self.wait} s")


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


class RebuildUnderWay(ScoringError):
    """Another process is rebuilding the lane's online states."""

    def __init__(self, lane: str) -> None:
        super().__init__(f"another process is rebuilding the online states of lane {lane}; let it finish")
        self.lane = lane


class StateLayoutMismatch(ScoringError):
    """A stored entity state has another layout. Carries the state's `key` and both sizes in bytes."""

    def __init__(self, key: str, *, expected: int, found: int) -> None:
        super().__init__(f"state {key!r} has {found} bytes where the layout has {expected}")
        self.key = key
        self.expected = expected
        self.found = found


class StateNotLoaded(ScoringError):
    """An item needs the state of an entity that the arena was not given. Carries the state's `key`."""

    def __init__(self, key: str) -> None:
        super().__init__(f"state {key!r} was not loaded into the arena")
        self.key = key
