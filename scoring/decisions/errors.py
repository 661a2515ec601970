"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.errors import ScoringError


class VectorOfOtherFeatures(ScoringError):
    """An event cannot be scored again by a model whose features no decision on it has logged."""

    def __init__(self, stream: str, *, model: str, needed: str) -> None:
        super().__init__(
            f"no decision on {stream} logged the values of feature set {needed[:12]}, which {model} needs:"
            " its decision stands"
        )
        self.stream, self.model, self.needed = stream, model, needed


class ModelFailed(ScoringError):
    """A model that was loaded could not score: its `problem` is what it raised, or what it gave instead."""

    def __init__(self, model: str, problem: str) -> None:
        super().__init__(f"model {model} could not score: {problem}")
        self.model, self.problem = model, problem
