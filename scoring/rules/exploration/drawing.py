"""Which would-be blocks are let through: drawn by a salted hash, and stopped by the caps. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from scoring.registry.routes import share_point
from scoring.rules.exploration.settings import Exploration

StoppedBy = Literal["", "amount_cap", "daily_cap"]


@dataclass(frozen=True, slots=True)
class ExplorationResult:
    """What exploration did with a would-be block, as its decision records it.

    `propensity`: the probability with which this event was let through, given what was let through before it:
    the share, or 0 if a cap stops it. Drawn or not, the caps are applied, so that the events that the drawn
    ones stand for can be counted: those of a positive propensity.
    """

    share: float
    drawn: bool
    stopped_by: StoppedBy

    @property
    def propensity(self) -> float:
        return 0.0 if self.stopped_by else self.share

    @property
    def is_let_through(self) -> bool:
        return self.drawn and not self.stopped_by

    def as_data(self) -> dict[str, Any]:
        """As a decision records it."""
        return {
            "share": self.share,
            "drawn": self.drawn,
            "propensity": self.propensity,
            "stopped_by": self.stopped_by,
        }


def was_let_through(recorded: Mapping[str, Any] | None) -> bool:
    """Whether exploration let an event through, by what its decision records (`as_data`), if anything."""
    return bool(recorded and recorded["drawn"] and not recorded["stopped_by"])


def draw(exploration: Exploration, event_stream: str) -> bool:
    """Whether an event is drawn; always the same for the same salt and stream ("payment/shop/T-1").

    A larger share keeps the events that a smaller one draws.
    """
    return share_point(exploration.salt, event_stream) < exploration.share


def stopped_by(exploration: Exploration, *, amount: int, spent: int) -> StoppedBy:
    """The cap that stops an event of this amount once `spent` was let through on its day, in minor units."""
    if amount > exploration.amount_cap:
        return "amount_cap"
    return "daily_cap" if spent + amount > exploration.daily_cap else ""


def explored(exploration: Exploration, event_stream: str, *, stopped: StoppedBy) -> ExplorationResult:
    """The result for a would-be block, given the cap that stops it. Replay passes the cap that was logged."""
    return ExplorationResult(exploration.share, draw(exploration, event_stream), stopped)


class Explorer:
    """Explores the would-be blocks of a lane, and counts the money let through by event type and day (UTC).

    Exact, because only the holder of a lane decides its events. A holder that discards decisions it has made
    needs a new one: see `read_explorer`.
    """

    def __init__(self, spent: dict[str, int], *, now: datetime) -> None:
        """`spent`: the money let through today, by event type."""
        self._spent, self._day = dict(spent), _day_of(now)

    def explore(
        self, exploration: Exploration, event_stream: str, *, amount: int, now: datetime
    ) -> ExplorationResult:
        """The result for a would-be block; its amount is counted if it is let through."""
        if (day := _day_of(now)) != self._day:
            self._spent, self._day = {}, day
        event_type = exploration.event_type
        spent = self._spent.get(event_type, 0)
        result = explored(
            exploration, event_stream, stopped=stopped_by(exploration, amount=amount, spent=spent)
        )
        if result.is_let_through:
            self._spent[event_type] = spent + amount
        return result

    def spent(self, event_type: str) -> int:
        """The money let through on the day of the last event, in minor units."""
        return self._spent.get(event_type, 0)


def _day_of(now: datetime) -> date:
    return now.astimezone(UTC).date()
