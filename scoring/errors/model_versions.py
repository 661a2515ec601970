"""Model versions: their stored bytes, the features they need, how they score."""

from scoring.errors.base import ScoringError


class UnknownModel(ScoringError):
    """No model version has this name."""

    def __init__(self, *, name: str, known: list[str]) -> None:
        names = ", ".join(known) or "none, train one first"
        super().__init__(f"no model is called {name!r}; there are: {names}")
        self.name, self.known = name, known


class ArtefactCorrupt(ScoringError):
    """The stored bytes of a model do not have the checksum they are named by."""

    def __init__(self, *, digest: str, actual: str) -> None:
        super().__init__(f"artefact {digest} is corrupt: its bytes have the checksum {actual}")
        self.digest, self.actual = digest, actual


class ArtefactMissing(ArtefactCorrupt):
    """A model version is known, but its bytes are not stored."""

    def __init__(self, *, digest: str) -> None:
        ScoringError.__init__(self, f"artefact {digest} is not stored: restore it from a backup")
        self.digest, self.actual = digest, ""


class FeatureSetMissing(ScoringError):
    """A model that has an arm needs a feature set that this code does not declare."""

    def __init__(self, model: str, *, needed: str, number: int | None) -> None:
        super().__init__(
            f"model {model} was trained on feature set {number or needed[:12]}, which this code does not"
            " declare: name it in earlier_features of its event type, or promote another model first"
        )
        self.model, self.needed, self.number = model, needed, number


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


class NoModelYet(ScoringError):
    """No model of this event type was trained, or none that may decide."""

    def __init__(self, event_type: str) -> None:
        super().__init__(
            f"{event_type} has no model yet that may decide."
            f" Train one:  manage.py train --event-type {event_type}"
        )
        self.event_type = event_type
