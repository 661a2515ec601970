"""Evaluates a model on labeled events: read, join, measure, compare with a baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.registry import event_type
from scoring.learning.baseline_names import BASELINES
from scoring.learning.dataset.covered_days import covered_days
from scoring.learning.dataset.selection import SelectionHistory
from scoring.learning.dataset.training_set import (
    LabelHistory,
    TrainingSet,
    VectorTable,
    join_labels,
    known_before,
    without_outliers,
)
from scoring.learning.dataset.vectors_and_labels import read_labels, read_selection, read_vectors
from scoring.learning.fairness.assessment import assess_slices
from scoring.learning.folds.contenders import Learned, baseline
from scoring.learning.folds.money import money_by_model
from scoring.learning.metrics.resampling import Interval, bootstrap_average_precision_difference
from scoring.learning.texts.filling import fill_texts
from scoring.learning.texts.reading import with_texts
from scoring.learning.training.comparison import vectors_for
from scoring.learning.training.fit import measure
from scoring.learning.training.running.inputs import require_rows
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.registry.feature_sets import check_feature_set
from scoring.registry.loaded_models import LoadedModel, load_for_bulk
from scoring.registry.models import ModelVersion
from scoring.timestamps import from_iso


@dataclass(frozen=True)
class Evaluation:
    """A model's metrics over a period and, if requested, those of another one with the difference's interval.

    `against`: a baseline or the name of a model. `slices`: as `assess_slices` gives them, {} without.
    `currency`: of metrics that are amounts, which are in minor units.
    """

    model: dict[str, Any]
    against: str = ""
    other: dict[str, Any] | None = None
    difference: Interval | None = None
    slices: Mapping[str, Any] = field(default_factory=dict)
    currency: str = "USD"


def run_evaluation(
    name: str,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    against: str | None = None,
    samples: int = 200,
    threads: int = 1,
    sliced_by: Sequence[str] = (),
    watch: ProgressReporter = NO_PROGRESS,
) -> Evaluation:
    """Evaluate a model on the mature events in [since, until) with the labels known now.

    `against`: "logistic" or "random_forest", fitted on exactly the rows that were mature at the model's
    cut-off, or the name of another model. `sliced_by`: fields or features by which metrics
    are sliced too. Raises UnknownModel, FeatureSetMissing, NoEventsToEvaluate, InvalidSliceField.
    """
    model = load_for_bulk(name, threads=threads)
    other = _model_or_none(against, threads=threads)
    row, history = ModelVersion.objects.get(name=name), _read_history(model, other, watch=watch)
    test = history.between(since, until, maturity=_maturity(row), now=now)
    require_rows(test, since, until)
    known = known_before(history.vectors, history.labels, test, at=since)
    judged = {name: Learned(model.predict(test.X)[1], model.thresholds)}
    if other:
        judged[other.name] = Learned(other.predict(vectors_for(other, test, watch))[1], other.thresholds)
    elif against:
        data = training_data_of(row, history.vectors, history.labels, history.selection)
        judged[against] = baseline(against, threads=threads).learn(data, test, watch)
    metrics = _metrics_of(judged, test, known=known, among=history.vectors.occurred_at)
    slices = (
        assess_slices(
            *(test, judged[name].score),
            thresholds=model.thresholds,
            fields=sliced_by,
            samples=samples,
            watch=watch,
        )
        if sliced_by
        else {}
    )
    return Evaluation(
        metrics[name],
        against or "",
        metrics[against] if against else None,
        _difference(test, judged[name].score, judged[against].score, samples=samples, watch=watch)
        if against
        else None,
        slices,
        event_type(model.event_type).base_currency,
    )


def _read_history(model: LoadedModel, other: LoadedModel | None, *, watch: ProgressReporter) -> "_History":
    """The lane with the vectors of `model`, and with the texts that both read. Raises FeatureSetMissing."""
    own = check_feature_set(model)
    vectors = read_vectors(model.event_type, vocabulary=model.spec.vocabularies, feature_set=own, watch=watch)
    fields = [text.field for loaded in (model, other) if loaded for text in loaded.texts]
    vectors = with_texts(vectors, fields, watch=watch)
    fill_texts(vectors.X, model, own, vectors.texts)
    return _History(vectors, read_labels(vectors, watch=watch), read_selection(vectors))


def _metrics_of(
    judged: Mapping[str, Learned], test: TrainingSet, *, known: NDArray[np.bool_], among: NDArray[np.int64]
) -> dict[str, dict[str, Any]]:
    """All metrics by model, amounts included. `among` int64[n]: the times of all events."""
    money = money_by_model(test, judged, covered_days(test.occurred_at, among=among))
    return {
        name: measure(test, each.score, each.thresholds or {}, known=known) | money.get(name, {})
        for name, each in judged.items()
    }


@dataclass(frozen=True)
class _History:
    vectors: VectorTable
    labels: LabelHistory
    selection: SelectionHistory

    def between(self, since: datetime, until: datetime, *, maturity: timedelta, now: datetime) -> TrainingSet:
        """The events of a period that are mature now."""
        return join_labels(
            vectors=self.vectors,
            labels=self.labels,
            as_of=now,
            matures_after=maturity,
            since=since,
            until=until,
            selection=self.selection,
        )


def _maturity(row: ModelVersion) -> timedelta:
    return timedelta(days=row.lineage["matures_after_days"])


def _model_or_none(against: str | None, *, threads: int) -> LoadedModel | None:
    """The model to compare with; None for a baseline or nothing. Raises UnknownModel."""
    if against is None or against in BASELINES:
        return None
    return load_for_bulk(against, threads=threads)


def _difference(
    test: TrainingSet,
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    samples: int,
    watch: ProgressReporter,
) -> Interval:
    watch.begin("comparing", total=samples)
    return bootstrap_average_precision_difference(
        y=test.y,
        first=first,
        second=second,
        groups=test.groups,
        samples=samples,
        weights=test.weights,
        progress=watch.advance,
    )


def describe_evaluation(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as JSON values."""
    return {
        "metrics": evaluation.model,
        "against": evaluation.against or None,
        "against_metrics": evaluation.other,
        "difference": asdict(evaluation.difference) if evaluation.difference else None,
        "slices": evaluation.slices or None,
    }


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
