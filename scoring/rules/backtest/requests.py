"""What is asked of a backtest, as stored with its request."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scoring.catalog.registry import scored_type
from scoring.rules.backtest.changes import Change, change_from
from scoring.rules.backtest.errors import InvalidBacktest
from scoring.rules.backtest.evaluation.configuration import TriedConfiguration, configuration_at
from scoring.rules.backtest.models import BacktestJob
from scoring.rules.ruleset.stream import current_version
from scoring.timestamps import to_iso


@dataclass(frozen=True)
class BacktestRequest:
    """Try a change on the events of a type that were first decided in [since, until)."""

    event_type: str
    change: Change
    since: datetime
    until: datetime

    @classmethod
    def from_job(cls, job: BacktestJob) -> "BacktestRequest":
        return cls(job.event_type, change_from(job.change), job.since, job.until)

    def as_data(self) -> dict[str, Any]:
        return {
            "event_type": self.event_type,
            "subject": self.change.subject,
            "change": self.change.as_data(),
            "since": to_iso(self.since),
            "until": to_iso(self.until),
        }

    def configurations(self) -> tuple[TriedConfiguration, TriedConfiguration]:
        """What decides now, without and with the change."""
        before = configuration_at(current_version(), self.event_type)
        return before, self.change.applied_to(before, event_type=self.event_type)

    def check(self, *, now: datetime) -> None:
        """Raises InvalidBacktest, UnknownEventType, EventTypeNotScored, and what names an unknown subject."""
        scored_type(self.event_type)
        if self.since >= self.until:
            raise InvalidBacktest("since", f"is {to_iso(self.since)}", f"a time before {to_iso(self.until)}")
        if self.since >= now:
            raise InvalidBacktest("since", f"is {to_iso(self.since)}", "a time in the past")
        self.configurations()
