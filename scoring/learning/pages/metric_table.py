"""The metrics of a model version next to the champion's on the same events."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scoring.admin_kit import formatting
from scoring.catalog.registry import event_type
from scoring.registry.models import ModelVersion

HIGHER, LOWER = 1, -1  # which of two values of a metric is better
RESULT_TONES = {
    "significantly better": "good",
    "significantly worse": "bad",
    "no significant difference": "neutral",
}


@dataclass(frozen=True)
class MetricDescription:
    """A metric of `ModelVersion.metrics`: its name, its meaning and its format."""

    key: str
    name: str
    meaning: str
    better: int
    percent: bool = False
    money: bool = False

    def text(self, metrics: Mapping[str, Any] | None, *, currency: str = "USD") -> str:
        value = (metrics or {}).get(self.key)
        if self.money:
            return formatting.money_text(value, currency)
        return formatting.percent_text(value) if self.percent else formatting.decimal_text(value, 4)


METRICS = (
    MetricDescription(
        "average_precision",
        "Average precision",
        "Mean precision over all thresholds; a random order reaches the share of {positive}.",
        HIGHER,
    ),
    MetricDescription(
        "roc_auc",
        "ROC AUC",
        "The probability that a random {positive} event scores above a random other event; 0.5 is chance.",
        HIGHER,
    ),
    MetricDescription(
        "precision_at_100_a_day",
        "Precision at 100 a day",
        "Of the 100 highest scores of each day, the share that is {positive}.",
        HIGHER,
        percent=True,
    ),
    MetricDescription(
        "ndcg_at_100_a_day",
        "NDCG at 100 a day",
        "How near the 100 highest scores of each day are to the best order of the day's events, which has 1.",
        HIGHER,
    ),
    MetricDescription(
        "entity_precision",
        "Entity precision at 100 a day",
        "Of the 100 entities of each day with the highest scores, the share that is {positive}; entities that"
        " were known before, or found on an earlier day, are left out.",
        HIGHER,
        percent=True,
    ),
    MetricDescription(
        "entities_caught",
        "Entities caught",
        "Of all entities with {positive} that were not known before, the share among those 100 a day.",
        HIGHER,
        percent=True,
    ),
    MetricDescription(
        "recall_at_0.1pct_false_positives",
        "Recall at 0.1\N{NO-BREAK SPACE}% false positive rate",
        "Of all {positive}, the share that is flagged while 0.1\N{NO-BREAK SPACE}% of other events are.",
        HIGHER,
        percent=True,
    ),
    MetricDescription(
        "recall_at_1pct_false_positives",
        "Recall at 1\N{NO-BREAK SPACE}% false positive rate",
        "Of all {positive}, the share that is flagged while 1\N{NO-BREAK SPACE}% of other events are.",
        HIGHER,
        percent=True,
    ),
    MetricDescription(
        "precision_at_review",
        "Precision of reviews and blocks",
        "Of the events at or above the review threshold, the share that is {positive}.",
        HIGHER,
        percent=True,
    ),
    MetricDescription(
        "recall_at_review",
        "Recall of reviews and blocks",
        "Of all {positive}, the share at or above the review threshold.",
        HIGHER,
        percent=True,
    ),
    MetricDescription(
        "precision_at_block",
        "Precision of blocks",
        "Of the events it blocks, the share that is {positive}.",
        HIGHER,
        percent=True,
    ),
    MetricDescription(
        "recall_at_block",
        "Recall of blocks",
        "Of all {positive}, the share that it blocks.",
        HIGHER,
        percent=True,
    ),
    MetricDescription(
        "f1_at_review",
        "F1 of reviews and blocks",
        "The harmonic mean of precision and recall at the review threshold.",
        HIGHER,
    ),
    MetricDescription(
        "f1_at_block",
        "F1 of blocks",
        "The harmonic mean of precision and recall at the block threshold.",
        HIGHER,
    ),
    MetricDescription(
        "best_f1",
        "Best F1",
        "The highest F1 of any threshold, chosen on these events, so no threshold in use exceeds it.",
        HIGHER,
    ),
    MetricDescription(
        "fraud_amount_stopped",
        "Amount of {positive} stopped",
        "Of the amount of all {positive}, the share that the policy in use would not simply allow.",
        HIGHER,
        percent=True,
    ),
    MetricDescription(
        "fraud_amount_stopped_a_day",
        "Amount of {positive} stopped a day",
        "The same, as an amount.",
        HIGHER,
        money=True,
    ),
    MetricDescription(
        "money_saved_a_day",
        "Money saved a day",
        "What allowing every event would cost, minus what the policy in use would, by its costs.",
        HIGHER,
        money=True,
    ),
    MetricDescription(
        "brier", "Brier score", "Mean squared difference between the score and the label.", LOWER
    ),
    MetricDescription(
        "calibration_error",
        "Calibration error",
        "Mean difference between scores and the share of {positive} at those scores.",
        LOWER,
    ),
)


@dataclass(frozen=True)
class MetricRow:
    """One row of the table; `result` is "better", "worse", "same" or "" without a comparison.

    For a metric whose difference has an interval, it says whether the difference is significant, `tone` is
    its color, and `difference` the interval. `interval`: of precision and recall at thresholds, with the
    effective number of events.
    """

    name: str
    meaning: str
    value: str
    champion: str
    result: str
    tone: str = ""
    difference: str = ""
    interval: str = ""


def metric_rows(version: ModelVersion) -> list[MetricRow]:
    """The metrics of a version beside those of the champion on the same events."""
    return [_metric_row(metric, version) for metric in METRICS]


def _metric_row(metric: MetricDescription, version: ModelVersion) -> MetricRow:
    value, other = version.metrics, version.comparison.get("champion_metrics") or {}
    kind, positive = event_type(version.event_type), positive_of(version)
    row = MetricRow(
        name=metric.name.format(positive=positive),
        meaning=metric.meaning.format(positive=positive),
        value=metric.text(value, currency=kind.base_currency),
        champion=metric.text(other, currency=kind.base_currency),
        result=compare_values(value.get(metric.key), other.get(metric.key), better=metric.better),
        interval=share_interval_text(value.get("intervals", {}).get(metric.key)),
    )
    difference = differences_of(version.comparison).get(metric.key)
    if difference is None:
        return row
    result = result_text(difference, better=metric.better)
    return replace(
        row,
        result=result,
        tone=RESULT_TONES[result],
        difference=_interval_text(metric, difference, currency=kind.base_currency),
    )


def differences_of(comparison: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """By metric its difference from the champion's; older versions have that of average precision alone."""
    first = comparison.get("difference")
    return dict(comparison.get("differences") or ({"average_precision": first} if first else {}))


def _interval_text(metric: MetricDescription, difference: Mapping[str, Any], *, currency: str) -> str:
    if not (metric.percent or metric.money):
        return difference_text(difference)
    ends = [difference[key] for key in ("estimate", "low", "high")]
    if metric.percent:
        texts = [formatting.signed_percent_text(end) for end in ends]
    else:
        texts = [("+" if end > 0 else "") + metric.text({metric.key: end}, currency=currency) for end in ends]
    return f"{texts[0]} ({texts[1]} to {texts[2]})"


def share_interval_text(interval: Mapping[str, float] | None) -> str:
    """ "81.2 % to 95.0 % (95 %), from 41 effective events"; "" for none."""
    if interval is None:
        return ""
    low, high = (formatting.percent_text(interval[end]) for end in ("low", "high"))
    level = formatting.percent_text(0.95, 0)
    return f"{low} to {high} ({level}), from {interval['effective']:,.0f} effective events"


def positive_of(version: ModelVersion) -> str:
    """The catalog's positive label of the event type, such as "fraud"."""
    return event_type(version.event_type).labels.positive


def compare_values(value: float | None, other: float | None, *, better: int) -> str:
    """Whether the first value is better, rounded to four digits."""
    if value is None or other is None:
        return ""
    difference = round(value - other, 4) * better
    return "same" if difference == 0 else ("better" if difference > 0 else "worse")


def difference_in_words(comparison: Mapping[str, Any]) -> str:
    """The difference in average precision and whether it is significant."""
    difference = comparison.get("difference")
    if difference is None:
        return ""
    return (
        f"Average precision differs by {difference_text(difference)}"
        f" ({100 * difference['level']:.0f}\N{NO-BREAK SPACE}% interval): {result_text(difference)}."
    )


def result_text(difference: Mapping[str, Any], *, better: int = HIGHER) -> str:
    """Whether a difference is significant, given its interval and which values are better."""
    low, high = sorted(better * difference[end] for end in ("low", "high"))
    if low > 0:
        return "significantly better"
    return "significantly worse" if high < 0 else "no significant difference"


def difference_text(difference: Mapping[str, Any] | None) -> str:
    """ "+0.0120 (-0.0020 to +0.0260)"."""
    if difference is None:
        return formatting.NO_VALUE
    return f"{difference['estimate']:+.4f} ({difference['low']:+.4f} to {difference['high']:+.4f})"
