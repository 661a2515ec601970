"""A progress reporter that records its calls."""


class RecordedSteps:
    """Records every step with its total and the work done."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int | None, int]] = []

    def begin(self, step: str, *, total: int | None = None) -> None:
        self.steps.append((step, total, 0))

    def advance(self, count: int) -> None:
        step, total, done = self.steps[-1]
        self.steps[-1] = step, total, done + count

    @property
    def names(self) -> list[str]:
        return [step for step, _, _ in self.steps]

    @property
    def totals(self) -> list[int | None]:
        return [total for _, total, _ in self.steps]

    @property
    def done(self) -> list[int]:
        return [done for _, _, done in self.steps]
