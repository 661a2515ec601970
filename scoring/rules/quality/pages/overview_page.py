"""The page of rule quality: all rules and lists of an event type side by side."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types
from scoring.catalog.registry import event_type as find_event_type
from scoring.rules.quality.live_subjects import live_subjects
from scoring.rules.quality.pages.periods import CHOICES, chosen_days, chosen_period, chosen_type
from scoring.rules.quality.pages.rows import QualityRow, quality_rows
from scoring.rules.quality.report import (
    Overlap,
    counted_since,
    last_hits,
    qualities_of,
    read_days,
    read_overlaps,
    read_totals,
)

MAX_IN_MATRIX = 10


@register_page
class RuleQualityPage(AdminPage):
    """`?type=payment&days=90` choose what is shown."""

    path, name, title = "rule-quality/", "rule_quality", "Rule quality"
    permission = "scoring.view_ruleday"
    template_name = "rule_quality/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, chosen = timezone.now(), chosen_type(self.request)
        period = chosen_period(self.request, chosen, now=now)
        totals = read_totals(period)
        rows = quality_rows(
            qualities_of(read_days(period), period),
            live_subjects(chosen),
            totals=totals,
            last_hits=last_hits(chosen),
            now=now,
        )
        return super().get_context_data(
            kind=find_event_type(chosen),
            types=seen_scored_types(self.request.user),
            days=chosen_days(self.request),
            periods=CHOICES,
            period=period,
            totals=totals,
            active=[row for row in rows if row.key.stage == "active"],
            shadow=[row for row in rows if row.key.stage == "shadow"],
            dead=sum(row.is_dead for row in rows),
            needless=sum(row.counted.is_needless for row in rows if row.key.stage == "active"),
            failing=sum(row.counted.errors > 0 for row in rows),
            matrix=overlap_matrix(rows, read_overlaps(period)),
            counted_since=counted_since(chosen),
            mature_note=f"up to {period.mature_until:%Y-%m-%d}",
            **kwargs,
        )


def overlap_matrix(rows: Sequence[QualityRow], overlaps: Sequence[Overlap]) -> list[dict[str, Any]]:
    """The rules and lists with most hits, each with its Jaccard index to every other; empty below two."""
    names = list(dict.fromkeys(row.key.text for row in rows if row.counted.hits))[:MAX_IN_MATRIX]
    if len(names) < 2:
        return []
    found = {frozenset((each.left, each.right)): each for each in overlaps}
    return [
        {"name": name, "cells": [_cell(found.get(frozenset((name, other))), name, other) for other in names]}
        for name in names
    ]


def _cell(overlap: Overlap | None, name: str, other: str) -> dict[str, Any]:
    if name == other:
        return {"share": None, "both": 0}
    return {"share": overlap.jaccard, "both": overlap.both} if overlap else {"share": 0.0, "both": 0}
