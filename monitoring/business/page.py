"""The page of business figures: what decisions led to, by day and segment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from monitoring.business.counting import ALL, segment_field
from monitoring.business.export import business_csv
from monitoring.business.figures import (
    DayFigures,
    Estimate,
    approval_rate,
    avoided,
    block_share,
    costs_of,
    insult_rate,
    sum_figures,
)
from monitoring.business.plots import business_plots
from monitoring.business.refreshing import is_mature, read_days
from scoring.admin_kit.formatting import NO_VALUE, count_text, money_text, percent_text
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type, scored_types
from scoring.rules.policies.costs import Costs
from scoring.rules.policies.models import PolicyInUse
from scoring.rules.policies.stored import find_policy, policy_from

SPANS = {"7 days": 7, "30 days": 30, "90 days": 90}


@dataclass(frozen=True)
class Choice:
    """What is shown: an event type, a segment of it, and the days, both included."""

    kind: type[EventType]
    segment: str
    span: str
    since: date
    until: date


@dataclass(frozen=True)
class SegmentRow:
    """The figures of a segment or a day as texts."""

    name: str
    decided: str
    approved: str
    blocked: str
    through: str
    stopped: str
    note: str = ""


def read_choice(request: HttpRequest, *, now: datetime) -> Choice:
    """The choice in the query string. Raises Http404 for unknown values."""
    types = scored_types()
    name, span = request.GET.get("type") or types[0], request.GET.get("span") or "30 days"
    if name not in types or span not in SPANS:
        spans = ", ".join(SPANS)
        raise Http404(f"Unknown event type {name!r} or span {span!r}; spans are {spans}.")
    until = now.date()
    since = until - timedelta(days=SPANS[span] - 1)
    return Choice(event_type(name), request.GET.get("segment") or ALL, span, since, until)


@register_page
class BusinessPage(AdminPage):
    """`?type=payment&span=30 days&segment=travel` choose what is shown; `format=csv` gives a file."""

    path, name, title = "business/", "business", "Business"
    subtitle = "What decisions led to, as far as labels are known"
    permission = "monitoring.view_hourlywindow"
    template_name = "monitoring/business/business.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get("format") != "csv":
            return super().get(request, *args, **kwargs)
        choice = read_choice(request, now=timezone.now())
        kind = choice.kind
        days = read_days(kind.name, since=choice.since, until=choice.until)
        text = business_csv(kind.name, days, currency=kind.base_currency)
        response = HttpResponse(text, content_type="text/csv; charset=utf-8")
        name = f"business-{kind.name}-{choice.since}-{choice.until}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        choice = read_choice(self.request, now=now)
        kind = choice.kind
        segments = read_days(kind.name, since=choice.since, until=choice.until)
        days = segments.get(choice.segment, {})
        total = sum_figures(days.values())
        mature = sum_figures(each for day, each in days.items() if is_mature(kind, day, now=now))
        return super().get_context_data(
            types=scored_types(),
            choice=choice,
            spans=list(SPANS),
            segments=[name for name in segments if name != ALL],
            field=segment_field(kind),
            has_days=total.decided > 0,
            may_see_decisions=self.request.user.has_perm("scoring.view_decision"),
            tiles=_tiles(total, kind),
            insult=_insult_text(mature),
            verdicts=_verdicts_text(total, kind.base_currency),
            costs=_cost_rows(total, kind),
            plots=business_plots(days, currency=kind.base_currency),
            days=[_row(str(day), days[day], kind, _note(kind, day, now)) for day in reversed(days)],
            by_segment=_by_segment(segments, kind),
            **kwargs,
        )


def _tiles(total: DayFigures, kind: type[EventType]) -> list[tuple[str, str, str, str]]:
    """(label, value, note, query of the decisions behind it) of the figures that come first."""
    currency = kind.base_currency
    stopped = avoided(total)
    value = money_text(total.fraud_stopped_stake, currency)
    more = (
        f"with unlabeled blocks {money_text(stopped.low, currency)} to {money_text(stopped.high, currency)}"
    )
    return [
        (
            "Approved",
            _share_text(approval_rate(total)),
            f"of {count_text(total.decided)} decisions",
            _decisions(kind, "allow"),
        ),
        (
            "Blocked",
            _share_text(block_share(total)),
            f"{money_text(total.blocked_stake, currency)} at stake",
            _decisions(kind, "block"),
        ),
        (
            "Fraud let through so far",
            money_text(total.fraud_through_stake, currency),
            f"{count_text(total.fraud_through)} events",
            "",
        ),
        ("Fraud stopped", value, more if total.blocked_unknown else "all blocks are labeled", ""),
    ]


def _decisions(kind: type[EventType], outcome: str) -> str:
    """The list of the decisions of an outcome, as a query."""
    return "?" + urlencode({"event_type": kind.name, "outcome__exact": outcome})


def _share_text(found: Estimate | None) -> str:
    return NO_VALUE if found is None else percent_text(found.value)


def _insult_text(mature: DayFigures) -> str:
    """The insult rate in a sentence, with what is not known of it."""
    found = insult_rate(mature)
    if found is None:
        return "No day of this period is old enough for its labels to be known."
    between = f"between {percent_text(found.low)} and {percent_text(found.high)}"
    if found.value is None:
        return (
            f"{between.capitalize()} of good events were blocked. Nothing shows how many of the"
            f" {count_text(mature.blocked_unknown)} blocks without a label were wrong: let exploration allow"
            " some."
        )
    return f"{percent_text(found.value)} of good events were blocked ({between})."


def _verdicts_text(total: DayFigures, currency: str) -> str:
    if not total.verdicts:
        return "Reviewers gave no verdict."
    found = percent_text(total.verdicts_fraud / total.verdicts)
    money = money_text(total.verdicts_fraud_stake / total.verdicts, currency)
    return f"Reviewers gave {count_text(total.verdicts)} verdicts, {found} of them fraud: {money} a verdict."


def _cost_rows(total: DayFigures, kind: type[EventType]) -> list[tuple[str, str]]:
    """(what, money) by the costs of the active policy; empty if it has none."""
    costs = active_costs(kind.name)
    if costs is None:
        return []
    found = costs_of(total, costs)
    return [
        (what, money_text(amount, kind.base_currency))
        for what, amount in (
            ("Fraud let through, with fees", found.fraud),
            ("Good events blocked, as labels show", found.insults),
            ("Verdicts", found.reviews),
            ("Together", found.total),
        )
    ]


def active_costs(event_type_name: str) -> Costs | None:
    """The costs in the active policy of an event type; None if thresholds do not come from costs."""
    in_use = PolicyInUse.objects.filter(pk=event_type_name).first()
    if in_use is None or in_use.active is None:
        return None
    return policy_from(find_policy(event_type_name, in_use.active)).terms.costs


def _note(kind: type[EventType], day: date, now: datetime) -> str:
    return "" if is_mature(kind, day, now=now) else "so far"


def _by_segment(segments: Mapping[str, Mapping[date, DayFigures]], kind: type[EventType]) -> list[SegmentRow]:
    """The segments, those with the most fraud let through first."""
    sums = {name: sum_figures(days.values()) for name, days in segments.items() if name != ALL}
    ordered = sorted(sums, key=lambda name: (-sums[name].fraud_through_stake, -sums[name].decided, name))
    return [_row(name, sums[name], kind) for name in ordered]


def _row(name: str, figures: DayFigures, kind: type[EventType], note: str = "") -> SegmentRow:
    return SegmentRow(
        name=name,
        decided=count_text(figures.decided),
        approved=_share_text(approval_rate(figures)),
        blocked=_share_text(block_share(figures)),
        through=money_text(figures.fraud_through_stake, kind.base_currency),
        stopped=money_text(figures.fraud_stopped_stake, kind.base_currency),
        note=note,
    )
