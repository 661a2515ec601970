"""The admin's home: how it goes now, what is wrong, and where to act. Refreshes itself by its parts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from monitoring.drift.report import DriftReport
from monitoring.models import HourlyWindow
from monitoring.overview import trends
from monitoring.overview.attention import Notice, notices
from monitoring.overview.facts import DAY, TWO_HOURS, Facts, InCharge, read_facts
from monitoring.windows.hourly import to_hour, to_minute
from monitoring.windows.traffic import Traffic
from scoring.admin_kit.figures import (
    NOTHING,
    ago_text,
    count_text,
    decimal_text,
    duration_text,
    money_text,
    percent_text,
)
from scoring.admin_kit.plots import Plot
from scoring.catalog.registry import event_types
from scoring.decisions.models import Decision
from scoring.learning.models import TrainingJob
from scoring.registry.models import ModelVersion

RATE_EVENTS = 20  # in five minutes: enough for a mean
ABOUT = 0.05  # a smaller change of volume is none
# What a page needs of its visitor: a link to a page that would be refused is no help.
PERMISSIONS = {
    "queue": "reviews.view_case",
    "model": "scoring.view_modelversion",
    "drift": "monitoring.view_modelwindow",
    "features": "scoring.view_featuresetversion",
    "batch_views": "scoring.view_batchversion",
    "experiment": "experiments.view_experiment",
    "experiments": "experiments.view_experiment",
    "training_start": "scoring.add_trainingjob",
    "scoring_trainingjob_changelist": "scoring.view_trainingjob",
    "scoring_modelversion_changelist": "scoring.view_modelversion",
    "scoring_pending_changelist": "scoring.view_pending",
    "scoring_decision_changelist": "scoring.view_decision",
    "scoring_label_changelist": "scoring.view_label",
    "scoring_logentry_change": "scoring.view_logentry",
    "scoring_apikey_changelist": "scoring.view_apikey",
    "django_celery_beat_periodictask_changelist": "django_celery_beat.view_periodictask",
    "monitoring_hourlywindow_changelist": "monitoring.view_hourlywindow",
}


@dataclass(frozen=True)
class Tile:
    """One figure: `label`, `value`, a line below it, a tone (good, warn, bad) and where to act."""

    label: str
    value: str
    note: str = ""
    tone: str = ""
    href: str = ""


@dataclass(frozen=True)
class Group:
    """Tiles under a heading; `shares` are (outcome, decisions, share), for a bar below them."""

    id: str
    title: str
    tiles: list[Tile]
    shares: Sequence[tuple[str, int, float]] = ()

    @property
    def decided(self) -> int:
        return sum(count for _, count, _ in self.shares)


Linker = Callable[..., str]


def dashboard_callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's hook for the admin's index: adds the overview to its context."""
    return context | {"overview": overview(request.user, now=timezone.now())}


def overview(user: User | AnonymousUser, *, now: datetime) -> dict[str, Any]:
    """What the templates of the overview show to `user`."""
    facts = read_facts(user, now=now)
    link = linker_for(user)
    return {
        "now": now,
        "notices": [(notice, _notice_link(notice, link)) for notice in notices(facts)],
        "groups": [
            Group("traffic", "Now", traffic_tiles(facts, link)),
            Group("day", "Last 24 hours", day_tiles(facts, link), outcome_shares(facts.hours)),
            Group("work", "Work and models", [*queue_tiles(facts, link), *model_tiles(facts, link)]),
        ],
        "plots": plots(facts),
    }


def linker_for(user: User | AnonymousUser) -> Linker:
    """Gives the address of an admin page with its arguments, "" where `user` may not go."""

    def link(page: str, *arguments: object, query: str = "") -> str:
        if not page or not user.has_perm(PERMISSIONS[page]):
            return ""
        try:
            return reverse(f"admin:{page}", args=arguments) + query
        except NoReverseMatch:
            return ""

    return link


def _notice_link(notice: Notice, link: Linker) -> str:
    return link(notice.page, *notice.arguments, query=notice.query)


def traffic_tiles(facts: Facts, link: Linker) -> list[Tile]:
    """Volume and latency of the last hour, against the hour before."""
    traffic = Traffic(facts.minutes, now=facts.now)
    rate, over = _rate(traffic)
    last, before = traffic.received(60), traffic.received(120, 60)
    windows = link("monitoring_hourlywindow_changelist")
    p50, p95, p99 = (_ms(traffic.latency_ms(q, 60)) for q in (0.5, 0.95, 0.99))
    return [
        Tile("Events a minute", rate, f"mean of the last {over}", href=windows),
        Tile("Events in the last hour", count_text(last), _change(last, before), href=windows),
        Tile("Latency, median", p50, "while a sender waits, last hour", href=windows),
        Tile("Latency, 99th percentile", p99, f"95th: {p95}, last hour", href=windows),
    ]


def _rate(traffic: Traffic) -> tuple[str, str]:
    """Events a minute lately, and over what: a few in five minutes say little of how many come."""
    if traffic.received(5) >= RATE_EVENTS:
        return decimal_text(traffic.received(5) / 5, 1), "5 minutes"
    last = traffic.received(60)
    return decimal_text(last / 60, 1 if last >= 60 else 2), "hour"


def _change(last: int, before: int) -> str:
    if not before:
        return "none in the hour before"
    if abs(last - before) < ABOUT * before:
        return f"about as in the hour before ({before:,})"
    return f"{'up' if last > before else 'down'} from {before:,} in the hour before"


def _ms(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def day_tiles(facts: Facts, link: Linker) -> list[Tile]:
    """Decisions and money by outcome, and confirmed fraud, of the last 24 hours."""
    decided = sum(window.decided for window in facts.hours)
    tiles = []
    for outcome, words in (("allow", "Allowed"), ("review", "Sent to review"), ("block", "Blocked")):
        count = sum(getattr(window, f"decided_{outcome}") for window in facts.hours)
        share = percent_text(count / decided) if decided else NOTHING
        tiles.append(
            Tile(
                words,
                money(facts.hours, f"stake_{outcome}"),
                f"{count_text(count)} events, {share}",
                href=link("scoring_decision_changelist", query=f"?outcome__exact={outcome}"),
            )
        )
    positives = sum(window.positives for window in facts.hours)
    fraud = money(facts.hours, "fraud_stake")
    labels = link("scoring_label_changelist")
    return [
        *tiles,
        Tile(
            "Confirmed fraud",
            fraud,
            f"{count_text(positives)} {'event' if positives == 1 else 'events'} labeled",
            href=labels,
        ),
    ]


def money(hours: Iterable[HourlyWindow], column: str) -> str:
    """The sum of a money column, one amount for each base currency."""
    sums: dict[str, int] = {}
    for window in hours:
        kind = event_types().get(window.event_type)
        if kind is not None and kind.scored:
            sums[kind.base_currency] = sums.get(kind.base_currency, 0) + getattr(window, column)
    return " + ".join(money_text(total, currency) for currency, total in sorted(sums.items())) or NOTHING


def outcome_shares(hours: Iterable[HourlyWindow]) -> list[tuple[str, int, float]]:
    """(outcome, decisions, share) of the last 24 hours; nothing without decisions."""
    counts = dict.fromkeys(Decision.Outcome.values, 0)
    for window in hours:
        for outcome in counts:
            counts[outcome] += getattr(window, f"decided_{outcome}")
    total = sum(counts.values())
    return [(outcome, count, count / total) for outcome, count in counts.items()] if total else []


def queue_tiles(facts: Facts, link: Linker) -> list[Tile]:
    if facts.queue is None:
        return []
    queue = facts.queue
    age = duration_text(facts.now - queue.oldest) if queue.oldest else ""
    note = f"oldest {age}, {queue.held:,} in hand. Work the queue" if queue.oldest else "nothing to review"
    return [Tile("Cases waiting", count_text(queue.waiting), note, href=link("queue"))]


def model_tiles(facts: Facts, link: Linker) -> list[Tile]:
    """Who decides, how far it has drifted, what is tried and what is trained."""
    drifts = {report.model: report for report in facts.drifts or []}
    tiles = []
    for each in facts.in_charge or []:
        tiles.append(_model_tile(each, facts, link))
        if facts.drifts is not None:
            tiles.append(_drift_tile(each, drifts.get(each.name), link))
    if facts.experiments is not None:
        tiles += _experiment_tiles(facts, link)
    if facts.trainings is not None:
        tiles.append(_training_tile(facts, link))
    return tiles


def _model_tile(each: InCharge, facts: Facts, link: Linker) -> Tile:
    version = each.version
    trained = f"trained {ago_text(version.trained_at, facts.now)}" if version else ""
    note = f"{trained}; {_gate(version)}" if version else "not in the registry"
    return Tile(f"Decides {each.route.event_type}", each.name, note, href=link("model", each.name))


def _gate(version: ModelVersion) -> str:
    failed = sum(not check.get("passed") for check in version.checks)
    checks = f", {failed} of {len(version.checks)} checks failed" if failed else ""
    return f"{version.status}{checks}"


def _drift_tile(each: InCharge, report: DriftReport | None, link: Linker) -> Tile:
    href = link("drift", query=f"?model={each.name}&type={each.route.event_type}")
    if report is None:
        return Tile(f"Drift of {each.name}", "not known", "nothing to compare in the last day", href=href)
    tone = "warn" if report.is_far else "" if report.moved else "good"
    moved = f"{len(report.moved)} of {len(report.features)}"
    scores = f"scores {report.score.state.value}"
    return Tile(f"Features of {each.name} that moved", moved, f"last day; {scores}", tone, href)


def _experiment_tiles(facts: Facts, link: Linker) -> list[Tile]:
    running = facts.experiments or []
    if not running:
        return [Tile("Experiment", "none running", href=link("experiments"))]
    return [
        Tile(
            "Experiment",
            experiment.name,
            f"{experiment.treatment} on {percent_text(experiment.share, 0)},"
            f" since {duration_text(facts.now - experiment.started_at)}",
            href=link("experiment", experiment.name),
        )
        for experiment in running
    ]


def _training_tile(facts: Facts, link: Linker) -> Tile:
    href = link("scoring_trainingjob_changelist")
    newest: Any = next(iter(facts.trainings or []), None)
    if newest is None:
        start = link("training_start")
        return Tile("Training", "none so far", "Start one" if start else "", href=start or href)
    if newest.state == TrainingJob.State.RUNNING:
        done = percent_text(newest.done / newest.total, 0) if newest.total else ""
        since = duration_text(facts.now - newest.started_at)
        return Tile("Training", done or "running", f"{newest.step or 'starting'}, since {since}", href=href)
    when = ago_text(newest.ended_at or newest.requested_at, facts.now)
    tone = "bad" if newest.state == TrainingJob.State.FAILED else ""
    return Tile("Training", newest.state, f"number {newest.number}, {when}", tone, href)


def plots(facts: Facts) -> list[Plot]:
    """Decisions of the last day by the hour; events and latencies of the last two hours by the minute."""
    now = facts.now
    day = trends.Timeline(facts.hours, since=to_hour(now - DAY), now=now, step=trends.HOUR)
    recent = trends.Timeline(facts.minutes, since=to_minute(now - TWO_HOURS), now=now, step=trends.MINUTE)
    return [
        trends.outcomes_plot(day, title="Decisions by outcome, last 24 hours"),
        trends.volume_plot(recent, title="Events a minute, last 2 hours"),
        trends.latency_plot(recent, title="Latency, last 2 hours"),
    ]
