"""The page of rule quality of one rule or list: trend, versions, overlap and the events that it hit."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from django.http import Http404
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.admin_kit.withheld_labels import without_withheld
from scoring.catalog.registry import event_type as find_event_type
from scoring.catalog.registry import scored_types
from scoring.intake.models import Event
from scoring.rules.quality.live_subjects import live_subjects
from scoring.rules.quality.measures import Counted
from scoring.rules.quality.models import RuleDay, RuleHit
from scoring.rules.quality.pages.periods import CHOICES, chosen_days, chosen_period
from scoring.rules.quality.pages.rows import quality_rows
from scoring.rules.quality.report import (
    Period,
    counted_of,
    decisions_by_week,
    last_hits,
    qualities_of,
    read_days,
    read_overlaps,
    read_totals,
    weekly,
)

MAX_HITS = 25
MAX_OVERLAPS = 10
SHOWN = {"all": "Latest", "good": "Good", "positive": "Fraud", "unique": "Unique"}


@register_page
class SubjectQualityPage(AdminPage):
    """`?days=90&show=good` choose the period and which hits are listed."""

    path = "rule-quality/<str:event_type>/<str:kind>/<str:subject>/"
    name, title = "rule_quality_of", "Rule quality"
    permission = "scoring.view_ruleday"
    template_name = "rule_quality/subject.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        event_type, kind, subject = (self.kwargs[name] for name in ("event_type", "kind", "subject"))
        if event_type not in scored_types() or kind not in ("rule", "list", "bank"):
            raise Http404
        now = timezone.now()
        period = chosen_period(self.request, event_type, now=now)
        days = read_days(period, kind=kind, names=[subject])
        live = [
            each for each in live_subjects(event_type) if (each.key.kind, each.key.name) == (kind, subject)
        ]
        hits = RuleHit.objects.filter(event_type=event_type, kind=kind, name=subject)
        if not days and not live and not hits.exists():
            raise Http404
        totals = read_totals(period)
        rows = quality_rows(
            qualities_of(days, period), live, totals=totals, last_hits=last_hits(event_type), now=now
        )
        self.title = f"Quality of the {kind} {subject}"
        show = self.request.GET.get("show", "")
        return super().get_context_data(
            declared=find_event_type(event_type),
            days=chosen_days(self.request),
            periods=CHOICES,
            period=period,
            totals=totals,
            rows=rows,
            versions=version_rows(days, period) if kind == "rule" else [],
            plots=[volume_plot(days, period), precision_plot(days, period, rows[0].outcome if rows else "")],
            overlaps=read_overlaps(period, of=f"{kind}/{subject}")[:MAX_OVERLAPS],
            own=f"{kind}/{subject}",
            show=show if show in SHOWN else "all",
            choices=SHOWN,
            hits=latest_hits(
                without_withheld(hits, self.request.user.get_username(), position="event_position"),
                show,
                event_type,
            ),
            **kwargs,
        )


def version_rows(days: Sequence[RuleDay], period: Period) -> list[tuple[int, str, str, Counted]]:
    """(number, stage, outcome, counts) of each version, newest first."""
    found: dict[tuple[int, str, str], Counted] = {}
    for day in days:
        key = (day.number, day.stage, day.outcome)
        found[key] = found.get(key, Counted()) + counted_of(day, mature=period.is_mature(day.day))
    return [(*key, counted) for key, counted in sorted(found.items(), reverse=True) if counted.hits]


def volume_plot(days: Sequence[RuleDay], period: Period) -> Plot:
    """Hits and unique hits of each week, as shares of decisions."""
    decisions = decisions_by_week(period)
    weeks = [
        (_moment(monday), counted, decisions.get(monday, 0))
        for monday, counted in weekly(days, period).items()
    ]
    is_hit = any(counted.hits for _, counted, _ in weeks)
    return Plot(
        "Hits by week",
        Axis("Week from", "time"),
        Axis("Share of events", "percent", minimum=0),
        [
            Series("hits", [(at, c.hits / n if n else None) for at, c, n in weeks], "series-1"),
            Series("unique hits", [(at, c.unique_hits / n if n else None) for at, c, n in weeks], "series-2"),
        ]
        if is_hit
        else [],
        summary="The share of events that were hit, and hit uniquely, in each week.",
        empty_text="No hits in this period.",
    )


def precision_plot(days: Sequence[RuleDay], period: Period, outcome: str) -> Plot:
    """Precision of each mature week with its interval."""
    shares = [(_moment(monday), each.precision(outcome)) for monday, each in weekly(days, period).items()]
    return Plot(
        "Precision by week",
        Axis("Week from", "time"),
        Axis("Precision", "percent", 0, 1),
        [
            Series(
                "precision",
                [(at, share.value) for at, share in shares],
                low=[share.low if share.rows else None for _, share in shares],
                high=[share.high if share.rows else None for _, share in shares],
            )
        ],
        summary="The precision of each week whose labels are mature; the band is the 95 % interval.",
        empty_text="No hits with mature labels in this period.",
    )


def latest_hits(hits: Any, show: str, event_type: str) -> list[Mapping[str, Any]]:
    """The last hits, or those of one class, each with its event."""
    labels = find_event_type(event_type).labels
    wanted: dict[str, dict[str, Any]] = {
        "good": {"label": labels.negative},
        "positive": {"label": labels.positive},
        "unique": {"is_unique": True},
    }
    found = list(hits.filter(**wanted.get(show, {})).order_by("-decided_at")[:MAX_HITS])
    events = Event.objects.in_bulk([hit.event_position for hit in found])
    return [{"hit": hit, "event": events.get(hit.event_position)} for hit in found]


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
