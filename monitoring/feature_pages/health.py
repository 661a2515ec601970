"""Whether features are still right: seen by live models against training, and recomputed from the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Sum

from monitoring.drift.report import FeatureDrift, compare
from monitoring.feature_pages.model_usage import ModelUse, Weight, weigh_features
from monitoring.models import ModelWindow
from monitoring.windows.binning import Reference
from scoring.features.compile.specs import FeatureSpec
from scoring.lanes.models import Pending
from scoring.registry.models import ModelVersion
from scoring.replay.models import FeatureConsistency, LaneCheckpoint

# A share of missing values this much above that of training is worth a look, whatever PSI says of it.
MORE_MISSING = 0.05


@dataclass(frozen=True)
class Checked:
    """How many logged values of a feature were recomputed from the log, and how many came out otherwise."""

    compared: int = 0
    mismatched: int = 0

    @property
    def share(self) -> float | None:
        """The share that came out otherwise; None where nothing was compared."""
        return self.mismatched / self.compared if self.compared else None


@dataclass(frozen=True)
class Live:
    """What one live model saw in `rows` decisions: every feature then and now, and what it did to scores.

    `drifts` and `weights` are empty where the model has decided nothing.
    """

    model: ModelUse
    reference: Reference
    windows: Sequence[ModelWindow]
    rows: int
    drifts: Mapping[str, FeatureDrift]
    weights: Mapping[str, Weight]


def read_live(models: Sequence[ModelUse], *, specs: Mapping[str, FeatureSpec], since: datetime) -> list[Live]:
    """What the models that decide now have seen since then, the one in charge first. Two queries.

    Models without a reference are left out: there is nothing to compare with.
    """
    deciding = [model for model in models if model.standing.stage in ("champion", "canary")]
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
) -> Live:
    report = compare(model.name, windows, reference, specs=specs, since=since)
    return Live(
        model=model,
        reference=reference,
        windows=windows,
        rows=report.rows,
        drifts={each.name: each for each in report.features} if report.rows else {},
        weights=weigh_features(windows, reference.names),
    )


def read_checked(event_type: str, *, since: datetime) -> dict[str, Checked]:
    """What the continuous check found of each feature, of decisions since then."""
    rows = (
        FeatureConsistency.objects.filter(event_type=event_type, hour__gte=since)
        .values("feature")
        .annotate(all_compared=Sum("compared"), all_mismatched=Sum("mismatched"))
    )
    return {row["feature"]: Checked(row["all_compared"], row["all_mismatched"]) for row in rows}


def read_checked_by_hour(event_type: str, feature: str, *, since: datetime) -> dict[datetime, Checked]:
    """The same of one feature, by the hour of the decisions."""
    rows = FeatureConsistency.objects.filter(event_type=event_type, feature=feature, hour__gte=since)
    return {row.hour: Checked(row.compared, row.mismatched) for row in rows}


@dataclass(frozen=True)
class LaneState:
    """How far a lane is behind: `waiting` entries since `oldest`. `checked_at`: by the continuous check."""

    lane: str
    waiting: int
    oldest: datetime | None
    checked_at: datetime | None


def read_lane(lane: str) -> LaneState:
    """Two queries."""
    ready = Pending.objects.filter(lane=lane, state=Pending.State.READY)
    found = ready.aggregate(waiting=Count("pk"), oldest=Min("enqueued_at"))
    checked_at = LaneCheckpoint.objects.filter(lane=lane).values_list("checked_at", flat=True).first()
    return LaneState(lane, found["waiting"], found["oldest"], checked_at)
