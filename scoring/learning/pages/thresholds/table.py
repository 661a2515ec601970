"""What single thresholds separate among a model's held-out events, as a table for its card."""

from scoring.admin_kit.formatting import NO_VALUE, decimal_text, percent_text
from scoring.catalog.registry import event_types
from scoring.learning.metrics.weighted_shares import ShareInterval, weighted_share
from scoring.learning.policies.judged import JudgedEvents, judged_of_sample
from scoring.registry.models import HeldOutSample, ModelVersion

THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
COLUMNS = ("Score from", "Share of events", "Events a day", "Precision", "Recall")


def threshold_rows(version: ModelVersion) -> list[tuple[str, ...]]:
    """A row of COLUMNS for each threshold that an event reaches; none without a stored sample."""
    kind = event_types().get(version.event_type)
    stored = HeldOutSample.objects.filter(pk=version.name).first()
    if kind is None or stored is None or not stored.sample:
        return []
    events = judged_of_sample(kind, stored.sample)
    reached = [threshold for threshold in THRESHOLDS if (events.score >= threshold).any()]
    return [row_of(events, threshold) for threshold in reached]


def row_of(events: JudgedEvents, threshold: float) -> tuple[str, ...]:
    """The row of one threshold, with 95 % intervals of precision and recall."""
    flagged, weight = events.score >= threshold, events.weight
    share = float(weight[flagged].sum()) / float(weight.sum())
    return (
        percent_text(threshold, 0),
        percent_text(share, 2),
        decimal_text(float(weight[flagged].sum()) / events.days, 1),
        _text(weighted_share(events.positive, among=flagged, weights=weight)),
        _text(weighted_share(flagged, among=events.positive, weights=weight)),
    )


def _text(share: ShareInterval | None) -> str:
    if share is None:
        return NO_VALUE
    return f"{percent_text(share.estimate)} ({percent_text(share.low)} to {percent_text(share.high)})"
