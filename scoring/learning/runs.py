"""Training and evaluation from the log, as recipes: read, join, fit, measure, register."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import scoring
from scoring.catalog.fields import Category
from scoring.catalog.registry import event_type as find_event_type
from scoring.errors import FeatureSetUnavailable, NoEventsToJudge
from scoring.learning.baseline import baseline_score, fit_baseline
from scoring.learning.dataset import Progress, read_labels, read_vectors
from scoring.learning.metrics import Interval, bootstrap_average_precision_difference
from scoring.learning.models import ModelVersion
from scoring.learning.packing import pack_model
from scoring.learning.registry import champion_of, load_for_bulk, register_model
from scoring.learning.training import Trained, TrainingConfig, measure, shuffle_labels, train_model
from scoring.learning.training_set import LabelTable, TrainingSet, VectorTable, join_labels
from scoring.learning.vocabularies import count_vocabulary, freeze_vocabulary
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
class TrainingRun:
    """A finished run: the registered name, what was learnt, from how many rows."""

    name: str
    trained: Trained
    rows: int
    digest: str


def run_training(
    request: TrainingRequest,
    *,
    config: TrainingConfig,
    actor: str,
    now: datetime,
    progress: Progress | None = None,
) -> TrainingRun:
    """Read, join, train, register. Raises NotEnoughHistory, NotEnoughPositives, UnknownEventType."""
    kind = find_event_type(request.event_type)
    vocabulary = count_vocabulary(kind, as_of=request.as_of)
    vectors = read_vectors(
        kind.name, vocabulary=vocabulary, progress=progress, log_position=request.log_position
    )
    labels = read_labels(vectors, log_position=request.log_position)
    data, test = training_and_test(vectors, labels, request, now=now)
    learnt_from = shuffle_labels(data, seed=config.seed) if request.shuffled else data
    trained = train_model(data=learnt_from, config=config, test=test)
    artefact = pack_model(trained=trained, data=data)
    freeze_vocabulary(kind, vocabulary, as_of=request.as_of, now=now)
    name = register_model(
        artefact=artefact,
        event_type=kind.name,
        as_of=request.as_of,
        parameters=config.parameters(),
        metrics=trained.metrics,
        lineage=describe_lineage(request, data, vectors=vectors),
        actor=actor,
        now=now,
    )
    return TrainingRun(name, trained, len(data.y), artefact.digest)


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
    UnknownModel, FeatureSetUnavailable, NoEventsToJudge.
    """
    model = load_for_bulk(name, threads=threads)
    row = ModelVersion.objects.get(name=name)
    vectors = read_vectors(model.event_type, vocabulary=model.spec.vocabularies, progress=progress)
    require_feature_set(name, needed=model.feature_set, found=vectors.feature_set)
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


def require_feature_set(name: str, *, needed: str, found: str) -> None:
    """Raises FeatureSetUnavailable unless this code computes the vectors the model was trained on."""
    if needed != found:
        raise FeatureSetUnavailable(name=name, needed=needed, found=found)


def describe_lineage(request: TrainingRequest, data: TrainingSet, *, vectors: VectorTable) -> dict[str, Any]:
    """Where a model comes from: enough to train it again."""
    matures_after = request.matures_after or find_event_type(request.event_type).matures_after
    lineage: dict[str, Any] = {
        "rows": len(data.y),
        "positives": int(data.y.sum()),
        "inferred_negatives": int(data.inferred.sum()),
        "matures_after_days": matures_after / timedelta(days=1),
        "log_position": request.log_position or int(vectors.positions.max(initial=0)),
        "test_until": to_iso(request.test_until) if request.test_until else None,
        "code": code_digest(),
        "parent": champion_of(request.event_type),
    }
    return lineage | ({"not_promotable": SHUFFLED} if request.shuffled else {})


def code_digest() -> str:
    """SHA-256 over the sources that decide a model's bytes: catalog, features and learning."""
    root = Path(scoring.__file__).parent
    sources = sorted(
        path for room in ("catalog", "features", "learning") for path in (root / room).rglob("*.py")
    )
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _require_rows(test: TrainingSet, since: datetime, until: datetime) -> None:
    if len(test.y) == 0 or not test.y.any():
        raise NoEventsToJudge(
            event_type=test.event_type, since=to_iso(since), until=to_iso(until), rows=len(test.y)
        )
