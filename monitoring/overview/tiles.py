"""The overview's tiles: one figure each, with where to act. Pure: facts in, tiles out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from monitoring.drift.distance import State
from monitoring.drift.report import DriftReport
from monitoring.overview.facts import Champion, Facts
from monitoring.windows.traffic import RecentTraffic
from scoring.admin_kit.formatting import (
    NO_VALUE,
    ago_text,
    count_text,
    decimal_text,
    duration_text,
    percent_text,
)
from scoring.learning.models import TrainingJob
from scoring.registry.models import ModelVersion

MIN_RATE_EVENTS = 20  # in five minutes; fewer give an unreliable rate
MIN_CHANGE = 0.05  # a smaller relative change of volume is not shown

# How the state of the scores is called; other states are not comparable.
SCORES = {
    State.CHANCE: "too few scores to compare",
    State.STABLE: "scores stable",
    State.ORDINARY: "scores stable",
    State.MODERATE: "scores drifted",
    State.SHIFTED: "scores drifted strongly",
}

Linker = Callable[..., str]  # the address of an admin page with its arguments, "" where the user may not go


@dataclass(frozen=True)
class Tile:
    """One figure: `label`, `value`, a line below it, a tone (good, warn, bad) and where to act."""

    label: str
    value: str
    note: str = ""
    tone: str = ""
    href: str = ""


def traffic_tiles(facts: Facts, link: Linker) -> list[Tile]:
    """Volume and latency of the last hour, against the hour before."""
    traffic = RecentTraffic(facts.minutes, now=facts.now)
    rate, over = _rate(traffic)
    last, before = traffic.received(60), traffic.received(120, 60)
    windows = link("monitoring_hourlywindow_changelist")
    p50, p95, p99 = (_ms(traffic.latency_ms(q, 60)) for q in (0.5, 0.95, 0.99))
    return [
        Tile("Events per minute", rate, f"mean of the last {over}", href=windows),
        Tile("Events in the last hour", count_text(last), _change(last, before), href=windows),
        Tile("Latency, median", p50, "for waiting clients, last hour", href=windows),
        Tile("Latency, 99th percentile", p99, f"95th: {p95}, last hour", href=windows),
    ]


def _rate(traffic: RecentTraffic) -> tuple[str, str]:
    """Events per minute and the period it is measured over: five minutes, or an hour with little traffic."""
    if traffic.received(5) >= MIN_RATE_EVENTS:
        return decimal_text(traffic.received(5) / 5, 1), "5 minutes"
    last = traffic.received(60)
    return decimal_text(last / 60, 1 if last >= 60 else 2), "hour"


def _change(last: int, before: int) -> str:
    if not before:
        return "none in the hour before"
    if abs(last - before) < MIN_CHANGE * before:
        return f"about the same as the hour before ({before:,})"
    return f"{'up' if last > before else 'down'} from {before:,} in the hour before"


def _ms(value: float | None) -> str:
    return NO_VALUE if value is None else f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def queue_tiles(facts: Facts, link: Linker) -> list[Tile]:
    if facts.queue is None:
        return []
    queue = facts.queue
    age = duration_text(facts.now - queue.oldest) if queue.oldest else ""
    note = f"oldest {age}, {queue.held:,} claimed" if queue.oldest else "nothing to review"
    return [Tile("Open cases", count_text(queue.pending), note, href=link("queue"))]


def model_tiles(facts: Facts, link: Linker) -> list[Tile]:
    """Champions and their drift, running experiments, and the newest training."""
    drifts = {report.model: report for report in facts.drifts or []}
    tiles = []
    for each in facts.champions or []:
        tiles.append(_model_tile(each, facts, link))
        if facts.drifts is not None:
            tiles.append(_drift_tile(each, drifts.get(each.name), link))
    if facts.experiments is not None:
        tiles += _experiment_tiles(facts, link)
    if facts.trainings is not None:
        tiles.append(_training_tile(facts, link))
    return tiles


def _model_tile(each: Champion, facts: Facts, link: Linker) -> Tile:
    version = each.version
    trained = f"trained {ago_text(version.trained_at, facts.now)}" if version else ""
    note = f"{trained}; {_gate(version)}" if version else "not in the registry"
    return Tile(f"Champion for {each.route.event_type}", each.name, note, href=link("model", each.name))


def _gate(version: ModelVersion) -> str:
    failed = sum(not check.get("passed") for check in version.checks)
    checks = f", {failed} of {len(version.checks)} checks failed" if failed else ""
    return f"{version.status}{checks}"


def _drift_tile(each: Champion, report: DriftReport | None, link: Linker) -> Tile:
    href = link("drift", query=f"?model={each.name}&type={each.route.event_type}")
    if report is None:
        return Tile(f"Drift of {each.name}", "unknown", "no decisions in the last day", href=href)
    tone = "warn" if report.is_far else "" if report.moved else "good"
    moved = f"{len(report.moved)} of {len(report.features)}"
    scores = SCORES.get(report.score.state, "scores not comparable")
    carry = f" with {percent_text(report.drifted_share, 0)} of explanations" if report.moved else ""
    return Tile(f"Drifted features of {each.name}", moved, f"last day{carry}; {scores}", tone, href)


def _experiment_tiles(facts: Facts, link: Linker) -> list[Tile]:
    running = facts.experiments or []
    if not running:
        return [Tile("Experiment", "none running", href=link("experiments"))]
    return [
        Tile(
            "Experiment",
            experiment.name,
            f"{experiment.treatment} on {percent_text(experiment.share, 0)} of traffic,"
            f" for {duration_text(facts.now - experiment.started_at)}",
            href=link("experiment", experiment.name),
        )
        for experiment in running
    ]


def _training_tile(facts: Facts, link: Linker) -> Tile:
    href = link("scoring_trainingjob_changelist")
    newest: Any = next(iter(facts.trainings or []), None)
    if newest is None:
        start = link("training_start")
        return Tile("Training", "none yet", "Start a training" if start else "", href=start or href)
    if newest.state == TrainingJob.State.RUNNING:
        done = percent_text(newest.done / newest.total, 0) if newest.total else ""
        since = duration_text(facts.now - newest.started_at)
        return Tile("Training", done or "running", f"{newest.step or 'starting'}, for {since}", href=href)
    when = ago_text(newest.ended_at or newest.requested_at, facts.now)
    tone = "bad" if newest.state == TrainingJob.State.FAILED else ""
    return Tile("Training", newest.state, f"training {newest.number}, {when}", tone, href)
