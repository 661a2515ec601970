"""The page of a backtest: its progress, and what the change would have done."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from scoring.admin_kit.pages import register_page
from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.catalog.registry import event_types
from scoring.jobs.pages import JobPage
from scoring.rules.backtest.jobs.backtests import backtests
from scoring.rules.backtest.models import BacktestJob
from scoring.rules.backtest.pages.words import (
    cautions,
    change_in_words,
    event_lists,
    figures,
    subject_in_words,
)
from scoring.rules.backtest.results import BacktestResult
from scoring.rules.off_policy.words import estimate_panel


@register_page
class BacktestPage(JobPage):
    """One backtest."""

    path, name, title = "backtests/<int:number>/", "backtest", "Backtest"
    permission, cancel = "scoring.view_backtestjob", "scoring.cancel_backtestjob"
    template_name = "backtests/backtest.html"
    jobs = backtests

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = self.job
        return super().get_context_data(
            subject=subject_in_words(job),
            change=change_in_words(job),
            again=start_address(job),
            **shown_result(job),
            **kwargs,
        )


def shown_result(job: BacktestJob) -> dict[str, Any]:
    """What the template needs of the result; nothing before it has finished."""
    kind = event_types().get(job.event_type)
    if not job.result or kind is None:
        return {}
    result = BacktestResult.of(job.result)
    return {
        "result": result,
        "kind": kind,
        "figures": figures(result, kind, job.subject),
        "cautions": list(cautions(result, job, kind)),
        "parts": result_parts(result, kind.outcomes),
        "outcomes": kind.outcomes,
        "plot": weekly_plot(result),
        "lists": event_lists(result, kind),
        "estimate": estimate_panel(result.estimate, kind),
        "overlaps": [each for each in result.overlaps if each.shared][:20],
    }


def result_parts(result: BacktestResult, outcomes: Sequence[str]) -> list[dict[str, Any]]:
    """Outcomes and classes of decided events and of those without a decision, where there are some."""
    parts = [("decided", result), ("history", result.without_decision)]
    return [
        {"name": name, "matrix": matrix_rows(part, outcomes), "classes": class_rows(part, outcomes)}
        for name, part in parts
        if part.decided_events
    ]


def matrix_rows(result: BacktestResult, outcomes: Sequence[str]) -> list[dict[str, Any]]:
    """A row of the matrix for each outcome without the change; cells say which way events went."""
    rows = result.matrix(outcomes)
    return [
        {
            "outcome": outcome,
            "total": sum(counts),
            "cells": [
                {"after": after, "count": count, "way": _way(place, column) if count else "none"}
                for column, (after, count) in enumerate(zip(outcomes, counts, strict=True))
            ],
        }
        for place, (outcome, counts) in enumerate(zip(outcomes, rows, strict=True))
    ]


def _way(before: int, after: int) -> str:
    if before == after:
        return "same"
    return "severer" if after > before else "milder"


def class_rows(result: BacktestResult, outcomes: Sequence[str]) -> list[dict[str, Any]]:
    """Positives and good events of each outcome, without and with the change."""
    return [
        {
            "outcome": outcome,
            "before": result.classes_at(outcome, changed=False),
            "after": result.classes_at(outcome, changed=True),
        }
        for outcome in outcomes
    ]


def weekly_plot(result: BacktestResult) -> Plot:
    """Hits and changed outcomes of each week; none in a week without events."""
    found = {_midnight(monday): (hits, changed) for monday, _, hits, changed in result.weeks}
    weeks = [(monday, *found.get(monday, (0, 0))) for monday in _weeks_of(found)]
    has_hits = any(hits or changed for _, hits, changed in weeks)
    return Plot(
        "By week",
        Axis("Week from", "time"),
        Axis("Events", minimum=0),
        [
            Series("hit", [(monday, hits) for monday, hits, _ in weeks], kind="bar"),
            Series(
                "other outcome", [(monday, changed) for monday, _, changed in weeks], "series-2", kind="bar"
            ),
        ]
        if has_hits
        else [],
        summary="Events that are hit, and those with another outcome, in each week of the period.",
        empty_text="No event is hit, and none gets another outcome.",
        height=200,
    )


def _weeks_of(mondays: Collection[datetime]) -> list[datetime]:
    """Every Monday from the first of these to the last."""
    if not mondays:
        return []
    first = min(mondays)
    return [first + timedelta(weeks=number) for number in range((max(mondays) - first).days // 7 + 1)]


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), tzinfo=UTC)


def start_address(job: BacktestJob) -> str:
    """The query that fills the form in with what was tried."""
    change = job.change
    if change["kind"] == "rule":
        return f"?kind=rule&version={job.event_type}/{change['name']}/{change['number']}"
    if change["kind"] == "policy":
        return f"?kind=policy&version={job.event_type}/{change['number']}"
    return f"?kind=list&list_name={change['name']}&on={job.event_type}"
