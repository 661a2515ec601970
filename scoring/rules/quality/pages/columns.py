"""Adds columns of quality to the list of rules, and a panel to the page of one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from scoring.admin_kit.change_lists import unbroken
from scoring.admin_kit.formatting import NO_VALUE, count_text, percent_text
from scoring.catalog.registry import scored_types
from scoring.rules.quality.measures import Counted
from scoring.rules.quality.report import Period, RuleKey, qualities_of, read_days, read_totals
from scoring.rules.rules.models import Rule
from scoring.rules.rules.pages.extensions import RuleColumn, add_rule_columns, add_rule_panel

DAYS = 90

Text = Callable[[Counted, str], str]


def _counted(rules: Sequence[Rule], now: datetime) -> dict[str, tuple[Counted, str]]:
    """What each rule has hit in its stage of now, and the outcome that it asks for; one query a type."""
    found: dict[str, tuple[Counted, str]] = {}
    for event_type in {rule.event_type for rule in rules} & set(scored_types()):
        own = [rule for rule in rules if rule.event_type == event_type]
        period = Period.last(event_type, days=DAYS, now=now)
        days = read_days(period, kind="rule", names=[rule.name for rule in own])
        qualities = {each.key: each for each in qualities_of(days, period)}
        for rule in own:
            stage = "active" if rule.active else "shadow"
            if quality := qualities.get(RuleKey("rule", rule.name, stage)):
                found[rule.key] = quality.counted, quality.outcome
    return found


def _cells(text: Text) -> Callable[[Sequence[Rule]], Mapping[str, str]]:
    def cells(rules: Sequence[Rule]) -> Mapping[str, str]:
        counted = _counted(rules, timezone.now())
        return {key: unbroken(text(*each)) for key, each in counted.items()}

    return cells


def _hits_text(counted: Counted, outcome: str) -> str:
    return count_text(counted.hits)


def _precision_text(counted: Counted, outcome: str) -> str:
    share = counted.precision(outcome)
    return NO_VALUE if share.value is None else percent_text(share.value)


def quality_of(rule: Rule) -> Mapping[str, Any]:
    """The figures of a rule in its stage of now."""
    now = timezone.now()
    counted, outcome = _counted([rule], now).get(rule.key, (Counted(), ""))
    if rule.event_type not in scored_types():
        return {}
    period = Period.last(rule.event_type, days=DAYS, now=now)
    return {
        "days": DAYS,
        "stage": "active" if rule.active else "shadow",
        "counted": counted,
        "precision": counted.precision(outcome),
        "totals": read_totals(period),
        "mature_until": period.mature_until,
    }


add_rule_columns(
    RuleColumn("hits", f"hits in {DAYS} days", _cells(_hits_text)),
    RuleColumn("precision", "precision", _cells(_precision_text)),
)
add_rule_panel("rule_quality/_rule_panel.html", quality_of)
