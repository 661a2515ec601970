"""Training and evaluation from the log, as recipes: read, join, fit, measure, register."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isnan
from pathlib import Path
from typing import Any

from django.db import transaction

import scoring
from scoring.catalog.fields import Category
from scoring.catalog.registry import event_type as find_event_type
from scoring.decisions.lane_log import LaneHead, count_items_after
from scoring.errors import NoEventsToJudge
from scoring.features.plan import FeatureSet, lane_plan
from scoring.learning.artefact import Artefact
from scoring.learning.baseline import baseline_score, fit_baseline
from scoring.learning.comparison import compare_with_champion
from scoring.learning.dataset import Progress, read_labels, read_vectors
from scoring.learning.feature_sets import check_feature_set
from scoring.learning.gate import judge
from scoring.learning.latency import measure_latency
from scoring.learning.metrics import (
    Interval,
    bootstrap_average_precision_difference,
    chance_average_precision,
)
from scoring.learning.models import ModelVersion
from scoring.learning.packing import pack_model
from scoring.learning.progress import UNWATCHED, Watch
from scoring.learning.reference import describe_reference
from scoring.learning.registry import (
    Registration,
    champion_of,
    load_for_bulk,
    register_model,
)
from scoring.learning.split import DAY_US
from scoring.learning.training import Trained, TrainingConfig, measure, shuffle_labels, train_model
from scoring.learning.training_set import LabelTable, TrainingSet, VectorTable, join_labels
from scoring.learning.vocabularies import Vocabulary, count_vocabulary, freeze_vocabulary
from scoring.log.rebuild import last_position
from scoring.timestamps import to_iso

SHUFFLED = "it was trained on shuffled labels, to show what chance looks like"


@dataclass(frozen=True)
class TrainingRequest:
    """What to train on, and what to judge it on.

    `test_until`: judge on the events in [as_of, test_until) instead of the newest mature ones.
    `log_position`: the other half of the cut-off; entries beyond it are not looked at, so that a run can be
    repeated although older history was loaded since. None: everything there is.
    """

    event_type: str
    as_of: datetime
    test_until: datetime | None = None
    matures_after: timedelta | None = None
    log_position: int | None = None
    shuffled: bool = False


@dataclass(frozen=True)
class Fitted:
    """A run that has changed nothing yet: the bytes of the model, and all that is to be stored of it."""

    trained: Trained
    artefact: Artefact
    registration: Registration
    vocabulary: Vocabulary


@dataclass(frozen=True)
class TrainingRun:
    """A finished run: the registered name, what was learnt, from how many rows, what the gate found."""

    name: str
    trained: Trained
    rows: int
    digest: str
    checks: Sequence[Mapping[str, Any]]


def run_training(
    request: TrainingRequest,
    *,
    config: TrainingConfig,
    actor: str,
    now: datetime,
    watch: Watch = UNWATCHED,
) -> TrainingRun:
    """Fit and register. Raises NotEnoughHistory, NotEnoughPositives, UnknownEventType."""
    return register_fitted(fit_model(request, config=config, now=now, watch=watch), actor=actor, now=now)


def fit_model(
    request: TrainingRequest, *, config: TrainingConfig, now: datetime, watch: Watch = UNWATCHED
) -> Fitted:
    """Read, join, train, measure beside the champion, judge. Raises what `run_training` does."""
    kind = find_event_type(request.event_type)
    read_until = request.log_position or last_position()
    watch.begin("reading the lane", total=count_items_after(LaneHead(kind.lane)))
    vocabulary = count_vocabulary(kind, as_of=request.as_of)
    vectors = read_vectors(
        kind.name, vocabulary=vocabulary, progress=watch.advance, log_position=request.log_position
    )
    labels = read_labels(vectors, log_position=read_until)
    data, test = training_and_test(vectors, labels, request, now=now)
    learnt_from = shuffle_labels(data, seed=config.seed) if request.shuffled else data
    trained = train_model(data=learnt_from, config=config, test=test, watch=watch)
    artefact = pack_model(trained=trained, data=data)
    watch.begin("measuring")
    lineage = describe_lineage(request, data, read_until=read_until)
    registration = _registration(
        trained, artefact, request=request, data=data, config=config, lineage=lineage
    )
    return Fitted(trained, artefact, registration, vocabulary)


def register_fitted(fitted: Fitted, *, actor: str, now: datetime) -> TrainingRun:
    """Store a fitted model as a new version, its vocabulary frozen: all of it, or nothing."""
    registration = fitted.registration
    kind = find_event_type(registration.event_type)
    with transaction.atomic():
        freeze_vocabulary(kind, fitted.vocabulary, as_of=registration.as_of, now=now)
        name = register_model(registration, artefact=fitted.artefact, actor=actor, now=now)
    rows = registration.lineage["rows"]
    return TrainingRun(name, fitted.trained, rows, fitted.artefact.digest, registration.checks)


def _registration(
    trained: Trained,
    artefact: Artefact,
    *,
    request: TrainingRequest,
    data: TrainingSet,
    config: TrainingConfig,
    lineage: Mapping[str, Any],
) -> Registration:
    """What is stored besides the bytes; none of it is part of the artefact, so timings may differ."""
    reference = describe_reference(
        X=data.X[trained.grown_on],
        names=data.feature_names,
        codes=code_columns(data),
        score=trained.score,
        thresholds=trained.thresholds,
    )
    metrics = trained.metrics | further_metrics(trained, artefact, reference["outcomes"])
    comparison = compare_with_champion(trained, threads=config.threads)
    checks = judge(
        metrics=metrics,
        comparison=comparison,
        lineage=lineage,
        reviews_a_day=config.policy.reviews_a_day,
        feature_set=data.feature_set,
        declared=_newest_set(data).hash,
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
    )


def further_metrics(trained: Trained, artefact: Artefact, outcomes: Mapping[str, int]) -> dict[str, Any]:
    """What the gate asks for besides the metrics every model is compared by."""
    times = trained.held_out.occurred_at
    days = max((int(times.max()) - int(times.min())) / DAY_US, 1.0)
    chance = chance_average_precision(trained.held_out.y)
    return {
        "chance_average_precision": None if isnan(chance) else chance,
        "reviews_a_day": outcomes["review"] / days,
        "blocks_a_day": outcomes["block"] / days,
        "latency_ms": measure_latency(artefact, trained.held_out.X),
    }


def training_and_test(
    vectors: VectorTable, labels: LabelTable, request: TrainingRequest, *, now: datetime
) -> tuple[TrainingSet, TrainingSet | None]:
    """What was mature at the cut-off; and, if asked for, later events that are mature by now."""
    matures_after = request.matures_after or find_event_type(request.event_type).matures_after
    data = join_labels(vectors=vectors, labels=labels, as_of=request.as_of, matures_after=matures_after)
    if request.test_until is None:
        return data, None
    test = join_labels(
        vectors=vectors,
        labels=labels,
        as_of=now,
        matures_after=matures_after,
        since=request.as_of,
        until=request.test_until,
    )
    _require_rows(test, request.as_of, request.test_until)
    return data, test


@dataclass(frozen=True)
class Evaluation:
    """A model's metrics over a stretch of time and, if asked for, a baseline's with the interval between."""

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
    progress: Progress | None = None,
) -> Evaluation:
    """Judge a model on the mature events in [since, until), with the labels known by now.

    The baseline is fitted on exactly the rows that were mature at the model's own cut-off. Raises
    UnknownModel, FeatureSetMissing, NoEventsToJudge.
    """
    model = load_for_bulk(name, threads=threads)
    row = ModelVersion.objects.get(name=name)
    vectors = read_vectors(
        model.event_type,
        vocabulary=model.spec.vocabularies,
        feature_set=check_feature_set(model),
        progress=progress,
    )
    labels = read_labels(vectors)
    matures_after = timedelta(days=row.lineage["matures_after_days"])
    window = {"since": since, "until": until}
    test = join_labels(vectors=vectors, labels=labels, as_of=now, matures_after=matures_after, **window)
    _require_rows(test, since, until)
    score = model.predict(test.X)[1]
    judged = measure(y=test.y, score=score, occurred_at=test.occurred_at, thresholds=model.thresholds)
    if not against_logistic:
        return Evaluation(judged)
    data = join_labels(vectors=vectors, labels=labels, as_of=row.as_of, matures_after=matures_after)
    other = baseline_score(fit_baseline(X=data.X, y=data.y, codes=code_columns(data)), test.X)
    difference = bootstrap_average_precision_difference(
        y=test.y, first=score, second=other, groups=test.groups, samples=samples
    )
    return Evaluation(
        judged, measure(y=test.y, score=other, occurred_at=test.occurred_at, thresholds={}), difference
    )


def code_columns(data: TrainingSet) -> list[int]:
    """Columns whose numbers are names: category codes, hours and weekdays."""
    fields = find_event_type(data.event_type).fields
    names = {name for name, field in fields.items() if isinstance(field, Category)} | {
        "hour_of_day",
        "day_of_week",
    }
    return [column for column, name in enumerate(data.feature_names) if name in names]


def _newest_set(data: TrainingSet) -> FeatureSet:
    """What this code computes for a new model with these vocabularies."""
    plan = lane_plan(find_event_type(data.event_type).lane, {data.event_type: data.vocabularies})
    return plan.feature_set(data.event_type)


def describe_lineage(request: TrainingRequest, data: TrainingSet, *, read_until: int) -> dict[str, Any]:
    """Where a model comes from: enough to train it again. Labels were read up to position `read_until`."""
    matures_after = request.matures_after or find_event_type(request.event_type).matures_after
    lineage: dict[str, Any] = {
        "rows": len(data.y),
        "positives": int(data.y.sum()),
        "inferred_negatives": int(data.inferred.sum()),
        "matures_after_days": matures_after / timedelta(days=1),
        "log_position": read_until,
        "test_until": to_iso(request.test_until) if request.test_until else None,
        "code": code_digest(),
        "parent": champion_of(request.event_type),
        "declared_set": _newest_set(data).declared,
    }
    return lineage | ({"not_promotable": SHUFFLED} if request.shuffled else {})


def code_digest() -> str:
    """SHA-256 over the sources that decide a model's bytes: catalog, features, learning, offline store."""
    root = Path(scoring.__file__).parent
    rooms = ("catalog", "features", "learning", "offline")
    sources = sorted(path for room in rooms for path in (root / room).rglob("*.py"))
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _require_rows(test: TrainingSet, since: datetime, until: datetime) -> None:
    if len(test.y) == 0 or not test.y.any():
        raise NoEventsToJudge(
            event_type=test.event_type, since=to_iso(since), until=to_iso(until), rows=len(test.y)
        )
