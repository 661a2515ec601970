"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.errors import ScoringError


class VectorOfOtherFeatures(ScoringError):
    """No decision on the event logged the features that the model needs to score it again."""

    def __init__(self, stream: str, *, model: str, needed: str) -> None:
        super().__init__(
            f"no decision on {stream} logged the values of feature set {needed[:12]}, which {model} needs;"
            " its decision stands"
        )
        self.stream, self.model, self.needed = stream, model, needed


class NoSuchDecision(ScoringError):
    """The event has no decision yet, or not the `revision` asked for; `decided`: how many it has."""

    def __init__(self, stream: str, *, revision: int | None, decided: int) -> None:
        wanted = "decision" if revision is None else f"decision with the revision {revision}"
        has = f"its revisions are 0 to {decided - 1}" if decided else "it is not decided"
        super().__init__(f"{stream} has no {wanted}: {has}")
        self.stream, self.revision, self.decided = stream, revision, decided


class SimulationUnavailable(ScoringError):
    """An event cannot be simulated now; `problem` says why."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the event cannot be simulated now: {problem}")
        self.problem = problem


class ModelFailed(ScoringError):
    """A loaded model could not score; `problem` is what it raised or returned."""

    def __init__(self, model: str, problem: str) -> None:
        super().__init__(f"model {model} could not score: {problem}")
        self.model, self.problem = model, problem
