"""The options of a search. This module imports nothing that trains, because web pages use it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scoring.learning.errors import InvalidTraining

MAX_MINUTES = 1_440
MAX_TRIALS = 1_000
MAX_SEED = 2**31 - 1


@dataclass(frozen=True)
class SearchOptions:
    """`minutes`: the time budget of all trials together. `trials`: their maximum number.

    `seed`: of the sampler. Raises InvalidTraining.
    """

    minutes: float
    trials: int = 100
    seed: int = 7

    def __post_init__(self) -> None:
        if not 0 < self.minutes <= MAX_MINUTES:
            allowed = f"a number above 0 and at most {MAX_MINUTES:,}"
            raise InvalidTraining("search_minutes", self.minutes, allowed)
        if not 2 <= self.trials <= MAX_TRIALS:
            raise InvalidTraining("search_trials", self.trials, f"a whole number from 2 to {MAX_TRIALS:,}")
        if not 0 <= self.seed <= MAX_SEED:
            raise InvalidTraining("search_seed", self.seed, f"a whole number from 0 to {MAX_SEED:,}")

    def stored(self) -> dict[str, Any]:
        """The options as JSON values."""
        return asdict(self)

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> "SearchOptions":
        """The options from what `stored` returned."""
        return cls(stored["minutes"], stored["trials"], stored["seed"])
