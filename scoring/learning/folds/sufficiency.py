"""Whether folds have enough positives to learn from, and from when on they do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from scoring.learning.dataset.requirements import WINDOW_EDGES, Remedies, TrainingWindow
from scoring.learning.dataset.split import DAY_US
from scoring.learning.folds.run import History
from scoring.learning.folds.windows import Fold
from scoring.learning.training.recipe import TrainingConfig
from scoring.timestamps import from_micros


@dataclass(frozen=True)
class Sufficiency:
    """Tries the slices of `recipes` on what would be known at an origin, without training."""

    history: History
    recipes: tuple[TrainingConfig, ...]
    matures_after: timedelta
    since: datetime | None

    def for_all(self, folds: Iterable[Fold]) -> bool:
        """Whether every recipe can be trained on every fold."""
        return all(self.at(fold.origin) for fold in folds)

    def at(self, origin: datetime) -> bool:
        """Whether every recipe can be trained on what was known at `origin`."""
        window = TrainingWindow(origin, self.matures_after, self.since)
        return all(
            Remedies(
                self.history.vectors.occurred_at,
                self.history.labels,
                recipe.shares.without_test(),
                recipe.needs,
                self.history.selection,
            ).is_enough(window)
            for recipe in self.recipes
        )

    def advice(self, fold: Fold) -> str:
        """Which fold has too little to learn from, and the first day from which tests could start instead."""
        text = f"This is fold {fold.number}, which learns from what was known on {fold.origin:%Y-%m-%d}."
        first = self._first_day(after=fold.origin)
        if first is None:
            return f"{text} Record more labels, or ask for less by a recipe with smaller minimum_positives."
        return (
            f"{text} From {first:%Y-%m-%d} on, enough is known: start the tests then (--test-from, --origin)."
        )

    def _first_day(self, *, after: datetime) -> datetime | None:
        """The first of some days after an origin at which enough is known."""
        times = np.sort(self.history.vectors.occurred_at)
        places = np.linspace(0, len(times) - 1, WINDOW_EDGES + 1).astype(int)
        days = (from_micros(int(day) * DAY_US) for day in np.unique(times[places] // DAY_US))
        return next((day for day in days if day > after and self.at(day)), None)
