"""The progress of a comparison on folds: each step with the fold that it belongs to."""

from scoring.progress import ProgressReporter


class FoldProgress:
    """Reports the steps of one fold, such as "fold 2 of 4: choosing the number of trees"."""

    def __init__(self, watch: ProgressReporter, *, fold: int, folds: int) -> None:
        self._watch, self._prefix = watch, f"fold {fold} of {folds}: "

    def begin(self, step: str, *, total: int | None = None) -> None:
        self._watch.begin(f"{self._prefix}{step}", total=total)

    def advance(self, count: int) -> None:
        self._watch.advance(count)
