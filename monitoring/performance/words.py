"""The performance of a model in sentences."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.models import ModelPerformance, PerformanceWeek
from scoring.admin_kit.formatting import count_text, decimal_text, percent_text
from scoring.admin_kit.time_zones import zoned_text
from scoring.timestamps import from_iso

BLIND = (
    "Both estimates assume that a score, or an event with the same features, is as risky as before. Neither"
    " sees concept drift: fraud that looks unlike before shows only in labels."
)
SMALL = 0.05  # relative loss that nobody needs to look at


@dataclass(frozen=True)
class Verdict:
    """A sentence with its tone: good, info, warn or bad."""

    tone: str
    text: str


def verdict_of(latest: ModelPerformance | None, *, maturity: timedelta, trained_at: datetime) -> Verdict:
    """How the model ranks its matured events, against the promise made at its training."""
    if latest is None:
        return Verdict("info", "This model has not been measured yet. Models are measured every night.")
    if not latest.realized:
        return Verdict("info", _too_early(latest, maturity=maturity, trained_at=trained_at))
    found = latest.realized["average_precision"][0]
    if not latest.loss:
        return Verdict("info", f"Average precision is {decimal_text(found)}; it has no held-out events.")
    value, low, high = latest.loss
    promised = latest.promised["average_precision"][0]
    pair = f"average precision {decimal_text(found)}, promised {decimal_text(promised)}"
    if low > SMALL:
        change = f"{percent_text(value, 0)} below the promise ({loss_interval(low, high)})"
        return Verdict(
            "bad" if low > 2 * SMALL else "warn", f"The model ranks worse than promised: {pair}, {change}."
        )
    if high < 0:
        return Verdict("good", f"The model ranks better than promised: {pair}.")
    return Verdict("good", f"The model ranks as promised: {pair}.")


def _too_early(latest: ModelPerformance, *, maturity: timedelta, trained_at: datetime) -> str:
    if latest.decided:
        labels = "label" if latest.positives == 1 else "labels"
        return (
            f"The matured decisions have {count_text(latest.positives)} positive {labels}, too few to measure"
            " the model."
        )
    if latest.until > trained_at:
        return f"This model made no decisions from {latest.since:%Y-%m-%d} to {latest.until:%Y-%m-%d}."
    return (
        f"No decision of this model is mature yet: labels are complete {maturity.days} days after an event,"
        f" from {trained_at + maturity:%Y-%m-%d} on at the earliest. Until then, only estimates are shown."
    )


def loss_interval(low: float, high: float) -> str:
    """ "5 % to 12 %", the 99 % interval of a relative loss."""
    return f"99 % interval {percent_text(low, 0)} to {percent_text(high, 0)}"


def concept_text(latest: ModelPerformance) -> Verdict | None:
    """Whether scores mean what they meant; None if there is too little to say."""
    if not latest.realized:
        return None
    change = latest.concept
    if not change:
        return Verdict(
            "good", "No concept drift: the log loss of matured events is what their scores expect."
        )
    since = from_iso(change["since"])
    figures = (
        f"log loss exceeded what the scores expect by {decimal_text(change['before'])} before and by"
        f" {decimal_text(change['after'])} since"
    )
    if change["worse"]:
        return Verdict("bad", f"Concept drift since {zoned_text(since)}: {figures}.")
    return Verdict("good", f"The scores fit better since {zoned_text(since)}: {figures}.")


def latest_estimate(weeks: list[PerformanceWeek]) -> tuple[PerformanceWeek, str] | None:
    """The newest week with an estimate, and the better one that it has: "adapted", else "estimated"."""
    for week in reversed(weeks):
        for name in ("adapted", "estimated"):
            if "average_precision" in getattr(week, name):
                return week, name
    return None
