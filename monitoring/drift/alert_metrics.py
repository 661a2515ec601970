"""Alerts on drift: of a deciding model's features, of one feature, of scores, and of what a sender sends."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitoring.drift.champions import read_champions, read_reports, read_senders_of
from monitoring.drift.distance import Drift
from monitoring.drift.report import MIN_SEEN, DriftReport
from monitoring.drift.senders import SenderDrift
from monitoring.drift.words import drift_text, movement_text, sender_text
from monitoring.metrics.metric import OWNER_OF_MODELS, Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from monitoring.metrics.shared_reads import read_once

EVERY = timedelta(minutes=15)  # the windows are hours
RUNBOOK = "docs/reference/monitoring.md#drift"
MIN_DECISIONS = 200


def features(*, now: datetime) -> Iterator[Observation]:
    for event_type, report in _reports(now=now):
        far = report.drifts_by_features
        yield _observation(
            report,
            {"event_type": event_type, "model": report.model},
            value=report.drifted_share if far else 0.0,
            now=now,
            because=drift_text(report) if far else "",
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
        )


def sender(*, now: datetime) -> Iterator[Observation]:
    for version, senders in read_senders_of(read_champions(), now=now):
        for each in senders:
            if each.report is not None:
                scope = {"event_type": version.event_type, "model": version.name, "sender": each.source}
                yield _of_sender(each, each.report, scope, now=now)


def _of_sender(
    each: SenderDrift, report: DriftReport, scope: dict[str, str], *, now: datetime
) -> Observation:
    far = report.drifts_by_features
    return Observation(
        scope=scope,
        value=report.drifted_share if far else 0.0,
        since=(each.since if far else None) or report.since,
        until=now,
        rows=each.rows,
        because=sender_text(each) if far else "",
        path=f"drift/?model={scope['model']}#senders",
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
) -> Observation:
    return Observation(
        scope=scope,
        value=value,
        since=report.since,
        until=now,
        rows=report.rows,
        because=because,
        path=page or f"drift/?model={report.model}",
    )


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
        suggested=_suggest(1.0, clear_at=0.9, actions=("retrain", "open_review_sample")),
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
