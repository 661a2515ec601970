"""What alerts may be set on: losses of average precision, concept drift, calibration."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitoring.metrics.metric import OWNER_OF_MODELS, Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from monitoring.models import ModelPerformance, PerformanceWeek
from monitoring.performance.watched import deciding_models
from monitoring.performance.words import latest_estimate
from scoring.admin_kit.formatting import decimal_text, percent_text
from scoring.catalog.registry import scored_types
from scoring.timestamps import from_iso

SCOPE = ("event_type", "model")
HOURLY = timedelta(hours=1)  # the figures are measured once a night
RUNBOOK = "docs/reference/performance-monitoring.md"
RECENT = timedelta(weeks=3)  # since the end of a week whose estimate still says something


def _deciding() -> Iterator[ModelPerformance]:
    """The latest figures of the models that decide now."""
    names = [name for kind in scored_types() for name in deciding_models(kind)]
    yield from ModelPerformance.objects.filter(pk__in=names).order_by("pk")


def _scope(found: ModelPerformance) -> dict[str, str]:
    return {"event_type": found.event_type, "model": found.model}


def _path(found: ModelPerformance) -> str:
    return f"performance/?type={found.event_type}&model={found.model}"


def observe_realized_loss(*, now: datetime) -> Iterator[Observation]:
    """The relative loss of average precision on matured labels, with its 99 % interval."""
    for found in _deciding():
        value, low, high = found.loss or (None, None, None)
        because = ""
        if value is not None and low is not None and low > 0:
            live, promised = (found.realized["average_precision"][0], found.promised["average_precision"][0])
            because = (
                f"Average precision of matured events is {decimal_text(live)} and was promised as"
                f" {decimal_text(promised)}{_concept_cause(found)}."
            )
        yield Observation(
            *(_scope(found), value, found.since, found.until),
            rows=found.positives,
            low=low,
            high=high,
            because=because,
            path=_path(found),
        )


def _concept_cause(found: ModelPerformance) -> str:
    if not found.concept.get("worse"):
        return ""
    return f"; scores fit labels worse since {from_iso(found.concept['since']):%Y-%m-%d}"


def observe_estimated_loss(*, now: datetime) -> Iterator[Observation]:
    """The relative loss of average precision in the newest week, estimated without its labels.

    Against what the same estimate says of the held-out events.
    """
    for found in _deciding():
        weeks = PerformanceWeek.objects.filter(model=found.model, until__gt=now - RECENT).order_by("start")
        latest = latest_estimate(list(weeks))
        expected = found.expected.get("average_precision")
        if latest is None or not expected:
            continue
        week, source = latest
        value, high, low = (1 - figure / expected[0] for figure in getattr(week, source)["average_precision"])
        method = "PAPE" if source == "adapted" else "CBPE"
        because = (
            f"{method} expects {percent_text(value, 0)} less average precision in the week of"
            f" {week.start:%Y-%m-%d} than on the held-out events: the scores of its events separate less."
            if low > 0
            else ""
        )
        yield Observation(
            *(_scope(found), value, week.start, min(week.until, week.computed_at)),
            rows=week.events,
            low=low,
            high=high,
            because=because,
            path=_path(found),
        )


def observe_concept_drift(*, now: datetime) -> Iterator[Observation]:
    """By how much more than before the log loss exceeds what scores expect; 0 without concept drift."""
    for found in _deciding():
        change, value, because = found.concept, None, ""
        since = found.since
        if found.realized:
            value = change["after"] - change["before"] if change.get("worse") else 0.0
        if value:
            since = from_iso(change["since"])
            because = (
                f"Since {since:%Y-%m-%d %H:%M} UTC labels contradict the scores more than before: the concept"
                " has changed, such as a new kind of fraud, or labels mean something else."
            )
        yield Observation(
            *(_scope(found), value, since, found.until),
            rows=found.events,
            because=because,
            path=_path(found),
        )


def observe_calibration_error(*, now: datetime) -> Iterator[Observation]:
    """The expected calibration error of matured events, above what chance explains if scores are right."""
    for found in _deciding():
        value, because = None, ""
        if found.realized:
            error, chance = found.realized["calibration_error"][0], found.realized["calibration_chance"][2]
            value = max(error - chance, 0.0)
            if value:
                because = (
                    f"Scores are off by {percent_text(error)} on average; chance explains up to"
                    f" {percent_text(chance)}."
                )
        yield Observation(
            *(_scope(found), value, found.since, found.until),
            rows=found.positives,
            because=because,
            path=_path(found),
        )


register_metric(
    Metric(
        "performance.realized_loss",
        "Realized loss of performance",
        "The relative loss of average precision on matured events against the held-out events of training.",
        Unit.SHARE,
        Worse.UP,
        SCOPE,
        observe_realized_loss,
        HOURLY,
        SuggestedAlert(
            0.1,
            0.05,
            min_rows=50,
            severity="critical",
            runbook=RUNBOOK,
            actions=("retrain", "roll_back", "rules_only", "open_review_sample"),
            owner=OWNER_OF_MODELS,
        ),
    )
)
register_metric(
    Metric(
        "performance.estimated_loss",
        "Estimated loss of performance",
        "The relative loss of average precision in the newest week, estimated before its labels are known.",
        Unit.SHARE,
        Worse.UP,
        SCOPE,
        observe_estimated_loss,
        HOURLY,
        SuggestedAlert(
            0.2,
            0.1,
            min_rows=1_000,
            runbook=RUNBOOK,
            actions=("open_review_sample", "retrain"),
            owner=OWNER_OF_MODELS,
        ),
    )
)
register_metric(
    Metric(
        "performance.concept_drift",
        "Concept drift",
        "The rise of log loss beyond what scores expect, in nats an event, since a change that ADWIN found.",
        Unit.NUMBER,
        Worse.UP,
        SCOPE,
        observe_concept_drift,
        HOURLY,
        SuggestedAlert(
            0.0,
            min_rows=1_000,
            severity="critical",
            runbook=RUNBOOK,
            actions=("retrain", "open_review_sample"),
            owner=OWNER_OF_MODELS,
        ),
    )
)
register_metric(
    Metric(
        "performance.calibration_error",
        "Calibration error",
        "The expected calibration error of matured events, above what chance explains if scores are right.",
        Unit.SHARE,
        Worse.UP,
        SCOPE,
        observe_calibration_error,
        HOURLY,
        SuggestedAlert(0.02, 0.01, min_rows=50, runbook=RUNBOOK, actions=("retrain",), owner=OWNER_OF_MODELS),
    )
)
