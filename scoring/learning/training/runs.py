"""Training from the log, as a recipe: read, join, fit, measure, register."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

import scoring
from scoring.catalog.event_type import EventType, categories_of
from scoring.catalog.registry import event_type as find_event_type
from scoring.catalog.registry import scored_type
from scoring.features.compile.plan import FeatureSet, lane_plan
from scoring.learning.dataset.covered_days import covered_days
from scoring.learning.dataset.label_delay import gap_of
from scoring.learning.dataset.requirements import Remedies, TrainingWindow
from scoring.learning.dataset.selection import SelectionHistory
from scoring.learning.dataset.split import CUT_BY
from scoring.learning.dataset.training_set import (
    LabelHistory,
    TrainingSet,
    VectorTable,
    join_labels,
    select_rows,
    without_outliers,
)
from scoring.learning.dataset.vectors_and_labels import read_labels, read_selection, read_vectors
from scoring.learning.dataset.vocabularies import Vocabulary, count_vocabulary, freeze_vocabulary
from scoring.learning.errors import InvalidTraining, NoEventsToEvaluate, NotEnoughToTrain
from scoring.learning.gates.changing import gate_of
from scoring.learning.gates.checks import judge
from scoring.learning.leakage.accepting import check_leakage
from scoring.learning.leakage.served import check_served_values
from scoring.learning.leakage.times import check_times
from scoring.learning.metrics.latency import measure_latency
from scoring.learning.metrics.reference import TimedRows, describe_days, describe_reference
from scoring.learning.metrics.resampling import chance_average_precision
from scoring.learning.texts.reading import with_texts
from scoring.learning.training.analysis import analyze_model
from scoring.learning.training.comparison import compare_with_champion
from scoring.learning.training.features import check_accepted
from scoring.learning.training.fit import Prepared, Trained, fit_prepared, prepare, shuffle_labels
from scoring.learning.training.held_out import describe_held_out, stakes_of
from scoring.learning.training.money import money_under_policy
from scoring.learning.training.packing import pack_model
from scoring.learning.training.placement.requirements import require_machine
from scoring.learning.training.recipe import DISK, MAX_MATURITY_DAYS, TrainingConfig, TrainingRequest
from scoring.learning.training.tuning.simpler import compare_with_simpler
from scoring.learning.training.tuning.tuner import Tuned, Tuner
from scoring.log.rebuild import last_position
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.registry.artifact import Artifact
from scoring.registry.feature_sets import find_feature_set
from scoring.registry.model_versions import Registration, champion_of, register_model
from scoring.timestamps import to_iso

SHUFFLED = "it was trained on shuffled labels, as a check against chance"


# From declared words over states and batch values to the fitted, calibrated model.
CODE_ROOMS = (
    "batch",
    "catalog",
    "declare",
    "event_types",
    "explain",
    "features",
    "learning",
    "offline",
    "registry",
    "texts",
)


@dataclass(frozen=True)
class FittedModel:
    """A model that is not registered yet: its bytes and everything else to store."""

    trained: Trained
    artifact: Artifact
    registration: Registration
    vocabulary: Vocabulary


@dataclass(frozen=True)
class TrainingRun:
    """A finished run: the registered name, the trained model, its lineage and the results of its checks."""

    name: str
    trained: Trained
    lineage: Mapping[str, Any]
    digest: str
    checks: Sequence[Mapping[str, Any]]

    @property
    def rows(self) -> int:
        """The number of events in the training set."""
        return int(self.lineage["rows"])


def run_training(
    request: TrainingRequest,
    *,
    config: TrainingConfig,
    actor: str,
    now: datetime,
    tune: Tuner | None = None,
    watch: ProgressReporter = NO_PROGRESS,
) -> TrainingRun:
    """Fit and register.

    Raises NotEnoughHistory, NotEnoughPositives, UnknownEventType, FutureInformation, LeakageSuspected,
    ServedValuesDiffer.
    """
    fitted = fit_model(request, config=config, now=now, tune=tune, watch=watch)
    return register_fitted(fitted, actor=actor, now=now)


def fit_model(
    request: TrainingRequest,
    *,
    config: TrainingConfig,
    now: datetime,
    tune: Tuner | None = None,
    watch: ProgressReporter = NO_PROGRESS,
) -> FittedModel:
    """Read, join, train, compare with the champion, check. Raises the same errors as `run_training`.

    `tune` chooses another recipe, starting from `config`, once the training set is there.
    """
    kind = scored_type(request.event_type)
    check_window(request, now=now)
    config = require_machine(config, kind)
    inputs = _read_inputs(kind, request, on_disk=config.placement == DISK, now=now, watch=watch)
    data = inputs.data
    training_data = shuffle_labels(data, seed=config.seed) if request.shuffled else data
    leakage = _check_leakage(training_data, inputs, request, config=config, watch=watch)
    prepared, tuned, trained = _fit(training_data, inputs, request, config=config, tune=tune, watch=watch)
    artifact = pack_model(trained=trained, data=data)
    lineage = describe_lineage(request, data, read_until=inputs.read_until)
    lineage |= {"leakage": leakage, "gap": trained.gap.stored()}
    if tuned.record:
        lineage["search"] = _describe_search(tuned, prepared, trained, base=config, watch=watch)
    del prepared
    registration = _registration(trained, artifact, request=request, data=data, lineage=lineage, watch=watch)
    return FittedModel(trained, artifact, registration, inputs.vocabulary)


@dataclass(frozen=True)
class _Inputs:
    """What a training reads: its events, later ones to test on, and what advice on too few of them needs.

    `times` int64[n]: when each event of the type occurred. `read_until`: the log position of the last label.
    """

    data: TrainingSet
    test: TrainingSet | None
    times: NDArray[np.int64]
    labels: LabelHistory
    selection: SelectionHistory
    vocabulary: Vocabulary
    read_until: int


def _read_inputs(
    kind: type[EventType],
    request: TrainingRequest,
    *,
    on_disk: bool,
    now: datetime,
    watch: ProgressReporter,
) -> _Inputs:
    """Read the lane and the labels and join them.

    The vectors of all events, which take most of the memory unless all are mature, are given up here.
    """
    read_until = last_position() if request.log_position is None else request.log_position
    vocabulary = count_vocabulary(kind, as_of=request.as_of, watch=watch)
    vectors = read_vectors(
        kind.name, vocabulary=vocabulary, log_position=request.log_position, watch=watch, on_disk=on_disk
    )
    vectors = with_texts(vectors, _text_fields(kind), watch=watch)
    labels = read_labels(vectors, log_position=read_until, watch=watch)
    selection = read_selection(vectors, log_position=read_until)
    data, test = training_and_test(vectors, labels, selection, request, now=now)
    return _Inputs(data, test, vectors.occurred_at, labels, selection, vocabulary, read_until)


def _check_leakage(
    data: TrainingSet,
    inputs: _Inputs,
    request: TrainingRequest,
    *,
    config: TrainingConfig,
    watch: ProgressReporter,
) -> dict[str, Any]:
    """The features that alone tell the label of `data`, and those whose values differ from the served ones.

    Raises LeakageSuspected, ServedValuesDiffer.
    """
    check_accepted(request.accepted_leakage, data.feature_names)
    watch.begin("looking for leakage", total=1)
    accepted, left_out = request.accepted_leakage, config.features_left_out
    leakage = check_leakage(data, accepted=accepted, left_out=left_out)
    leakage["served"] = check_served_values(
        inputs.data, log_position=inputs.read_until, accepted=accepted, left_out=left_out
    )
    watch.advance(1)
    return leakage


def _fit(
    data: TrainingSet,
    inputs: _Inputs,
    request: TrainingRequest,
    *,
    config: TrainingConfig,
    tune: Tuner | None,
    watch: ProgressReporter,
) -> tuple[Prepared, Tuned, Trained]:
    """Choose the recipe and fit it. Errors about too few events or positives say what would help."""
    try:
        prepared = prepare(data=data, config=config, test=inputs.test, watch=watch)
        tuned = tune(prepared, config, watch) if tune else Tuned(config, {})
        return prepared, tuned, fit_prepared(prepared, config=tuned.config, watch=watch)
    except NotEnoughToTrain as error:
        shares = config.shares if inputs.test is None else config.shares.without_test()
        shares = gap_of(shares, inputs.data).within(shares)
        remedies = Remedies(inputs.times, inputs.labels, shares, config.needs, inputs.selection)
        error.advise(remedies.advice(TrainingWindow(request.as_of, request.maturity, request.since)))
        raise


def _describe_search(
    tuned: Tuned, prepared: Prepared, trained: Trained, *, base: TrainingConfig, watch: ProgressReporter
) -> dict[str, Any]:
    codes = code_columns(prepared.data)
    against = compare_with_simpler(prepared, trained, base=base, codes=codes, watch=watch)
    return {**tuned.record, "against": against}


def _text_fields(kind: type[EventType]) -> list[str]:
    """The text fields from which new models of the type fill in features."""
    return [field for _, field, _ in lane_plan(kind.lane).feature_set(kind.name).resemblances]


def check_window(request: TrainingRequest, *, now: datetime) -> None:
    """Raises InvalidTraining for times that leave no events to train or evaluate on."""
    as_of, days = request.as_of, request.maturity / timedelta(days=1)
    if not 0 <= days <= MAX_MATURITY_DAYS:
        raise InvalidTraining("matures_after", days, f"a number of days from 0 to {MAX_MATURITY_DAYS:,}")
    if as_of > now:
        raise InvalidTraining("as_of", to_iso(as_of), "in the past; future labels are not known")
    if request.since is not None and request.since >= as_of:
        raise InvalidTraining("since", to_iso(request.since), f"before the cut-off, {to_iso(as_of)}")
    if request.test_until is not None and request.test_until <= as_of:
        raise InvalidTraining("test_until", to_iso(request.test_until), f"after the cut-off, {to_iso(as_of)}")
    if request.log_position is not None and request.log_position < 0:
        raise InvalidTraining("log_position", request.log_position, "0 or more")


def register_fitted(fitted: FittedModel, *, actor: str, now: datetime) -> TrainingRun:
    """Store a fitted model as a new version and freeze its vocabulary, in one transaction."""
    registration = fitted.registration
    kind = find_event_type(registration.event_type)
    with transaction.atomic():
        freeze_vocabulary(kind, fitted.vocabulary, as_of=registration.as_of, now=now)
        name = register_model(registration, artifact=fitted.artifact, actor=actor, now=now)
    return TrainingRun(
        name, fitted.trained, registration.lineage, fitted.artifact.digest, registration.checks
    )


def _registration(
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
        declared=_newest_set(data).hash,
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


def days_held_out(trained: Trained, *, data: TrainingSet) -> float:
    """The number of days that the held-out events cover."""
    times = trained.held_out.occurred_at
    return covered_days(times, among=np.union1d(data.occurred_at, times))


def further_metrics(trained: Trained, outcomes: Mapping[str, int], *, data: TrainingSet) -> dict[str, Any]:
    """The metrics that the gate needs besides `all_metrics` and the latency."""
    days = days_held_out(trained, data=data)
    chance = chance_average_precision(trained.held_out.y, weights=trained.held_out.weights)
    return {
        "chance_average_precision": None if isnan(chance) else chance,
        "reviews_a_day": outcomes["review"] / days,
        "blocks_a_day": outcomes["block"] / days,
    }


def training_and_test(
    vectors: VectorTable,
    labels: LabelHistory,
    selection: SelectionHistory,
    request: TrainingRequest,
    *,
    now: datetime,
) -> tuple[TrainingSet, TrainingSet | None]:
    """The events mature at the cut-off, without outliers in time; and, if requested, later events that are
    mature now. Raises FutureInformation.
    """
    joined = partial(
        join_labels,
        vectors=vectors,
        labels=labels,
        matures_after=request.maturity,
        selection=selection,
    )
    data = without_outliers(joined(as_of=request.as_of, since=request.since))
    check_times(data)
    if request.test_until is None:
        return data, None
    test = joined(as_of=now, since=request.as_of, until=request.test_until)
    check_times(test)
    require_rows(test, request.as_of, request.test_until)
    return data, test


def code_columns(data: TrainingSet) -> list[int]:
    """Columns whose numbers are codes: categories, hours and weekdays."""
    categories = categories_of(find_event_type(data.event_type))
    names = {name.replace(".", "_") for name in categories} | {"hour_of_day", "day_of_week"}
    return [column for column, name in enumerate(data.feature_names) if name in names]


def _newest_set(data: TrainingSet) -> FeatureSet:
    """The feature set that this code computes for a new model with these vocabularies."""
    plan = lane_plan(find_event_type(data.event_type).lane, {data.event_type: data.vocabularies})
    return plan.feature_set(data.event_type)


def describe_lineage(request: TrainingRequest, data: TrainingSet, *, read_until: int) -> dict[str, Any]:
    """Everything needed to train the model again. Labels were read up to log position `read_until`."""
    lineage: dict[str, Any] = {
        "rows": len(data.y),
        "positives": int(data.y.sum()),
        "inferred_negatives": int(data.inferred.sum()),
        "unknown_blocks": len(data.unknown or ()),
        "explored": data.explored,
        "clipped": data.clipped,
        "matures_after_days": request.maturity / timedelta(days=1),
        "since": to_iso(request.since) if request.since else None,
        "outliers": data.outliers.stored(),
        "cut_by": CUT_BY,
        "log_position": read_until,
        "test_until": to_iso(request.test_until) if request.test_until else None,
        "code": code_digest(),
        "parent": champion_of(request.event_type),
        "declared_set": _newest_set(data).declared,
    }
    return lineage | ({"not_promotable": SHUFFLED} if request.shuffled else {})


def code_digest() -> str:
    """SHA-256 over the source code that determines a model's bytes: the rooms in `CODE_ROOMS`."""
    root = Path(scoring.__file__).parent
    sources = sorted(path for room in CODE_ROOMS for path in (root / room).rglob("*.py"))
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def require_rows(test: TrainingSet, since: datetime, until: datetime) -> None:
    """Raises NoEventsToEvaluate if there are no events or no positive ones."""
    if len(test.y) == 0 or not test.y.any():
        raise NoEventsToEvaluate(
            event_type=test.event_type, since=to_iso(since), until=to_iso(until), rows=len(test.y)
        )
