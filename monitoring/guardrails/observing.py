"""What the windows say about a watched model and the one it is compared with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.guardrails.deployments import Deployment
from monitoring.guardrails.judging import NO_SCORES, Observed, Reading, State, judge
from monitoring.guardrails.settings import GuardrailSettings
from monitoring.models import ArmWindow
from monitoring.windows.arms import SUMS, sum_scores
from monitoring.windows.binning import Reference
from monitoring.windows.hourly import to_hour
from monitoring.windows.latency_histogram import add_histograms
from monitoring.windows.model_windows import read_references
from scoring.registry.routes import CANARY

RECENT = timedelta(hours=1)  # and the hour under way
LONGEST = timedelta(days=7)
BEFORE = timedelta(days=1)  # of the champion before a new one


@dataclass(frozen=True)
class Span:
    """The windows of a watched model, and of its control, that are judged together."""

    model: Sequence[ArmWindow]
    control: Sequence[ArmWindow]


def read_readings(deployment: Deployment, settings: GuardrailSettings, *, now: datetime) -> list[Reading]:
    """The reading of each guardrail: since deployment, unless the last hours alone exceed it.

    Judged on both spans, so that a model that was good for days is still caught within a minute.
    """
    references = read_references([deployment.model, deployment.control])
    model = _windows_of(deployment, now=now)
    control = _windows_of_control(deployment, now=now)
    since = to_hour(now - RECENT)
    spans = (Span(_since(model, since), control_since(deployment, control, since)), Span(model, control))
    return [
        _worse([judge(each, *_observe(deployment, span, references)) for span in spans])
        for each in settings.guardrails
    ]


def _worse(readings: Sequence[Reading]) -> Reading:
    """The first that exceeds its limit, else the last."""
    return next((each for each in readings if each.state is State.EXCEEDED), readings[-1])


def _windows_of(deployment: Deployment, *, now: datetime) -> list[ArmWindow]:
    windows = ArmWindow.objects.filter(
        event_type=deployment.event_type,
        model=deployment.model,
        route__gte=deployment.since_route,
        start__gte=to_hour(now - LONGEST),
    )
    return list(windows)


def _windows_of_control(deployment: Deployment, *, now: datetime) -> list[ArmWindow]:
    """Of the champion beside a canary; of the champion before a new one, on its last day."""
    windows = ArmWindow.objects.filter(event_type=deployment.event_type, model=deployment.control)
    if deployment.role == CANARY:
        windows = windows.filter(route__gte=deployment.since_route, start__gte=to_hour(now - LONGEST))
    else:
        since = to_hour(deployment.since - BEFORE)
        windows = windows.filter(route__lt=deployment.since_route, start__gte=since)
    return list(windows)


def control_since(
    deployment: Deployment, control: Sequence[ArmWindow], since: datetime
) -> Sequence[ArmWindow]:
    """The control's windows for a span: beside a canary the same hours, else all of them."""
    return _since(control, since) if deployment.role == CANARY else control


def _since(windows: Iterable[ArmWindow], since: datetime) -> list[ArmWindow]:
    return [window for window in windows if window.start >= since]


def _observe(
    deployment: Deployment, span: Span, references: Mapping[str, Reference]
) -> tuple[Observed, Observed]:
    return (
        observed_in(span.model, references.get(deployment.model)),
        observed_in(span.control, references.get(deployment.control)),
    )


def observed_in(windows: Sequence[ArmWindow], reference: Reference | None) -> Observed:
    """The counts of a model's windows in sum."""
    sums = {column: sum(getattr(window, column) for window in windows) for column in SUMS}
    return Observed(
        **sums,
        latency=add_histograms(window.latency for window in windows),
        scores=sum_scores(windows),
        promised=NO_SCORES if reference is None else reference.scores,
    )
