"""The overview, the admin's home: notices, tiles and plots. Its parts refresh themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from monitoring.overview.areas import ORDERS, areas
from monitoring.overview.attention import notices
from monitoring.overview.day_tiles import day_tiles, hours_by_type, outcome_shares
from monitoring.overview.facts import DAY, TWO_HOURS, Facts, read_facts
from monitoring.overview.notices import Notice
from monitoring.overview.tiles import Linker, Tile, model_tiles, queue_tiles, traffic_tiles
from monitoring.windows.hourly import to_hour, to_minute
from monitoring.windows.plots import HOUR, MINUTE, Timeline, latency_plot, outcomes_plot, volume_plot
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.plots import Plot

# The permission that each page needs; pages that the user may not see are not linked.
PERMISSIONS = {
    "queue": "reviews.view_case",
    "own_reviews": "reviews.work_case",
    "case": "reviews.view_case",
    "case_actions": "reviews.view_caseaction",
    "performance": "monitoring.view_modelwindow",
    "breakers": "scoring.view_breakerstate",
    "rules_only": "scoring.view_rulesonlyswitch",
    "rule": "scoring.view_rule",
    "model": "scoring.view_modelversion",
    "drift": "monitoring.view_modelwindow",
    "alert": "monitoring.view_alert",
    "alerts": "monitoring.view_alert",
    "guardrails": "monitoring.view_guardrailtrip",
    "trigger_settings": "monitoring.view_storedtriggers",
    "replay_check": "monitoring.view_modelwindow",
    "operations": "scoring.view_pending",
    "owner_notifications": "monitoring.view_notificationsettings",
    "features": "scoring.view_featuresetversion",
    "batch_views": "scoring.view_batchversion",
    "experiment": "experiments.view_experiment",
    "experiments": "experiments.view_experiment",
    "training": "scoring.view_trainingjob",
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
class TileGroup:
    """Tiles under a heading; `shares`, (outcome, decisions, share) of a type, are a bar below them."""

    id: str
    title: str
    tiles: list[Tile]
    shares: Sequence[tuple[str, int, float]] = ()
    event_type: str = ""

    @property
    def decided(self) -> int:
        return sum(count for _, count, _ in self.shares)


def dashboard_callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's hook for the admin's index: adds the overview to its context."""
    return context | {"overview": overview(request.user, now=timezone.now())}


def overview(user: User | AnonymousUser, *, now: datetime) -> dict[str, Any]:
    """The context of the overview's templates for `user`."""
    facts = read_facts(user, now=now)
    link = linker_for(user)
    return {
        "now": now,
        "areas": areas(facts, link, order=order_for(user)),
        "notices": [(notice, list(_notice_links(notice, link))) for notice in notices(facts)],
        "groups": [
            TileGroup("traffic", "Now", traffic_tiles(facts, link)),
            *day_groups(facts, link),
            TileGroup("work", "Work and models", [*queue_tiles(facts, link), *model_tiles(facts, link)]),
        ],
        "plots": plots(facts),
    }


def day_groups(facts: Facts, link: Linker) -> list[TileGroup]:
    """The last 24 hours of each event type that was decided or labeled."""
    by_type = hours_by_type(facts.hours)
    if not by_type:
        return [TileGroup("day", "Last 24 hours", [Tile("Decisions", "0", "no event was decided")])]
    return [
        TileGroup(
            f"day-{kind.name}",
            f"Last 24 hours: {kind.name} events",
            day_tiles(kind, hours, link),
            outcome_shares(kind, hours),
            kind.name,
        )
        for kind, hours in by_type.items()
    ]


def order_for(user: User | AnonymousUser) -> Sequence[str]:
    """The areas in the order of the user's work; as for operators without a permission of another role."""
    return next((order for permission, order in ORDERS if user.has_perm(permission)), ORDERS[0][1])


def linker_for(user: User | AnonymousUser) -> Linker:
    """A function that gives the address of an admin page, "" if `user` may not see it."""

    def link(page: str, *arguments: object, query: str = "") -> str:
        if not page or not user.has_perm(PERMISSIONS[page]):
            return ""
        try:
            return reverse(f"admin:{page}", args=arguments) + query
        except NoReverseMatch:
            return ""

    return link


def _notice_links(notice: Notice, link: Linker) -> Iterator[tuple[str, str]]:
    """(text, address) of the links that the user may follow."""
    if address := link(notice.page, *notice.arguments, query=notice.query):
        yield notice.label, address
    for other in notice.also:
        if address := link(other.page, *other.arguments):
            yield other.label, address


def plots(facts: Facts) -> list[Plot]:
    """Decisions of the last day by the hour; events and latencies of the last two hours by the minute."""
    now = facts.now
    day = Timeline(facts.hours, since=to_hour(now - DAY), now=now, step=HOUR)
    recent = Timeline(facts.minutes, since=to_minute(now - TWO_HOURS), now=now, step=MINUTE)
    return [
        outcomes_plot(day, title="Decisions by outcome, last 24 hours"),
        volume_plot(recent, title="Events per minute, last 2 hours"),
        latency_plot(recent, title="Latency, last 2 hours"),
    ]


@register_page
class OverviewParts(AdminPage):
    """The parts of the overview, which the home page's script fetches repeatedly."""

    path, name, title = "overview/", "overview_parts", "Overview"
    template_name = "monitoring/overview_parts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {"overview": overview(self.request.user, now=timezone.now())}
