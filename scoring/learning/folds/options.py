"""What is compared on which folds. This module imports nothing that trains, because web pages use it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scoring.learning.folds.windows import check_count
from scoring.learning.recipes.reading import read_recipe, stated_values
from scoring.learning.training.recipe import TrainingConfig
from scoring.timestamps import from_iso, to_iso

DEFAULT = "default"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class FoldOptions:
    """`folds`: their number, unless `origins` are stated, each with a test of `test_length`. `test_from`: the
    start of the tests, None for the newer half of the mature events. `since`: earlier events are not learned
    from. `matures_after`: None for the catalog's value.

    The first contender is the recipe of the version `model`, or the default recipe without one. Then come
    `recipes` by name, the first one with each other treatment of `imbalance`, the recipes of the versions
    `recipes_of`, and `against`: "default", baselines, and names of versions, which are not trained again.
    """

    event_type: str
    folds: int = 0
    origins: tuple[datetime, ...] = ()
    test_length: timedelta = 30 * DAY
    test_from: datetime | None = None
    since: datetime | None = None
    matures_after: timedelta | None = None
    model: str = ""
    recipes: tuple[tuple[str, TrainingConfig], ...] = ()
    recipes_of: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    imbalance: bool = False
    threads: int = TrainingConfig.threads

    def check(self) -> None:
        """Raises InvalidTraining for a number of folds that is out of bounds."""
        if not self.origins:
            check_count(self.folds)

    def stored(self) -> dict[str, Any]:
        """The options as JSON values."""
        return {
            "event_type": self.event_type,
            "folds": self.folds,
            "origins": [to_iso(origin) for origin in self.origins],
            "test_days": self.test_length / DAY,
            "test_from": to_iso(self.test_from) if self.test_from else None,
            "since": to_iso(self.since) if self.since else None,
            "matures_after_days": None if self.matures_after is None else self.matures_after / DAY,
            "model": self.model,
            "recipes": [[name, stated_values(config)] for name, config in self.recipes],
            "recipes_of": list(self.recipes_of),
            "against": list(self.against),
            "imbalance": self.imbalance,
            "threads": self.threads,
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> "FoldOptions":
        """The options from what `stored` returned."""
        days = stored["matures_after_days"]
        return cls(
            event_type=stored["event_type"],
            folds=stored["folds"],
            origins=tuple(map(from_iso, stored["origins"])),
            test_length=stored["test_days"] * DAY,
            test_from=from_iso(stored["test_from"]) if stored["test_from"] else None,
            since=from_iso(stored["since"]) if stored["since"] else None,
            matures_after=None if days is None else days * DAY,
            model=stored["model"],
            recipes=tuple((name, read_recipe(values)) for name, values in stored["recipes"]),
            recipes_of=tuple(stored["recipes_of"]),
            against=tuple(stored["against"]),
            imbalance=stored["imbalance"],
            threads=stored["threads"],
        )


def recipe_name(model: str) -> str:
    """The name of the contender that is trained with the recipe of a version."""
    return f"recipe of {model}"
