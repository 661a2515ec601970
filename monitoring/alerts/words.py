"""Alerts and their rules in words."""

from collections.abc import Mapping
from datetime import timedelta

from monitoring.alerts.models import Alert
from monitoring.alerts.rules.rule import AlertRule
from monitoring.alerts.scopes import PLACE, Scope, scope_text
from monitoring.metrics.metric import Metric, Unit
from monitoring.metrics.registry import metrics
from scoring.admin_kit.formatting import (
    NO_VALUE,
    count_text,
    decimal_text,
    duration_text,
    money_text,
    percent_text,
)
from scoring.catalog.registry import event_types

UNIT_HELP: Mapping[Unit, str] = {
    Unit.SHARE: "a share from 0 to 1",
    Unit.COUNT: "a count",
    Unit.SECONDS: "seconds",
    Unit.MONEY: "minor units, such as cents",
    Unit.NUMBER: "a number",
}


def value_text(value: float | None, unit: Unit, scope: Scope) -> str:
    """A value with its unit: "4.2 %", "3 min", "12.00 USD"."""
    if value is None:
        return NO_VALUE
    if unit == Unit.SHARE:
        return percent_text(value)
    if unit == Unit.COUNT:
        return count_text(value)
    if unit == Unit.SECONDS:
        return _seconds_text(value)
    if unit == Unit.MONEY:
        kind = event_types().get(scope.get(PLACE, ""))
        return money_text(value, kind.base_currency) if kind else count_text(value)
    return decimal_text(value)


def _seconds_text(seconds: float) -> str:
    if seconds < 1:
        return f"{1000 * seconds:,.0f} ms"
    return f"{seconds:.3g} s" if seconds < 60 else duration_text(timedelta(seconds=seconds))


def unit_of(metric: str) -> Unit:
    """A plain number for a metric that this code does not have any more."""
    found = metrics().get(metric)
    return found.unit if found else Unit.NUMBER


def title_of(metric: str) -> str:
    found: Metric | None = metrics().get(metric)
    return found.title if found else metric


def headline(alert: Alert) -> str:
    """What an alert says, in one line: "Share of fallbacks: 4.2 % (payment), above 1.0 %"."""
    unit = unit_of(alert.metric)
    value, limit = (value_text(each, unit, alert.scope) for each in (alert.value, alert.threshold))
    where = f" ({scope_text(alert.scope)})" if alert.scope else ""
    return f"{title_of(alert.metric)}: {value}{where}, {alert.side} {limit}"


def condition_text(rule: AlertRule) -> str:
    """When an alert of the rule fires and resolves, in one line."""
    unit = unit_of(rule.metric)
    fires = f"{rule.side} {value_text(rule.threshold, unit, rule.scope)}"
    lasting = f" for {rule.for_minutes} min" if rule.for_minutes else ""
    rows = f" with at least {rule.min_rows:,} rows" if rule.min_rows else ""
    until = f"; resolves at {value_text(rule.clears_at, unit, rule.scope)}"
    after = f" for {rule.clear_minutes} min" if rule.clear_minutes else ""
    return f"{fires}{lasting}{rows}{until}{after}"


def resolved_text(rule: AlertRule, value: float | None) -> str:
    """Why an alert resolves by itself."""
    found = value_text(value, unit_of(rule.metric), rule.scope)
    lasting = f" for {rule.clear_minutes} min" if rule.clear_minutes else ""
    return f"the value is {found}, and the condition did not hold{lasting}"
