"""The options of a search. This module imports nothing that trains, because web pages use it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from scoring.learning.errors import InvalidTraining

MAX_MINUTES = 1_440
MAX_TRIALS = 1_000
MAX_SEED = 2**31 - 1
MAX_FOLDS = 12


@dataclass(frozen=True)
class SearchOptions:
    """`minutes`: the time budget of all trials together. `trials`: their maximum number.

    `seed`: of the sampler. `folds`: on how many validation slices, one before the other, each trial is
    measured. Raises InvalidTraining.
    """

    minutes: float
    trials: int = 100
    seed: int = 7
    folds: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.minutes <= MAX_MINUTES:
            allowed = f"a number above 0 and at most {MAX_MINUTES:,}"
            raise InvalidTraining("search_minutes", self.minutes, allowed)
        if not 2 <= self.trials <= MAX_TRIALS:
            raise InvalidTraining("search_trials", self.trials, f"a whole number from 2 to {MAX_TRIALS:,}")
        if not 0 <= self.seed <= MAX_SEED:
            raise InvalidTraining("search_seed", self.seed, f"a whole number from 0 to {MAX_SEED:,}")
        if not 1 <= self.folds <= MAX_FOLDS:
            raise InvalidTraining("search_folds", self.folds, f"a whole number from 1 to {MAX_FOLDS}")

    def stored(self) -> dict[str, Any]:
        """The options as JSON values."""
        return asdict(self)

    @classmethod
    def read(cls, values: Any) -> "SearchOptions":
        """The options in a mapping such as that of a schedule. Raises InvalidTraining."""
        if not isinstance(values, Mapping) or "minutes" not in values:
            raise InvalidTraining("search", values, 'a budget such as {"minutes": 30}')
        known = {field.name: field.type for field in fields(cls)}
        for name, value in values.items():
            if name not in known:
                raise InvalidTraining(f"search.{name}", value, f"one of {', '.join(known)}")
            wanted = int | float if known[name] is float else int
            if isinstance(value, bool) or not isinstance(value, wanted):
                raise InvalidTraining(
                    f"search.{name}", value, "a number" if known[name] is float else "a whole number"
                )
        return cls(**values)

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> "SearchOptions":
        """The options from what `stored` returned; older ones have no folds."""
        return cls(stored["minutes"], stored["trials"], stored["seed"], stored.get("folds", 1))
