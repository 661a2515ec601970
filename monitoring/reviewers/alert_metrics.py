"""What alerts may be set on about verdicts: agreement of reviewers, golden items, overturned verdicts."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from monitoring.metrics.metric import Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from reviews.quality.figures import QualityFigures, Share, quality_figures
from reviews.work.consequences import granting_verdicts
from scoring.admin_kit.formatting import count_text
from scoring.catalog.registry import event_types, scored_types

SPAN = timedelta(weeks=4)
HOURLY = timedelta(hours=1)
RUNBOOK = "docs/reference/reviewer-quality.md"


def observe_agreement(*, now: datetime) -> Iterator[Observation]:
    """The share of second reviews that agree with the first, with its 95 % interval."""
    because = "Second reviews often differ: the policy, or a reason code, may be read in several ways."
    return _observed(lambda figures: figures.agreement, because, now=now)


def observe_golden_hits(*, now: datetime) -> Iterator[Observation]:
    """The share of golden items that were answered as known, with its 95 % interval."""
    because = "Known answers are often missed. The page shows whose, and whether the items are still right."
    return _observed(lambda figures: figures.golden, because, now=now)


def observe_overturned(*, now: datetime) -> Iterator[Observation]:
    """The share of first verdicts that did not hold, with its 95 % interval."""
    because = "Adjudicators, appeals or later disputes changed many verdicts, and models learn from them."
    return _observed(overturned_of, because, now=now)


def overturned_of(figures: QualityFigures) -> Share:
    """Those of all reviewers together."""
    each = [reviewer.overturned for reviewer in figures.reviewers]
    return Share(sum(share.hits for share in each), sum(share.rows for share in each))


def _observed(
    share_of: Callable[[QualityFigures], Share], because: str, *, now: datetime
) -> Iterator[Observation]:
    """A share of each event type's verdicts of the last four weeks."""
    granting = granting_verdicts(event_types().values())
    for name in scored_types():
        figures = quality_figures(since=now - SPAN, until=now, granting=granting, event_type=name)
        share = share_of(figures)
        low, high = share.interval if share.rows else (None, None)
        yield Observation(
            *({"event_type": name}, share.value, now - SPAN, now),
            rows=share.rows,
            low=low,
            high=high,
            because=f"{count_text(share.hits)} of {count_text(share.rows)}. {because}" if share.rows else "",
            path=f"review-quality/?type={name}",
        )


register_metric(
    Metric(
        "reviews.agreement",
        "Agreement of reviewers",
        "The share of second reviews of the last four weeks that agree with the first.",
        Unit.SHARE,
        Worse.DOWN,
        ("event_type",),
        observe_agreement,
        HOURLY,
        SuggestedAlert(0.7, 0.75, min_rows=30, runbook=RUNBOOK),
    )
)
register_metric(
    Metric(
        "reviews.golden_hits",
        "Golden items answered as known",
        "The share of golden items of the last four weeks that reviewers answered as known.",
        Unit.SHARE,
        Worse.DOWN,
        ("event_type",),
        observe_golden_hits,
        HOURLY,
        SuggestedAlert(0.8, 0.85, min_rows=20, runbook=RUNBOOK),
    )
)
register_metric(
    Metric(
        "reviews.overturned",
        "Overturned verdicts",
        "The share of first verdicts of the last four weeks that an adjudicator, an appeal or a later dispute"
        " changed.",
        Unit.SHARE,
        Worse.UP,
        ("event_type",),
        observe_overturned,
        HOURLY,
        SuggestedAlert(0.2, 0.15, min_rows=50, runbook=RUNBOOK),
    )
)
