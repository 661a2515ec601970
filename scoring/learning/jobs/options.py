"""The options of a training, as stored with its request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.timestamps import from_iso, to_iso

DEFAULTS = TrainingConfig()


@dataclass(frozen=True)
class JobOptions:
    """`as_of`: cut-off of events and labels (None: when the training starts). `matures_after_days`: None for
    the catalog's value. `trees`: their maximum number. `since`: earlier events are excluded.
    """

    as_of: datetime | None = None
    matures_after_days: float | None = None
    trees: int = DEFAULTS.trees
    depth: int = DEFAULTS.depth
    since: datetime | None = None

    def stored(self) -> dict[str, Any]:
        """The options as JSON values."""
        return {
            "as_of": to_iso(self.as_of) if self.as_of else None,
            "since": to_iso(self.since) if self.since else None,
            "matures_after_days": self.matures_after_days,
            "trees": self.trees,
            "depth": self.depth,
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> "JobOptions":
        """The options from what `stored` returned."""
        as_of = from_iso(stored["as_of"]) if stored["as_of"] else None
        since = from_iso(stored["since"]) if stored.get("since") else None
        return cls(as_of, stored["matures_after_days"], stored["trees"], stored["depth"], since)

    def request(self, event_type: str, *, now: datetime) -> TrainingRequest:
        """What to train on, for a training that starts `now`."""
        days = self.matures_after_days
        return TrainingRequest(
            event_type,
            as_of=now if self.as_of is None else self.as_of,
            matures_after=None if days is None else timedelta(days=days),
            since=self.since,
        )

    def config(self) -> TrainingConfig:
        return TrainingConfig(trees=self.trees, depth=self.depth)
