"""Bounds on what may be said of events."""

from scoring.errors.base import ScoringError


class TooManyLabelSources(ScoringError):
    """So many sources speak of one event that another may not join them."""

    def __init__(self, event_stream: str, limit: int) -> None:
        self.event_stream, self.limit = event_stream, limit
        super().__init__(
            f"{limit} sources have labeled {event_stream}, which is the most for one event: retract one first"
        )


class LabelChangedTooOften(ScoringError):
    """The labels of one event were changed so often that only people may change them now."""

    def __init__(self, event_stream: str, limit: int) -> None:
        self.event_stream, self.limit = event_stream, limit
        super().__init__(
            f"the labels of {event_stream} were changed {limit:,} times, which is the most for one event;"
            " people can still label it in the review queue"
        )


class TooManyHeldLabels(ScoringError):
    """A sender has so many labels waiting for their events that no more are taken for now."""

    def __init__(self, *, source: str, held: int, limit: int, wait: int) -> None:
        self.source, self.held, self.limit, self.wait = source, held, limit, wait
        super().__init__(
            f"{held:,} labels of the sender {source} wait for events that have not arrived, and at most"
            f" {limit:,} may: send the events first, or try again in {wait} s"
        )
