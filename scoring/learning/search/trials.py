"""Trials of a search as plain records, and where they are kept so that a search can be continued."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

COMPLETE, PRUNED = "complete", "pruned"


@dataclass(frozen=True)
class SearchTrial:
    """A trial that has ended. The first one is the recipe from which the search starts.

    `basis`: digest of everything else that `value` depends on (data, recipe, seed). `value`: average
    precision on the validation slice, or its mean over folds; of a pruned trial, the last one reported.
    `folds`: the values of folds, oldest first, of a complete trial on several. `params`: values by the path
    of the recipe's field. `reported`: (number of trees, average precision), or (fold, mean so far).
    `trees`: of the lowest loss in the newest fold, or until it was pruned. `seconds`: elapsed.
    """

    number: int
    basis: str
    state: str
    value: float
    params: Mapping[str, Any]
    reported: Sequence[tuple[int, float]]
    trees: int
    seconds: float
    folds: Sequence[float] = ()

    def stored(self) -> dict[str, Any]:
        """The trial as JSON values."""
        return {
            "trial": self.number,
            "basis": self.basis,
            "state": self.state,
            "value": self.value,
            "params": dict(self.params),
            "reported": [list(each) for each in self.reported],
            "trees": self.trees,
            "seconds": self.seconds,
            **({"folds": list(self.folds)} if self.folds else {}),
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> "SearchTrial":
        """The trial from what `stored` returned."""
        return cls(
            number=stored["trial"],
            basis=stored["basis"],
            state=stored["state"],
            value=stored["value"],
            params=stored["params"],
            reported=[(int(step), float(value)) for step, value in stored["reported"]],
            trees=stored["trees"],
            seconds=stored["seconds"],
            folds=tuple(stored.get("folds", ())),
        )


class TrialHistory(Protocol):
    """Trials in the order in which they ended. It only grows."""

    def read(self) -> list[SearchTrial]:
        """All trials so far."""

    def append(self, trial: SearchTrial) -> None:
        """Keep one more trial; it is safe from a crash once this returns."""


class TrialsInMemory:
    """Trials that last as long as the process."""

    def __init__(self, trials: Sequence[SearchTrial] = ()) -> None:
        self._trials = list(trials)

    def read(self) -> list[SearchTrial]:
        return list(self._trials)

    def append(self, trial: SearchTrial) -> None:
        self._trials.append(trial)


def best_of(trials: Sequence[SearchTrial]) -> SearchTrial:
    """The complete trial with the highest value, the earliest of equal ones.

    There is one as soon as there are trials: the first one is never pruned.
    """
    complete = [trial for trial in trials if trial.state == COMPLETE]
    return max(complete, key=lambda trial: (trial.value, -trial.number))
