"""Evaluates a model on labeled events: read, join, measure, compare with a baseline."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scoring.learning.dataset.selection import SelectionHistory
from scoring.learning.dataset.training_set import (
    LabelHistory,
    TrainingSet,
    VectorTable,
    join_labels,
    without_outliers,
)
from scoring.learning.dataset.vectors_and_labels import read_labels, read_selection, read_vectors
from scoring.learning.metrics.resampling import Interval, bootstrap_average_precision_difference
from scoring.learning.texts.filling import fill_texts
from scoring.learning.texts.reading import with_texts
from scoring.learning.training.baseline import baseline_score, fit_baseline
from scoring.learning.training.fit import measure
from scoring.learning.training.runs import code_columns, require_rows
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.registry.feature_sets import check_feature_set
from scoring.registry.loaded_models import load_for_bulk
from scoring.registry.models import ModelVersion
from scoring.timestamps import from_iso


@dataclass(frozen=True)
class Evaluation:
    """A model's metrics over a period and, if requested, a baseline's and the interval of the difference."""

    model: dict[str, Any]
    baseline: dict[str, Any] | None = None
    difference: Interval | None = None


def run_evaluation(
    name: str,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    against_logistic: bool = False,
    samples: int = 200,
    threads: int = 1,
    watch: ProgressReporter = NO_PROGRESS,
) -> Evaluation:
    """Evaluate a model on the mature events in [since, until) with the labels known now.

    The baseline is fitted on exactly the rows that were mature at the model's cut-off. Raises UnknownModel,
    FeatureSetMissing, NoEventsToEvaluate.
    """
    model = load_for_bulk(name, threads=threads)
    row, own = ModelVersion.objects.get(name=name), check_feature_set(model)
    vectors = read_vectors(model.event_type, vocabulary=model.spec.vocabularies, feature_set=own, watch=watch)
    vectors = with_texts(vectors, [text.field for text in model.texts], watch=watch)
    fill_texts(vectors.X, model, own, vectors.texts)
    labels, selection = read_labels(vectors, watch=watch), read_selection(vectors)
    matures_after = timedelta(days=row.lineage["matures_after_days"])
    test = join_labels(
        vectors=vectors,
        labels=labels,
        as_of=now,
        matures_after=matures_after,
        since=since,
        until=until,
        selection=selection,
    )
    require_rows(test, since, until)
    score = model.predict(test.X)[1]
    judged = measure(test, score, model.thresholds)
    if not against_logistic:
        return Evaluation(judged)
    watch.begin("fitting the baseline", total=1)
    data = training_data_of(row, vectors, labels, selection)
    baseline = fit_baseline(X=data.X, y=data.y, codes=code_columns(data), weights=data.weights)
    other = baseline_score(baseline, test.X)
    watch.advance(1)
    watch.begin("comparing with the baseline", total=samples)
    difference = bootstrap_average_precision_difference(
        y=test.y,
        first=score,
        second=other,
        groups=test.groups,
        samples=samples,
        weights=test.weights,
        progress=watch.advance,
    )
    return Evaluation(judged, measure(test, other, {}), difference)


def training_data_of(
    row: ModelVersion, vectors: VectorTable, labels: LabelHistory, selection: SelectionHistory
) -> TrainingSet:
    """The events that a model was trained from, including its test slice."""
    lineage = row.lineage
    data = join_labels(
        vectors=vectors,
        labels=labels,
        as_of=row.as_of,
        matures_after=timedelta(days=lineage["matures_after_days"]),
        since=from_iso(lineage["since"]) if lineage.get("since") else None,
        selection=selection if "unknown_blocks" in lineage else None,  # older models took them for negatives
    )
    return without_outliers(data) if "outliers" in lineage else data  # older models kept outliers
