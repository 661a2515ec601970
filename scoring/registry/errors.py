"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.errors import ScoringError


class UnknownModel(ScoringError):
    """No model version has this name."""

    def __init__(self, *, name: str, known: list[str]) -> None:
        names = ", ".join(known) or "none; train one first"
        super().__init__(f"there is no model {name!r}; known models: {names}")
        self.name, self.known = name, known


class ArtifactCorrupt(ScoringError):
    """The stored bytes of a model do not match their checksum."""

    def __init__(self, *, digest: str, actual: str) -> None:
        super().__init__(f"artifact {digest} is corrupt: its bytes have the checksum {actual}")
        self.digest, self.actual = digest, actual


class ArtifactMissing(ArtifactCorrupt):
    """The bytes of a known model version are missing."""

    def __init__(self, *, digest: str) -> None:
        ScoringError.__init__(self, f"artifact {digest} is not stored: restore it from a backup")
        self.digest, self.actual = digest, ""


class NgramsChanged(ArtifactCorrupt):
    """The text model of a version was trained on other n-grams than this code computes."""

    def __init__(self, *, digest: str, needed: str, computed: str) -> None:
        ScoringError.__init__(
            self,
            f"artifact {digest} has weights of other n-grams ({needed}) than this code computes ({computed}):"
            " train and promote another model",
        )
        self.digest, self.actual = digest, ""


class FeatureSetMissing(ScoringError):
    """A deployed model needs a feature set that this code does not declare."""

    def __init__(self, model: str, *, needed: str, number: int | None) -> None:
        super().__init__(
            f"model {model} was trained on feature set {number or needed[:12]}, which this code does not"
            " declare: name it in earlier_features of its event type, or promote another model first"
        )
        self.model, self.needed, self.number = model, needed, number


class InvalidRoute(ScoringError):
    """The arms of a route are invalid."""

    def __init__(self, event_type: str, problem: str) -> None:
        super().__init__(f"route of {event_type}: {problem}")
        self.event_type = event_type
        self.problem = problem
