"""The options of a training, as stored with its request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from scoring.learning.recipes.reading import read_recipe, stated_values
from scoring.learning.search.options import SearchOptions
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.timestamps import from_iso, to_iso


@dataclass(frozen=True)
class JobOptions:
    """`as_of`: cut-off of events and labels (None: when the training starts). `matures_after_days`: None for
    the catalog's value. `since`: earlier events are excluded. `config`: the recipe, or the one from which a
    `search` starts. `accepted_leakage`: features that may be used although they alone seem too good to be
    true. `continues`: the number of a training whose search goes on.
    """

    as_of: datetime | None = None
    matures_after_days: float | None = None
    since: datetime | None = None
    config: TrainingConfig = field(default_factory=TrainingConfig)
    accepted_leakage: tuple[str, ...] = ()
    search: SearchOptions | None = None
    continues: int | None = None

    def stored(self) -> dict[str, Any]:
        """The options as JSON values; the recipe by what differs from the default."""
        accepted = {"accept_leakage": list(self.accepted_leakage)} if self.accepted_leakage else {}
        search = {"search": self.search.stored()} if self.search else {}
        continues = {} if self.continues is None else {"continues": self.continues}
        return accepted | {
            "as_of": to_iso(self.as_of) if self.as_of else None,
            "since": to_iso(self.since) if self.since else None,
            "matures_after_days": self.matures_after_days,
            "recipe": stated_values(self.config),
            **search,
            **continues,
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> "JobOptions":
        """The options from what `stored` returned. Older requests hold trees and depth alone."""
        as_of = from_iso(stored["as_of"]) if stored["as_of"] else None
        since = from_iso(stored["since"]) if stored.get("since") else None
        older = {name: stored[name] for name in ("trees", "depth") if name in stored}
        config = read_recipe(stored.get("recipe", older))
        accepted = tuple(stored.get("accept_leakage", ()))
        search = SearchOptions.from_stored(stored["search"]) if "search" in stored else None
        continues = stored.get("continues")
        return cls(as_of, stored["matures_after_days"], since, config, accepted, search, continues)

    def request(self, event_type: str, *, now: datetime) -> TrainingRequest:
        """What to train on, for a training that starts `now`."""
        days = self.matures_after_days
        return TrainingRequest(
            event_type,
            as_of=now if self.as_of is None else self.as_of,
            matures_after=None if days is None else timedelta(days=days),
            since=self.since,
            accepted_leakage=self.accepted_leakage,
        )
