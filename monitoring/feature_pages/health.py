"""The health of features: distributions compared with training, and values recomputed from the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Sum

from monitoring.drift.report import FeatureDrift, compare
from monitoring.feature_pages.model_usage import ModelUse
from monitoring.models import ModelWindow
from monitoring.windows.binning import Reference
from monitoring.windows.feature_weights import Weight, weigh_features
from scoring.features.compile.specs import FeatureSpec
from scoring.lanes.models import Pending
from scoring.registry.models import ModelVersion
from scoring.replay.models import FeatureConsistency, LaneCheckpoint

# A share of missing values this far above training's needs attention, whatever the PSI.
MORE_MISSING = 0.05


@dataclass(frozen=True)
class ConsistencyCheck:
    """How many logged values of a feature were recomputed from the log, and how many differed."""

    compared: int = 0
    mismatched: int = 0

    @property
    def share(self) -> float | None:
        """The share that differed; None if none was compared."""
        return self.mismatched / self.compared if self.compared else None


@dataclass(frozen=True)
class LiveModel:
    """A live model's `rows` decisions: the drift of every feature and its weight in the scores.

    `drifts` and `weights` are empty without decisions.
    """

    model: ModelUse
    reference: Reference
    windows: Sequence[ModelWindow]
    rows: int
    drifts: Mapping[str, FeatureDrift]
    weights: Mapping[str, Weight]


def read_live(
    models: Sequence[ModelUse], *, specs: Mapping[str, FeatureSpec], since: datetime
) -> list[LiveModel]:
    """The champion and canary with their decisions since then, the champion first. Two queries.

    Models without a reference are left out: there is nothing to compare with.
    """
    deciding = [model for model in models if model.stage.name in ("champion", "canary")]
    names = [model.name for model in deciding]
    references = dict(ModelVersion.objects.filter(name__in=names).values_list("name", "reference"))
    windows: dict[str, list[ModelWindow]] = {}
    for window in ModelWindow.objects.filter(model__in=names, start__gte=since).order_by("start"):
        windows.setdefault(window.model, []).append(window)
    return [
        _live(model, reference, windows.get(model.name, []), specs=specs, since=since)
        for model in deciding
        if (reference := Reference.of(references[model.name])) is not None
    ]


def _live(
    model: ModelUse,
    reference: Reference,
    windows: Sequence[ModelWindow],
    *,
    specs: Mapping[str, FeatureSpec],
    since: datetime,
) -> LiveModel:
    report = compare(model.name, windows, reference, specs=specs, since=since)
    return LiveModel(
        model=model,
        reference=reference,
        windows=windows,
        rows=report.rows,
        drifts={each.name: each for each in report.features} if report.rows else {},
        weights=weigh_features(windows, reference.names),
    )


def read_checked(event_type: str, *, since: datetime) -> dict[str, ConsistencyCheck]:
    """The results of the continuous consistency check by feature, over decisions since then."""
    rows = (
        FeatureConsistency.objects.filter(event_type=event_type, hour__gte=since)
        .values("feature")
        .annotate(all_compared=Sum("compared"), all_mismatched=Sum("mismatched"))
    )
    return {row["feature"]: ConsistencyCheck(row["all_compared"], row["all_mismatched"]) for row in rows}


def read_checked_by_hour(
    event_type: str, feature: str, *, since: datetime
) -> dict[datetime, ConsistencyCheck]:
    """The same for one feature, by hour of the decisions."""
    rows = FeatureConsistency.objects.filter(event_type=event_type, feature=feature, hour__gte=since)
    return {row.hour: ConsistencyCheck(row.compared, row.mismatched) for row in rows}


@dataclass(frozen=True)
class LaneState:
    """A lane's backlog: `pending` entries since `oldest`. `checked_at`: by the consistency check."""

    lane: str
    pending: int
    oldest: datetime | None
    checked_at: datetime | None


def read_lane(lane: str) -> LaneState:
    """Two queries."""
    ready = Pending.objects.filter(lane=lane, state=Pending.State.READY)
    found = ready.aggregate(pending=Count("pk"), oldest=Min("enqueued_at"))
    checked_at = LaneCheckpoint.objects.filter(lane=lane).values_list("checked_at", flat=True).first()
    return LaneState(lane, found["pending"], found["oldest"], checked_at)
