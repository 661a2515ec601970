"""Progress on a terminal."""

from typing import Any

from tqdm import tqdm


class StepProgressBars:
    """Shows a terminal progress bar for each step of a run in turn."""

    def __enter__(self) -> "StepProgressBars":
        self._bar: tqdm[Any] | None = None
        return self

    def __exit__(self, *ended: object) -> None:
        self._close()

    def begin(self, step: str, *, total: int | None = None) -> None:
        self._close()
        self._bar = tqdm(total=total, desc=step, leave=False)

    def advance(self, count: int) -> None:
        if self._bar is not None:
            self._bar.update(count)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
