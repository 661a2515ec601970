"""The noise of labels in words, as pages and cards of models show it."""

from collections.abc import Mapping
from typing import Any, Final

from scoring.admin_kit.formatting import percent_text
from scoring.learning.noise.estimating import DoubleReviews, Estimate, corrected, error_rate

MIN_EVENTS: Final = 30  # judged twice; fewer say hardly anything


def error_in_words(reviews: DoubleReviews) -> str:
    """How often one reviewer is wrong, or why that is not estimated."""
    error = _error_of(reviews)
    if error is None:
        return _too_few(reviews)
    return (
        f"{_interval_text(error)}: two people judged {reviews.events:,} events blind and disagreed on"
        f" {reviews.differing:,}"
    )


def noise_in_words(reviews: DoubleReviews, metrics: Mapping[str, Any]) -> str:
    """The precision of blocks if labels are as wrong as those of reviewers, or why it is not estimated.

    "" if the version has no precision of blocks.
    """
    value = metrics.get("precision_at_block")
    interval = metrics.get("intervals", {}).get("precision_at_block")
    if value is None or interval is None:
        return ""
    error = _error_of(reviews)
    if error is None:
        return f"Precision is not corrected for wrong labels: {_too_few(reviews)}."
    found = corrected(Estimate(value, interval["low"], interval["high"]), error)
    if found is None:
        return "Precision is not corrected for wrong labels: reviewers disagree as often as by tossing coins."
    return (
        f"A reviewer is wrong about {_interval_text(error)} of events, by {reviews.events:,} that two people"
        f" judged blind. If all labels are as wrong, the precision of blocks is {_interval_text(found)}."
    )


def _error_of(reviews: DoubleReviews) -> Estimate | None:
    return error_rate(reviews) if reviews.events >= MIN_EVENTS else None


def _too_few(reviews: DoubleReviews) -> str:
    judged = "1 event was" if reviews.events == 1 else f"{reviews.events:,} events were"
    return f"{judged} judged blind by two people so far, {MIN_EVENTS} are needed"


def _interval_text(estimate: Estimate) -> str:
    return f"{percent_text(estimate.value)} ({percent_text(estimate.low)} to {percent_text(estimate.high)})"
