"""The page of business figures: what decisions led to, by day or week and by segment."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from monitoring.business.figures import (
    DayFigures,
    approval_rate,
    avoided,
    block_share,
    costs_of,
    insult_rate,
    sum_figures,
    yield_per_hour,
)
from monitoring.business.pages.choosing import SPANS, Choice, read_choice
from monitoring.business.pages.export import business_csv
from monitoring.business.pages.plots import business_plots
from monitoring.business.pages.rows import (
    condition_of,
    decided_address,
    period_rows,
    segment_rows,
    share_text,
    through_address,
)
from monitoring.business.periods import LENGTHS, sum_by_period
from monitoring.business.refreshing import is_mature, read_days
from monitoring.business.segments import ALL, SENDER, segment_fields
from monitoring.event_addresses import equals, may_investigate
from scoring.admin_kit.formatting import count_text, decimal_text, money_text, percent_text
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types
from scoring.catalog.event_type import EventType
from scoring.rules.policies.costs import Costs
from scoring.rules.policies.models import PolicyInUse
from scoring.rules.policies.stored import find_policy, policy_from


@register_page
class BusinessPage(AdminPage):
    """`?type=payment&span=30 days&by=week&field=category&segment=travel` choose what is shown; `format=csv`
    gives a file."""

    path, name, title = "business/", "business", "Business"
    subtitle = "What decisions led to, as far as labels are known"
    permission = "monitoring.view_hourlywindow"
    template_name = "monitoring/business/business.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get("format") != "csv":
            return super().get(request, *args, **kwargs)
        choice = read_choice(request, now=timezone.now())
        response = HttpResponse(business_csv(choice, _read(choice)), content_type="text/csv; charset=utf-8")
        name = f"business-{choice.kind.name}-{choice.since}-{choice.until}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        choice = read_choice(self.request, now=now)
        kind = choice.kind
        segments = _read(choice)
        days = segments.get(choice.segment, {})
        total = sum_figures(days.values())
        mature = {day: each for day, each in days.items() if is_mature(kind, day, now=now)}
        periods = sum_by_period(days, choice.period)
        return super().get_context_data(
            types=seen_scored_types(self.request.user),
            choice=choice,
            spans=list(SPANS),
            periods=list(LENGTHS),
            segments=[name for name in segments if name != ALL],
            fields=[(name, field_title(name)) for name in segment_fields(kind)],
            field=field_title(choice.field),
            has_days=total.decided > 0,
            may_investigate=may_investigate(self.request),
            tiles=_tiles(total, choice),
            insult=_insult_text(sum_figures(mature.values())),
            verdicts=_verdicts_text(total, kind.base_currency),
            costs=_cost_rows(total, kind),
            plots=business_plots(
                periods,
                mature=sum_by_period(mature, choice.period),
                currency=kind.base_currency,
                period=choice.period,
            ),
            rows=period_rows(periods, choice, now=now),
            by_segment=segment_rows(segments, choice),
            **kwargs,
        )


def _read(choice: Choice) -> dict[str, dict[date, DayFigures]]:
    return read_days(choice.kind.name, since=choice.since, until=choice.until, field=choice.field)


def field_title(field: str) -> str:
    """How the page calls a field: "sender", "card since first"."""
    return "sender" if field == SENDER else field.replace("_", " ")


def _tiles(total: DayFigures, choice: Choice) -> list[tuple[str, str, str, str]]:
    """(label, value, note, address of the events behind it) of the figures that come first."""
    currency, stopped = choice.kind.base_currency, avoided(total)
    more = (
        f"with unlabeled blocks {money_text(stopped.low, currency)} to {money_text(stopped.high, currency)}"
    )
    hours = (
        f"{count_text(total.timed_verdicts)} verdicts in {decimal_text(total.review_seconds / 3_600, 1)} h"
    )
    return [
        (
            "Approved",
            share_text(approval_rate(total)),
            f"of {count_text(total.decided)} decisions",
            _with_outcome(choice, "allow"),
        ),
        (
            "Blocked",
            share_text(block_share(total)),
            f"{money_text(total.blocked_stake, currency)} at stake",
            _with_outcome(choice, "block"),
        ),
        (
            "Fraud let through so far",
            money_text(total.fraud_through_stake, currency),
            f"{count_text(total.fraud_through)} events",
            _through(choice),
        ),
        (
            "Fraud stopped",
            money_text(total.fraud_stopped_stake, currency),
            more if total.blocked_unknown else "all blocks are labeled",
            "",
        ),
        (
            "Found an hour of review",
            money_text(yield_per_hour(total), currency),
            hours if total.timed_verdicts else "no verdict with a known time",
            "",
        ),
    ]


def _with_outcome(choice: Choice, outcome: str) -> str:
    """The events of the choice with an outcome, "" if no condition selects them."""
    condition = condition_of(choice, choice.segment)
    if condition is None:
        return ""
    return decided_address(
        choice.kind, condition, equals("outcome", outcome), since=choice.since, until=choice.until
    )


def _through(choice: Choice) -> str:
    condition = condition_of(choice, choice.segment)
    if condition is None:
        return ""
    return through_address(choice.kind, condition, since=choice.since, until=choice.until)


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
