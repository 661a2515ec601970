"""Compares a new model with the current champion on events that neither was trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.features.compile.plan import FeatureSet
from scoring.learning.dataset.split import DAY_US
from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.dataset.vectors_and_labels import read_vectors
from scoring.learning.gates.checks import no_champion_then
from scoring.learning.metrics.curves import describe_curves
from scoring.learning.metrics.paired import JudgedRows, Resampled, ScoredModel, bootstrap_differences
from scoring.learning.texts.filling import fill_texts
from scoring.learning.training.fit import Trained, measure
from scoring.learning.training.money import PolicyMoney
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.registry.errors import ArtifactCorrupt, UnknownModel
from scoring.registry.feature_sets import find_feature_set, own_set
from scoring.registry.loaded_models import LoadedModel, load_for_bulk
from scoring.registry.model_versions import champion_of
from scoring.registry.models import ModelVersion
from scoring.timestamps import from_iso, to_micros

SAMPLES = 200  # of the bootstrap
UNKNOWN = 0  # the code of a value outside a vocabulary


def compare_with_champion(
    trained: Trained,
    *,
    threads: int,
    money: PolicyMoney | None = None,
    watch: ProgressReporter = NO_PROGRESS,
) -> dict[str, Any]:
    """What is stored as `comparison`: {"champion", "why_not", "champion_metrics", "difference",
    "differences", "curves"}.

    `differences`: by metric the new model's value minus the champion's, with its bootstrap interval;
    `difference` is that of average precision. `money`: on what amounts are compared. `why_not` says why a
    champion could not be compared; then only the new model's curves are given.
    """
    held_out = trained.held_out
    name = champion_of(held_out.event_type)
    compared: dict[str, Any] = {
        "champion": name,
        "why_not": "",
        "champion_metrics": None,
        "difference": None,
        "differences": {},
        "curves": {"candidate": describe_curves(held_out.y, trained.score, held_out.weights)},
    }
    if name is None:
        return compared | {"why_not": no_champion_then(held_out.event_type)}
    try:
        champion = load_for_bulk(name, threads=threads)
    except (ArtifactCorrupt, UnknownModel) as error:
        return compared | {"why_not": str(error)}
    if why_not := reason_against(champion, held_out):
        return compared | {"why_not": why_not}
    return compared | _compare(champion, trained, money, watch)


def reason_against(champion: LoadedModel, held_out: TrainingSet) -> str:
    """Why the champion cannot be evaluated fairly on these events; "" if it can."""
    if own_set(champion) is None:
        return f"{champion.name} uses features that this code does not declare"
    # The calibration slice is the last one that training uses.
    learned_until = ModelVersion.objects.get(name=champion.name).metrics["slices"]["calibration"]["to"]
    if to_micros(from_iso(learned_until)) >= held_out.occurred_at.min():
        return f"{champion.name} was trained on some of these events, which would inflate its metrics"
    return ""


def recode_categories(
    X: NDArray,
    *,
    names: Sequence[str],
    old: Mapping[str, Sequence[str]],
    new: Mapping[str, Sequence[str]],
) -> NDArray:
    """A copy of X with its category columns recoded for another vocabulary; 0 for values not in it.

    `names`: the field or signal that each column shows. Values that are only in the new vocabulary were lost
    when X was read, and stay 0.
    """
    recoded = X.copy()
    for column, field in enumerate(names):
        if field in old:
            known = ~np.isnan(X[:, column])
            recoded[known, column] = _translation(old[field], new.get(field, ()))[
                X[known, column].astype(np.intp)
            ]
    return recoded


def vectors_for(champion: LoadedModel, held_out: TrainingSet, watch: ProgressReporter) -> NDArray:
    """The events' vectors in the champion's own set, as its vocabularies and text models code them."""
    own = own_set(champion)
    X = _vectors_in(champion, own, held_out, watch)
    if own:
        fill_texts(X, champion, own, held_out.texts)
    return X


def _vectors_in(
    champion: LoadedModel, own: FeatureSet | None, held_out: TrainingSet, watch: ProgressReporter
) -> NDArray:
    new = find_feature_set(held_out.event_type, held_out.vocabularies, held_out.feature_set)
    if own and new and own.declared == new.declared:
        return recode_categories(
            held_out.X,
            names=[spec.field for spec in new.features],
            old=held_out.vocabularies,
            new=champion.spec.vocabularies,
        )
    vectors = read_vectors(
        held_out.event_type, vocabulary=champion.spec.vocabularies, feature_set=own, watch=watch
    )
    order = np.argsort(vectors.positions)
    return vectors.X[order[np.searchsorted(vectors.positions, held_out.positions, sorter=order)]]


def _translation(old: Sequence[str], new: Sequence[str]) -> NDArray[np.float32]:
    """The new code of each old code; codes are positions in a vocabulary, counted from 1."""
    places = {value: float(code) for code, value in enumerate(new, start=1)}
    return np.array([UNKNOWN, *(places.get(value, UNKNOWN) for value in old)], dtype=np.float32)


def _compare(
    champion: LoadedModel, trained: Trained, money: PolicyMoney | None, watch: ProgressReporter
) -> dict[str, Any]:
    held_out = trained.held_out
    score = champion.predict(vectors_for(champion, held_out, watch))[1]
    metrics = measure(held_out, score, champion.thresholds, known=trained.known_before)
    watch.begin("comparing with the champion", total=SAMPLES)
    differences = _of_metrics(champion, trained, score, watch)
    if money is not None:
        own, other = money.of(trained.score, trained.thresholds), money.of(score, champion.thresholds)
        metrics |= money.measured(score, champion.thresholds)
        differences |= _differences(own, other, entity=money.groups)
    return {
        "champion_metrics": metrics,
        "difference": differences.get("average_precision"),
        "differences": differences,
        "curves": {
            "candidate": describe_curves(held_out.y, trained.score, held_out.weights),
            "champion": describe_curves(held_out.y, score, held_out.weights),
        },
    }


def _of_metrics(
    champion: LoadedModel, trained: Trained, score: NDArray[np.float64], watch: ProgressReporter
) -> dict[str, dict[str, Any]]:
    """Of every metric, each model at its own thresholds."""
    held_out = trained.held_out
    rows = JudgedRows(
        held_out.y, held_out.occurred_at // DAY_US, held_out.groups, held_out.weights, trained.known_before
    )
    return _differences(
        ScoredModel.of(rows, trained.score, trained.thresholds),
        ScoredModel.of(rows, score, champion.thresholds),
        entity=rows.entity,
        watch=watch,
    )


def _differences(
    first: Resampled, second: Resampled, *, entity: NDArray, watch: ProgressReporter = NO_PROGRESS
) -> dict[str, dict[str, Any]]:
    """The first minus the second by name, as stored."""
    found = bootstrap_differences(first, second, entity=entity, samples=SAMPLES, progress=watch.advance)
    return {name: asdict(interval) for name, interval in found.items()}
