"""Figures of reviewers as texts and plots."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from reviews.quality.agreement import Kappa
from reviews.quality.figures import QualityFigures, ReviewerFigures, Share
from scoring.admin_kit.formatting import NO_VALUE, count_text, decimal_text, percent_text
from scoring.admin_kit.plots import Axis, Plot, Series


def reviewer_row(figures: ReviewerFigures) -> dict[str, Any]:
    """One reviewer as texts, each figure with a note of its interval and basis."""
    return {
        "reviewer": figures.reviewer,
        "given": (count_text(figures.verdicts), f"{count_text(figures.checks)} checks"),
        "time": time_text(figures.seconds),
        "agreement": share_text(figures.agreement),
        "kappa": kappa_text(figures.kappa),
        "overturned": share_text(figures.overturned),
        "golden": share_text(figures.golden),
    }


def share_text(share: Share) -> tuple[str, str]:
    """("92 %", "88 % to 95 %, 130"), or a dash without rows."""
    if share.value is None:
        return NO_VALUE, ""
    low, high = share.interval
    return percent_text(share.value), f"{percent_text(low)} to {percent_text(high)}, of {share.rows:,}"


def kappa_text(kappa: Kappa | None) -> tuple[str, str]:
    """("0.71", "0.55 to 0.87"), or a dash where it is not defined."""
    if kappa is None:
        return NO_VALUE, ""
    return decimal_text(kappa.value, 2), f"{decimal_text(kappa.low, 2)} to {decimal_text(kappa.high, 2)}"


def time_text(seconds: Any) -> tuple[str, str]:
    """The median, and the first and third quartile: ("2 min 5 s", "45 s to 4 min 0 s")."""
    if seconds is None:
        return NO_VALUE, ""
    first, median, third = map(_duration, seconds)
    return median, f"{first} to {third}"


def agreement_plot(by_week: Mapping[date, tuple[Share, Share]]) -> Plot:
    """Agreement in second reviews and hits of golden items by week, with their intervals."""
    return Plot(
        "Agreement by week",
        Axis("Week from", "time"),
        Axis("Share", "percent", 0, 1),
        [
            _series("agreeing second reviews", {day: pair[0] for day, pair in by_week.items()}, "series-1"),
            _series("golden items hit", {day: pair[1] for day, pair in by_week.items()}, "series-2"),
        ],
        summary="The share of second reviews that agree with the first verdict, and of golden items answered"
        " as known, in each week; bands are 95 % intervals.",
        empty_text="No second reviews and no golden items in this period.",
    )


def totals_of(figures: QualityFigures) -> list[tuple[str, str, str]]:
    """(title, value, note) of the figures of all reviewers together."""
    return [
        ("Agreement", *share_text(figures.agreement)),
        ("Cohen's kappa", *kappa_text(figures.cohen)),
        ("Fleiss' kappa", *kappa_text(figures.fleiss)),
        ("Golden items", *share_text(figures.golden)),
    ]


def _series(label: str, shares: Mapping[date, Share], color: str) -> Series:
    rows = [(datetime.combine(day, time(), tzinfo=UTC), share) for day, share in shares.items()]
    return Series(
        label,
        [(at, share.value) for at, share in rows],
        color,
        low=[share.interval[0] if share.rows else None for _, share in rows],
        high=[share.interval[1] if share.rows else None for _, share in rows],
    )


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60:,} min {whole % 60} s"
