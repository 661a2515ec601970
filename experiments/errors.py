"""What an experiment may be refused for, in words for whoever asked for it."""

from scoring.errors import ScoringError


class ExperimentError(ScoringError):
    """Base of everything an experiment is refused for."""


class InvalidExperiment(ExperimentError):
    """What was asked for is not a valid experiment. Carries the `field` that has to change."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


class ExperimentNotFound(ExperimentError):
    """There is no experiment of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no experiment named {name!r}")
        self.name = name


class ExperimentExists(ExperimentError):
    """The name was used before; a stream of the log is never begun twice."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there has been an experiment named {name!r} before; choose another name")
        self.name = name


class ExperimentNotRunning(ExperimentError):
    """Only a running experiment can be stopped. Carries its `state`."""

    def __init__(self, name: str, state: str) -> None:
        super().__init__(f"{name} is {state} and cannot be stopped again")
        self.name, self.state = name, state


class TrafficTaken(ExperimentError):
    """Another experiment or a canary already has a share of the type's traffic."""

    def __init__(self, event_type: str, by: str) -> None:
        super().__init__(
            f"{by} already has a share of {event_type}; a second split would mix their effects. Stop it first"
        )
        self.event_type, self.by = event_type, by


class NoChampion(ExperimentError):
    """Without a champion there is nothing to compare with."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"no model decides {event_type} yet; promote one, it will be the control")
        self.event_type = event_type


class ExperimentDisplaced(ExperimentError):
    """The route was changed while the experiment ran; it is about to be noted as interrupted."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} has lost its share of the traffic: {why}. It cannot be stopped any more")
        self.name, self.why = name, why
