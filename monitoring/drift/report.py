"""Compares a model's recent features, scores and outcomes with its training data, from model windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import orjson

from monitoring.drift.bin_names import bin_names, score_names
from monitoring.drift.distance import ALL_MISSING, NOT_COMPARED, Drift, State, measure_drift
from monitoring.drift.distances.binned import largest_mover, signed_shift
from monitoring.drift.estimated_loss import EstimatedLoss, estimate_loss
from monitoring.drift.ordinary_days import OrdinaryDays, ordinary_days
from monitoring.models import ModelWindow, VectorWindow
from monitoring.windows.binning import BinCounts, Reference, unpack
from monitoring.windows.feature_weights import weigh_features
from monitoring.windows.hourly import to_hour
from scoring.catalog.registry import all_outcomes
from scoring.catalog.registry import event_type as find_event_type
from scoring.features.compile.plan import Vocabularies, lane_plan
from scoring.features.compile.specs import FeatureSpec
from scoring.registry.models import ModelArtifact

HOUR = timedelta(hours=1)
SPANS = {"hour": HOUR, "day": timedelta(days=1), "week": timedelta(weeks=1)}
# Hour and weekday are compared only over a complete cycle: a quiet night is not drift.
CYCLES = {"hour": timedelta(days=1), "weekday": timedelta(weeks=1)}
# Scores and a model's effect are judged over most of a day: its hours differ, and so do their scores.
MIN_SEEN = timedelta(hours=18)
MIN_EFFECT = 0.05  # below it, drift is not worth a notice: all features a third of the way to "moderate"
UNORDERED = ("category", "flag")  # units whose bins have no order


@dataclass(frozen=True)
class SideShares:
    """The share of rows in each bin, and of rows without a value."""

    shares: list[float]
    missing: float


@dataclass(frozen=True)
class FeatureDrift:
    """A feature then (in training) and now. `names` are those of the bins, missing values last.

    `share`: its share of the model's explanations now (of all absolute contributions), None if unknown.
    `ordered`: whether its bins have an order.
    """

    name: str
    drift: Drift
    names: list[str]
    then: SideShares
    now: SideShares
    share: float | None = None
    ordered: bool = True

    @property
    def compared(self) -> bool:
        """Whether the two distributions were compared."""
        return self.drift.state.is_comparison

    @property
    def effect(self) -> float | None:
        """The PSI beyond chance times the share of the explanations; None if either is unknown."""
        return None if self.share is None or not self.compared else self.share * self.drift.excess

    @property
    def more_missing(self) -> float:
        """The change of the share of missing values."""
        return self.now.missing - self.then.missing

    @property
    def shift(self) -> float | None:
        """Which way its values moved, -1 to 1 (`signed_shift`); None without an order or without values."""
        then, now = self.then.shares[:-1], self.now.shares[:-1]
        return signed_shift(then, now) if self.ordered and any(then) and any(now) else None

    @property
    def mover(self) -> tuple[str, float]:
        """The bin whose share changed most, and the change. Missing values are a bin."""
        index, change = largest_mover(self.then.shares, self.now.shares)
        return self.names[index], change

    @property
    def highest(self) -> float:
        """The largest share of any bin."""
        return max(*self.then.shares, *self.now.shares)

    @property
    def bins(self) -> list[tuple[str, float, float]]:
        """(name, share then, share now) of every bin."""
        return list(zip(self.names, self.then.shares, self.now.shares, strict=True))


@dataclass(frozen=True)
class DriftReport:
    """A model over a period. `features` are sorted by effect, largest first, then by PSI.

    `score` is the drift of the scores, `scores` their (name, share then, share now) by bin, `outcomes` the
    shares (then, now) by outcome. `effect_limit`: the effect that chance and ordinary days explain.
    `seen_for`: from the first window to the last. `loss`: what the scores let expect, None with too few.
    """

    model: str
    rows: int
    reference_rows: int
    since: datetime
    features: list[FeatureDrift]
    score: Drift
    scores: list[tuple[str, float, float]]
    outcomes: dict[str, tuple[float, float]]
    effect_limit: float = 0.0
    seen_for: timedelta = timedelta(days=1)
    loss: EstimatedLoss | None = None

    @cached_property
    def shares(self) -> dict[str, float]:
        """The weight of each compared feature, adding up to 1: by explanations, or equal if none counted."""
        compared = [feature for feature in self.features if feature.compared]
        total = sum(feature.share or 0.0 for feature in compared)
        equal = 1 / max(len(compared), 1)
        return {each.name: (each.share or 0.0) / total if total else equal for each in compared}

    @property
    def effect(self) -> float:
        """The PSI beyond chance, averaged over the features by their shares in the explanations."""
        return sum(self.shares.get(each.name, 0.0) * each.drift.excess for each in self.features)

    @property
    def effect_threshold(self) -> float:
        """The effect above which drift deserves attention."""
        return max(MIN_EFFECT, self.effect_limit)

    @property
    def drifted_share(self) -> float:
        """The share of the explanations that is on features that have drifted."""
        return sum(self.shares.get(each.name, 0.0) for each in self.moved)

    def count(self, *states: State) -> int:
        return sum(feature.drift.state in states for feature in self.features)

    @property
    def moved(self) -> list[FeatureDrift]:
        return [feature for feature in self.features if feature.drift.state.has_moved]

    @property
    def drifts_by_features(self) -> bool:
        """Whether features have drifted with an effect that chance and ordinary days do not explain."""
        return bool(self.moved) and self.seen_for >= MIN_SEEN and self.effect > self.effect_threshold

    @property
    def costs_performance(self) -> bool:
        """Whether features have drifted with an effect, and the scores let expect a loss of performance."""
        return self.drifts_by_features and self.loss is not None and self.loss.is_certain

    @property
    def is_far(self) -> bool:
        """Whether it needs attention: features with an effect have drifted, or the scores have.

        Not before most of a day was seen: in a few hours everything is unlike a whole day.
        """
        scores = self.seen_for >= MIN_SEEN and self.score.state.has_moved
        return self.drifts_by_features or scores

    @property
    def state(self) -> State:
        """The most severe state of any feature or of the score."""
        order = list(State)
        return max([self.score.state, *(f.drift.state for f in self.features)], key=order.index)


def since_of(span: str, *, now: datetime) -> datetime:
    """The start of a span in whole hours, so that an "hour" is one to two hours long."""
    return to_hour(now - SPANS[span])


def read_windows(model: str, *, since: datetime) -> list[ModelWindow]:
    """The model's windows from `since` on, oldest first."""
    return list(ModelWindow.objects.filter(model=model, start__gte=since).order_by("start"))


def feature_specs(event_type: str, vocabularies: Mapping[str, Sequence[str]]) -> dict[str, FeatureSpec]:
    """The specs of an event type's features by name, with a model's vocabularies (field -> values).

    Those of the newest set come first, then those that only earlier sets have.
    """
    codes: Vocabularies = {event_type: vocabularies}
    sets = lane_plan(find_event_type(event_type).lane, codes).feature_sets(event_type)
    specs: dict[str, FeatureSpec] = {}
    for spec in (spec for declared in sets for spec in declared.features):
        specs.setdefault(spec.name, spec)
    return specs


def read_vocabularies(artifact: str) -> dict[str, list[str]]:
    """The vocabularies of a model's categories, field -> values, without loading the model."""
    stored = ModelArtifact.objects.filter(digest=artifact).values_list("spec", flat=True).first()
    return orjson.loads(stored)["vocabularies"] if stored else {}


def compare(
    model: str,
    windows: Sequence[VectorWindow],
    reference: Reference,
    *,
    specs: Mapping[str, FeatureSpec],
    since: datetime,
) -> DriftReport:
    """Compare the model's windows (since `since`, oldest first) with its reference."""
    seen_for = windows[-1].start - windows[0].start + windows[-1].LENGTH if windows else timedelta(0)
    counts = sum((reference.unpack_features(w.features) for w in windows), np.zeros_like(reference.features))
    scores = sum((unpack(w.scores) for w in windows), np.zeros_like(reference.scores))
    days, age = ordinary_days(reference), _age(reference, windows)
    limits, shares = days.feature_limits(age), _explained_shares(windows, reference.names)
    features = [
        _feature(
            index,
            counts,
            reference,
            spec=specs.get(name),
            seen_for=seen_for,
            ordinary=float(limits[index]),
            share=shares.get(name),
        )
        for index, name in enumerate(reference.names)
    ]
    report = DriftReport(
        model=model,
        rows=sum(window.rows for window in windows),
        reference_rows=reference.rows,
        since=since,
        features=sorted(features, key=lambda each: (-(each.effect or 0.0), -each.drift.psi)),
        score=_score(reference, scores, seen_for=seen_for, ordinary=days.score_limit(age)),
        scores=list(
            zip(
                score_names(reference.score_edges.tolist()),
                _shares(reference.scores),
                _shares(scores),
                strict=True,
            )
        ),
        outcomes=_outcomes(windows, reference),
        seen_for=seen_for,
        loss=estimate_loss(reference.scores, scores, reference.score_edges),
    )
    return replace(report, effect_limit=_effect_limit(report, reference, days, age))


def _age(reference: Reference, windows: Sequence[VectorWindow]) -> float:
    """Days from the end of the training rows to that of the windows."""
    if reference.until is None or not windows:
        return 0.0
    return (windows[-1].start + windows[-1].LENGTH - reference.until) / timedelta(days=1)


def _explained_shares(windows: Sequence[VectorWindow], names: Sequence[str]) -> dict[str, float]:
    """The share of each feature in all absolute contributions; empty if none were counted."""
    weights = weigh_features(windows, names)
    total = sum(weight.mean for weight in weights.values())
    return {name: weight.mean / total for name, weight in weights.items()} if total else {}


def _score(reference: Reference, scores: BinCounts, *, seen_for: timedelta, ordinary: float) -> Drift:
    """The drift of the scores, not before most of a day was seen where ordinary days are known."""
    if len(reference.score_days) and timedelta(0) < seen_for < MIN_SEEN:
        return NOT_COMPARED
    return measure_drift(reference.scores, scores, ordinary=ordinary)


def _effect_limit(report: DriftReport, reference: Reference, days: OrdinaryDays, age: float) -> float:
    """The effect that ordinary days show, and what chance may add with so few rows."""
    weights = np.array([report.shares.get(name, 0.0) for name in reference.names])
    by_chance = sum(
        report.shares[each.name] * (each.drift.limit - each.drift.expected)
        for each in report.features
        if each.compared
    )
    return days.effect_limit(weights, age) + float(by_chance)


def _feature(
    index: int,
    counts: BinCounts,
    reference: Reference,
    *,
    spec: FeatureSpec | None,
    seen_for: timedelta,
    ordinary: float,
    share: float | None,
) -> FeatureDrift:
    then, now = reference.bins(index, reference.features), reference.bins(index, counts)
    return FeatureDrift(
        name=reference.names[index],
        drift=_drift(then, now, ordinary=ordinary) if _is_comparable(spec, seen_for) else NOT_COMPARED,
        names=bin_names(reference.edges[index].tolist(), spec),
        then=_side(then),
        now=_side(now),
        share=share,
        ordered=spec is None or spec.unit not in UNORDERED,
    )


def _is_comparable(spec: FeatureSpec | None, seen_for: timedelta) -> bool:
    """Whether a comparison is meaningful: age only grows, and a cycle must be complete."""
    if spec is None:
        return True
    return not spec.is_age and seen_for >= CYCLES.get(spec.unit, timedelta(0))


def _drift(then: BinCounts, now: BinCounts, *, ordinary: float = 0.0) -> Drift:
    """The drift of a feature's bins; the last bin counts missing values."""
    if then.sum() and now.sum() and not then[:-1].sum() and not now[:-1].sum():
        return ALL_MISSING
    return measure_drift(then, now, ordinary=ordinary)


def _outcomes(windows: Sequence[VectorWindow], reference: Reference) -> dict[str, tuple[float, float]]:
    """Of the outcomes that the windows' event type declares, or that the reference has."""
    counts = [window.outcomes() for window in windows]
    seen = {*reference.outcomes, *(name for count in counts for name in count)}
    names = [name for name in all_outcomes() if name in seen]
    then = _shares(np.array([reference.outcomes.get(name, 0) for name in names]))
    now = _shares(np.array([sum(count.get(name, 0) for count in counts) for name in names]))
    return dict(zip(names, zip(then, now, strict=True), strict=True))


def _side(counts: BinCounts) -> SideShares:
    shares = _shares(counts)
    return SideShares(shares=shares, missing=shares[-1])


def _shares(counts: BinCounts) -> list[float]:
    total = int(counts.sum())
    return [float(count) / total if total else 0.0 for count in counts]
