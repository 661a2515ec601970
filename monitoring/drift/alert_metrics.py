"""Alerts on drift: of a deciding model's features, of one feature, of scores, and of what a sender sends."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from monitoring.drift.champions import (
    read_champions,
    read_latest_windows,
    read_reports,
    read_senders_of,
)
from monitoring.drift.constant_scores import LOOK_BACK, constant_text, fullest_bin
from monitoring.drift.distance import Drift
from monitoring.drift.groups.own_weeks import GroupDrift
from monitoring.drift.report import MIN_SEEN, DriftReport, FeatureDrift, feature_specs
from monitoring.drift.words import drift_text, movement_text, sender_text
from monitoring.metrics.metric import OWNER_OF_MODELS, Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from monitoring.metrics.shared_reads import read_once
from scoring.features.compile.specs import fields_read

EVERY = timedelta(minutes=15)  # the windows are hours
OFTEN = timedelta(minutes=5)
CONSTANT, NOT_CONSTANT = 0.75, 0.5  # of the excess of the fullest bin of scores
RUNBOOK = "docs/reference/monitoring.md#drift"
MIN_DECISIONS = 200
# An alert on scores asks for more than the page: a day slides past its threshold by chance every few weeks.
SCORE_ALERT, SCORE_CLEAR = 1.5, 1.1


def features(*, now: datetime) -> Iterator[Observation]:
    for event_type, report in _reports(now=now):
        far = report.drifts_by_features
        yield _observation(
            report,
            {"event_type": event_type, "model": report.model},
            value=report.drifted_share if far else 0.0,
            now=now,
            because=drift_text(report) if far else "",
            moved=report.moved if far else (),
        )


def feature(*, now: datetime) -> Iterator[Observation]:
    for event_type, report in _reports(now=now):
        for each in report.features:
            if each.compared:
                yield _observation(
                    report,
                    {"event_type": event_type, "model": report.model, "feature": each.name},
                    value=_ratio(each.drift),
                    now=now,
                    because=f"{each.name} {movement_text(each)}." if each.drift.state.has_moved else "",
                    page=f"features/{event_type}/{each.name}/",
                    moved=[each] if each.drift.state.has_moved else (),
                )


def scores(*, now: datetime) -> Iterator[Observation]:
    for event_type, report in _reports(now=now):
        moved = report.score.state.has_moved
        yield _observation(
            report,
            {"event_type": event_type, "model": report.model},
            value=_ratio(report.score),
            now=now,
            because=drift_text(report) if moved else "",
            moved=report.moved if moved else (),
        )


def constant_scores(*, now: datetime) -> Iterator[Observation]:
    for version, reference, windows in read_latest_windows(read_champions(), since=now - LOOK_BACK):
        found = fullest_bin(windows, reference)
        if found is not None:
            value, low, high = map(found.excess, (found.share, found.low, found.high))
            yield Observation(
                scope={"event_type": version.event_type, "model": version.name},
                value=value,
                since=found.since,
                until=now,
                rows=found.rows,
                low=low,
                high=high,
                because=constant_text(version.name, found) if value > NOT_CONSTANT else "",
                path=f"drift/?model={version.name}",
            )


def sender(*, now: datetime) -> Iterator[Observation]:
    for version, senders in read_senders_of(read_champions(), now=now):
        for each in senders:
            if each.report is not None:
                scope = {"event_type": version.event_type, "model": version.name, "sender": each.name}
                yield _of_sender(each, each.report, scope, now=now)


def _of_sender(each: GroupDrift, report: DriftReport, scope: dict[str, str], *, now: datetime) -> Observation:
    far = report.drifts_by_features
    return Observation(
        scope=scope,
        value=report.drifted_share if far else 0.0,
        since=(each.since if far else None) or report.since,
        until=now,
        rows=each.rows,
        because=sender_text(each) if far else "",
        path=f"drift/?model={scope['model']}#senders",
        fields=_fields_read(scope["event_type"], report.moved) if far else (),
    )


@read_once
def _reports(*, now: datetime) -> tuple[tuple[str, DriftReport], ...]:
    """The event type and the report of each champion that decided most of a day."""
    champions = {version.name: version for version in read_champions()}
    reports = read_reports(champions.values(), now=now)
    return tuple(
        (champions[report.model].event_type, report) for report in reports if report.seen_for >= MIN_SEEN
    )


def _ratio(drift: Drift) -> float | None:
    """The PSI as a multiple of its threshold; None if it was not compared."""
    return drift.psi / drift.threshold if drift.state.is_comparison else None


def _observation(
    report: DriftReport,
    scope: dict[str, str],
    *,
    value: float | None,
    now: datetime,
    because: str,
    page: str = "",
    moved: Sequence[FeatureDrift] = (),
) -> Observation:
    return Observation(
        scope=scope,
        value=value,
        since=report.since,
        until=now,
        rows=report.rows,
        because=because,
        path=page or f"drift/?model={report.model}",
        fields=_fields_read(scope["event_type"], moved),
    )


def _fields_read(event_type: str, moved: Sequence[FeatureDrift]) -> tuple[str, ...]:
    """The fields from which the features that moved are computed."""
    specs = feature_specs(event_type, {}) if moved else {}
    known = [specs[each.name] for each in moved if each.name in specs]
    return tuple(dict.fromkeys(field for spec in known for field in fields_read(spec)))


def _suggest(threshold: float, *, clear_at: float, actions: tuple[str, ...]) -> SuggestedAlert:
    return SuggestedAlert(
        threshold=threshold,
        clear_at=clear_at,
        min_rows=MIN_DECISIONS,
        for_minutes=30,
        clear_minutes=60,
        runbook=RUNBOOK,
        actions=actions,
        owner=OWNER_OF_MODELS,
    )


register_metric(
    Metric(
        name="drift.features",
        title="Drift of features",
        help="The share of a model's explanations that is on drifted features; 0 while the effect of all"
        " drift is within what ordinary days show.",
        unit=Unit.SHARE,
        worse=Worse.UP,
        scope=("event_type", "model"),
        observe=features,
        every=EVERY,
        suggested=_suggest(0.05, clear_at=0.0, actions=("retrain", "open_review_sample")),
    )
)
register_metric(
    Metric(
        name="drift.feature",
        title="Drift of a feature",
        help="A feature's PSI as a multiple of what chance, ordinary days and the rule of thumb allow.",
        unit=Unit.NUMBER,
        worse=Worse.UP,
        scope=("event_type", "model", "feature"),
        observe=feature,
        every=EVERY,
    )
)
register_metric(
    Metric(
        name="drift.scores",
        title="Drift of scores",
        help="The PSI of a model's scores as a multiple of what chance, ordinary days and the rule of thumb"
        " allow.",
        unit=Unit.NUMBER,
        worse=Worse.UP,
        scope=("event_type", "model"),
        observe=scores,
        every=EVERY,
        suggested=_suggest(SCORE_ALERT, clear_at=SCORE_CLEAR, actions=("retrain", "open_review_sample")),
    )
)
register_metric(
    Metric(
        name="drift.constant_scores",
        title="Scores that are all the same",
        help="How much more of a model's latest scores are in one bin than in training, at most 1.",
        unit=Unit.SHARE,
        worse=Worse.UP,
        scope=("event_type", "model"),
        observe=constant_scores,
        every=OFTEN,
        suggested=SuggestedAlert(
            CONSTANT,
            clear_at=NOT_CONSTANT,
            for_minutes=5,
            severity="critical",
            runbook=RUNBOOK,
            actions=("roll_back", "rules_only", "open_review_sample"),
            owner=OWNER_OF_MODELS,
        ),
    )
)
register_metric(
    Metric(
        name="drift.sender",
        title="Change of what a sender sends",
        help="The share of the explanations of a sender's events that is on features unlike the sender's last"
        " four weeks; 0 while their effect is within what its ordinary days show.",
        unit=Unit.SHARE,
        worse=Worse.UP,
        scope=("event_type", "model", "sender"),
        observe=sender,
        every=EVERY,
        suggested=_suggest(0.05, clear_at=0.0, actions=("open_review_sample",)),
    )
)
