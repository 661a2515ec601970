"""Measures how models do, week by week and on their latest matured decisions, and stores it for pages.

A week is measured until its labels have settled. Its estimates are made once it has ended, from what was
known then.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.models import ModelPerformance, PerformanceWeek
from monitoring.performance.adapting import LabeledEvents, adapted_probabilities
from monitoring.performance.concept_drift import excess_log_loss, find_change
from monitoring.performance.days import measure_days
from monitoring.performance.decided import DecidedEvents, read_decided
from monitoring.performance.losses import relative_loss
from monitoring.performance.measuring import Figure, calibration_bins, measure
from monitoring.performance.segments import measure_segments
from monitoring.performance.vectors import read_vectors
from monitoring.performance.watched import HISTORY, WatchedModel, watched_models
from monitoring.windows.weeks import WEEK, weeks_between
from scoring.catalog.registry import scored_types
from scoring.timestamps import to_iso

SPAN = timedelta(days=60)  # of the latest matured decisions
SAMPLE = 20_000  # decisions read of a span, besides all positives
VECTORS = 10_000  # with their vectors, where scores are recalibrated
SETTLING = timedelta(days=14)  # after maturity, in which labels may still change a week
MIN_EVENTS, MIN_POSITIVES = 200, 20  # fewer say too little
MAX_EXAMPLES = 50  # decisions of a kind


def measure_performance(*, now: datetime) -> list[str]:
    """Measure every model that decides, or did so within HISTORY; returns their names."""
    models = [model for name in scored_types() for model in watched_models(name, now=now)]
    for model in models:
        measure_model(model, now=now)
    return [model.name for model in models]


def measure_model(model: WatchedModel, *, now: datetime) -> None:
    """Measure the weeks of a model that are not settled, and its latest matured decisions."""
    since = max(model.version.trained_at, now - HISTORY)
    stored = {row.start: row for row in PerformanceWeek.objects.filter(model=model.name)}
    for start in weeks_between(since, now):
        row = stored.get(start)
        if row is None or not _is_settled(row, model, now=now):
            _measure_week(model, start, row, now=now)
    _measure_latest(model, now=now)


def _is_settled(row: PerformanceWeek, model: WatchedModel, *, now: datetime) -> bool:
    """Whether measuring a week again would give the same."""
    if not row.matured:
        return row.computed_at >= row.until and now < row.until + model.maturity
    return row.computed_at >= row.until + model.maturity + SETTLING


def _measure_week(
    model: WatchedModel, start: datetime, row: PerformanceWeek | None, *, now: datetime
) -> None:
    until = start + WEEK
    decided = read_decided(model.kind, model.name, since=start, until=until, sample=VECTORS)
    if not decided.decided:
        return
    judged, odds = model.judged(decided), model.promise.odds if model.promise else None
    values: dict[str, Any] = _counts(decided) | {"until": until, "computed_at": now}
    values["matured"] = until + model.maturity <= now
    values["realized"] = values["examples"] = {}
    if values["matured"]:
        values["realized"] = measure(judged, odds=odds)
        values["examples"] = examples_of(decided)
    values |= _divided(model, decided, matured=values["matured"])
    if row is None or row.computed_at < row.until:
        values |= _estimates(model, decided, until=min(until, now), odds=odds)
    PerformanceWeek.objects.update_or_create(
        model=model.name, start=start, defaults={"event_type": model.kind.name, **values}
    )


def _divided(model: WatchedModel, decided: DecidedEvents, *, matured: bool) -> dict[str, Any]:
    """The figures of a week by segment and by day: by labels if they are known, else by scores."""
    if len(decided) < MIN_EVENTS:
        return {"segments": [], "days": []}
    return {
        "segments": measure_segments(model, decided, estimated=not matured),
        "days": measure_days(model, decided, estimated=not matured),
    }


def _estimates(
    model: WatchedModel, decided: DecidedEvents, *, until: datetime, odds: float | None
) -> dict[str, dict[str, Figure]]:
    """The estimates from scores alone, and from scores that are recalibrated with the labels known then."""
    if len(decided) < MIN_EVENTS:
        return {"estimated": {}, "adapted": {}}
    judged = model.judged(decided)
    adapted = _adapted(model, decided, until=until)
    return {
        "estimated": measure(judged.with_classes(decided.score), odds=odds),
        "adapted": {} if adapted is None else measure(judged.with_classes(adapted), odds=odds),
    }


def _adapted(model: WatchedModel, decided: DecidedEvents, *, until: datetime) -> NDArray[np.float64] | None:
    """Recalibrated probabilities of decisions; None with too few matured ones before them."""
    mature = until - model.maturity
    since = max(mature - SPAN, model.version.trained_at)
    known = read_decided(model.kind, model.name, since=since, until=mature, sample=VECTORS)
    if model.feature_set is None or not LabeledEvents(known.scored, np.empty((0, 0))).is_enough:
        return None
    width = len(model.feature_set.names)
    before, after = (read_vectors(each.position.tolist(), width=width) for each in (known, decided))
    return adapted_probabilities(LabeledEvents(known.scored, before), score=decided.score, vectors=after)


def _measure_latest(model: WatchedModel, *, now: datetime) -> None:
    until = now - model.maturity
    since = max(until - SPAN, model.version.trained_at)
    decided = read_decided(model.kind, model.name, since=since, until=until, sample=SAMPLE)
    values = _counts(decided) | _promised(model) | {"since": since, "until": until, "computed_at": now}
    values |= _on_labels(model, decided)
    values["concept"] = _concept_drift(model, until=until)
    ModelPerformance.objects.update_or_create(
        model=model.name, defaults={"event_type": model.kind.name, **values}
    )


def _on_labels(model: WatchedModel, decided: DecidedEvents) -> dict[str, Any]:
    """The figures of matured decisions; empty ones if there are too few."""
    if decided.scored.rarer < MIN_POSITIVES:
        return {"realized": {}, "loss": [], "calibration": [], "segments": [], "examples": {}}
    judged, promise = model.judged(decided), model.promise
    loss = []
    if promise is not None and model.held_out is not None:
        interval = relative_loss(decided.scored, model.held_out.events).interval
        loss = [interval.estimate, interval.low, interval.high]
    realized = measure(judged, odds=promise.odds if promise else None)
    # The error of scores that are right is not 0: the sample of a bin differs from its mean score by chance.
    realized["calibration_chance"] = measure(judged.with_classes(decided.score))["calibration_error"]
    return {
        "realized": realized,
        "loss": loss,
        "calibration": calibration_bins(judged),
        "segments": measure_segments(model, decided),
        "examples": examples_of(decided),
    }


def _promised(model: WatchedModel) -> dict[str, Any]:
    promise = model.promise
    if promise is None:
        return {"promised": {}, "expected": {}}
    expected = measure(promise.with_classes(promise.score), odds=promise.odds)
    return {"promised": measure(promise), "expected": expected}


def _concept_drift(model: WatchedModel, *, until: datetime) -> dict[str, Any]:
    """The last change of the excess log loss, {} without one."""
    since = max(until - HISTORY, model.version.trained_at)
    decided = read_decided(model.kind, model.name, since=since, until=until, latest=SAMPLE)
    change = find_change(excess_log_loss(decided.score, decided.positive))
    if change is None:
        return {}
    at = datetime.fromtimestamp(decided.at[change.at], tz=until.tzinfo)
    figures = {"before": change.before, "after": change.after, "rows": change.rows}
    return {"since": to_iso(at), "worse": change.is_worse, **figures}


def _counts(decided: DecidedEvents) -> dict[str, Any]:
    return {
        "decided": decided.decided,
        "events": len(decided),
        "positives": int(decided.positive.sum()),
        "unknown": decided.unknown,
    }


def examples_of(decided: DecidedEvents) -> dict[str, list[int]]:
    """Positions of decisions: missed and caught positives, largest stake first; false alarms by score."""
    kinds = {
        "missed": (decided.positive & decided.allowed, decided.stake),
        "caught": (decided.positive & ~decided.allowed, decided.stake),
        "false_alarms": (~decided.positive & ~decided.allowed, decided.score),
    }
    return {name: list(_largest(decided, rows, by=by)) for name, (rows, by) in kinds.items()}


def _largest(decided: DecidedEvents, rows: NDArray[np.bool_], *, by: NDArray[np.float64]) -> Iterator[int]:
    places = np.flatnonzero(rows)
    order = places[np.argsort(-by[places], kind="stable")][:MAX_EXAMPLES]
    yield from decided.position[order].tolist()
