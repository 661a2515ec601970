"""What is stored of a fitted model besides its artifact: metrics, reference, comparison, checks."""

from collections.abc import Mapping
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.event_type import categories_of
from scoring.catalog.registry import event_type as find_event_type
from scoring.learning.dataset.covered_days import covered_days
from scoring.learning.dataset.training_set import TrainingSet, select_rows
from scoring.learning.gates.changing import gate_of
from scoring.learning.gates.checks import judge
from scoring.learning.metrics.latency import measure_latency
from scoring.learning.metrics.reference import TimedRows, describe_days, describe_reference
from scoring.learning.metrics.resampling import chance_average_precision
from scoring.learning.training.analysis import analyze_model
from scoring.learning.training.comparison import compare_with_champion
from scoring.learning.training.fit import Trained
from scoring.learning.training.held_out import describe_held_out, stakes_of
from scoring.learning.training.money import money_under_policy
from scoring.learning.training.recipe import TrainingRequest
from scoring.learning.training.running.lineage import newest_set
from scoring.progress import ProgressReporter
from scoring.registry.artifact import Artifact
from scoring.registry.feature_sets import find_feature_set
from scoring.registry.model_versions import Registration


def registration_of(
    trained: Trained,
    artifact: Artifact,
    *,
    request: TrainingRequest,
    data: TrainingSet,
    lineage: Mapping[str, Any],
    watch: ProgressReporter,
) -> Registration:
    """What is stored besides the artifact. It is not part of the digest, so timings may differ."""
    config = trained.config
    reference = _reference_of(trained, data=data, watch=watch)
    watch.begin("measuring", total=1)
    latency = measure_latency(artifact, trained.held_out.X)
    metrics = trained.metrics | further_metrics(trained, reference["outcomes"], data=data)
    metrics |= {"latency_ms": latency.milliseconds, "artifact_bytes": artifact.size}
    metrics |= _of_heads(trained)
    watch.advance(1)
    sample = _held_out_sample(trained, data=data)
    money = money_under_policy(trained.held_out, trained.score, sample)
    if money is not None:
        metrics |= money.measured(trained.score, trained.thresholds) | {"policy": money.policy.number}
    comparison = compare_with_champion(trained, threads=config.threads, money=money, watch=watch)
    checks = judge(
        metrics=metrics,
        comparison=comparison,
        lineage=lineage,
        reviews_a_day=config.policy.reviews_a_day,
        feature_set=data.feature_set,
        declared=newest_set(data).hash,
        why_no_tables=latency.why_no_tables,
        gate=gate_of(data.event_type),
    )
    return Registration(
        event_type=data.event_type,
        as_of=request.as_of,
        parameters=config.parameters(),
        metrics=metrics,
        lineage=lineage,
        comparison=comparison,
        reference=reference,
        checks=checks,
        held_out=sample,
        analysis=analyze_model(trained, watch=watch),
    )


def further_metrics(trained: Trained, outcomes: Mapping[str, int], *, data: TrainingSet) -> dict[str, Any]:
    """The metrics that the gate needs besides `all_metrics` and the latency."""
    days = days_held_out(trained, data=data)
    chance = chance_average_precision(trained.held_out.y, weights=trained.held_out.weights)
    return {
        "chance_average_precision": None if isnan(chance) else chance,
        "reviews_a_day": outcomes["review"] / days,
        "blocks_a_day": outcomes["block"] / days,
    }


def days_held_out(trained: Trained, *, data: TrainingSet) -> float:
    """The number of days that the held-out events cover."""
    times = trained.held_out.occurred_at
    return covered_days(times, among=np.union1d(data.occurred_at, times))


def _reference_of(trained: Trained, *, data: TrainingSet, watch: ProgressReporter) -> dict[str, Any]:
    watch.begin("describing the features", total=len(data.feature_names))
    unknown = data.unknown_during(trained.grown_on)
    reference = describe_reference(
        X=select_rows(data.X, trained.grown_on),
        names=data.feature_names,
        codes=code_columns(data),
        score=np.concatenate([trained.score, trained.unknown_score]),
        thresholds=trained.thresholds,
        also=unknown.X if unknown else None,
        later=_filled_later(trained, data=data),
        progress=watch.advance,
    )
    return reference | {"days": _days_of(trained, reference, data=data)}


def _filled_later(trained: Trained, *, data: TrainingSet) -> dict[int, NDArray[np.float32]]:
    """The columns that text models fill in, by index, of the rows after those the trees were grown on.

    There the models have not seen the rows on which the trees were grown; decisions, like all later rows, get
    the values of the final models.
    """
    own = find_feature_set(data.event_type, data.vocabularies, data.feature_set) if trained.texts else None
    rows = np.flatnonzero(data.occurred_at > data.occurred_at[trained.grown_on].max())
    if own is None or not len(rows):
        return {}
    later = select_rows(data.X, rows)
    return {column: later[:, column] for column, _, _ in own.resemblances}


def _days_of(trained: Trained, reference: Mapping[str, Any], *, data: TrainingSet) -> dict[str, Any]:
    """Single days up to the newest mature event: the last ones of training, and those after it."""
    rows, held_out = [TimedRows(data.X, data.occurred_at)], trained.held_out
    scores = [(trained.score, held_out.occurred_at)]
    if data.unknown:
        rows.append(TimedRows(data.unknown.X, data.unknown.occurred_at))
    if held_out.unknown:
        scores.append((trained.unknown_score, held_out.unknown.occurred_at))
    until = int(data.occurred_at[trained.grown_on].max())
    return describe_days(rows, features=reference["features"], scores=scores, until=until)


def _held_out_sample(trained: Trained, *, data: TrainingSet) -> dict[str, Any]:
    days = days_held_out(trained, data=data)
    sample = describe_held_out(trained.held_out, trained.score, days=days)
    return sample | {"stakes": stakes_of(data.event_type, sample["positions"])}


def _of_heads(trained: Trained) -> dict[str, Any]:
    """What is stored of the heads: their metrics by policy, and why other policies have none."""
    if not trained.heads and not trained.without_head:
        return {}
    return {
        "policies": {name: dict(head.metrics) for name, head in trained.heads.items()},
        "without_head": dict(trained.without_head),
    }


def code_columns(data: TrainingSet) -> list[int]:
    """Columns whose numbers are codes: categories, hours and weekdays."""
    categories = categories_of(find_event_type(data.event_type))
    names = {name.replace(".", "_") for name in categories} | {"hour_of_day", "day_of_week"}
    return [column for column, name in enumerate(data.feature_names) if name in names]
