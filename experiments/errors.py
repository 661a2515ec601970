"""Errors of experiments. Each message says what happened and what to do."""

from scoring.errors import ScoringError


class ExperimentError(ScoringError):
    """Base class of the errors of experiments."""


class InvalidExperiment(ExperimentError):
    """The experiment is invalid; `field` names the input to change."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


class ExperimentNotFound(ExperimentError):
    """No experiment has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no experiment named {name!r}")
        self.name = name


class ExperimentExists(ExperimentError):
    """The name is taken: a log stream is never started twice."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the name {name!r} is taken by an earlier experiment; choose another")
        self.name = name


class ExperimentNotRunning(ExperimentError):
    """Only a running experiment can be stopped; `state` is its state."""

    def __init__(self, name: str, state: str) -> None:
        super().__init__(f"{name} is already {state}")
        self.name, self.state = name, state


class TrafficTaken(ExperimentError):
    """Another experiment or a canary has a share of the event type's traffic."""

    def __init__(self, event_type: str, by: str) -> None:
        super().__init__(
            f"{by} already has a share of the {event_type} traffic; stop it first, or their effects would mix"
        )
        self.event_type, self.by = event_type, by


class NoChampion(ExperimentError):
    """The event type has no champion to be the control."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"{event_type} has no champion yet; promote a model, which becomes the control")
        self.event_type = event_type


class ExperimentDisplaced(ExperimentError):
    """The route changed while the experiment ran; the experiment is about to be marked as interrupted."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"{name} no longer has its share of the traffic and is about to be marked as interrupted: {why}"
        )
        self.name, self.why = name, why
