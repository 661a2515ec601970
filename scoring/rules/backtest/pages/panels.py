"""Adds the latest backtests to the page of a rule."""

from collections.abc import Mapping
from typing import Any

from scoring.rules.backtest.models import BacktestJob
from scoring.rules.backtest.results import BacktestResult
from scoring.rules.rules.models import Rule
from scoring.rules.rules.pages.extensions import add_rule_panel

MAX_SHOWN = 5


def latest_backtests(rule: Rule) -> Mapping[str, Any]:
    """The last backtests of a rule's versions, newest first."""
    jobs = BacktestJob.objects.filter(event_type=rule.event_type, subject=f"rule/{rule.name}")
    shown = list(jobs.order_by("-number")[:MAX_SHOWN])
    return {"backtests": [(job, BacktestResult.of(job.result) if job.result else None) for job in shown]}


add_rule_panel("backtests/_rule_panel.html", latest_backtests)
