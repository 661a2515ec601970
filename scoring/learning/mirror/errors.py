"""Errors of this room. Each says what happened and what to do."""

from scoring.errors import ScoringError


class MlflowUnavailable(ScoringError):
    """The server does not answer, or not as an MLflow server does."""

    def __init__(self, uri: str, problem: str) -> None:
        super().__init__(f"no MLflow server answers at MLFLOW_TRACKING_URI={uri!r}: {problem}")
        self.uri, self.problem = uri, problem


class MlflowRefused(ScoringError):
    """The server refused a request. `code`: MLflow's name of the error."""

    def __init__(self, path: str, *, status: int, code: str, message: str) -> None:
        super().__init__(f"MLflow refused {path} with {status} {code}: {message}")
        self.path, self.status, self.code = path, status, code


class ArtifactsNotServed(ScoringError):
    """The server keeps artifacts where only clients with access of their own can write."""

    def __init__(self, uri: str) -> None:
        super().__init__(
            f"the MLflow server stores artifacts at {uri!r} and does not take them over HTTP; start it with"
            " --serve-artifacts, and use an experiment that was created since"
        )
        self.uri = uri
