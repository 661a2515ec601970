"""Thresholds from reviewers' capacity, computed from recent scores and stored with the policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.registry import scored_type
from scoring.learning.policies.curve import MIN_REVIEW_SCORE, threshold_for_capacity
from scoring.learning.policies.decisions import days_between, sample_decisions
from scoring.learning.policies.judged import held_out_events
from scoring.learning.policies.sampling.priority import weighted
from scoring.learning.policies.sampling.stored import RECENT, SIZE, SPANS, rows_of, stored_sample
from scoring.registry.model_versions import champion_of
from scoring.rules.policies.costs import NEVER
from scoring.rules.policies.policy import CAPACITY, Capacity, Terms

MIN_EVENTS = 200
TOLERANCE = 0.2  # of the capacity: what the number of reviews may differ before thresholds are out of date


@dataclass(frozen=True)
class RecentScores:
    """The scores of the last weeks: score float64[n], weight float64[n], and the `days` that they cover.

    `model`: the champion; `held_out`: whether they are its held-out events, because few were decided yet.
    """

    score: NDArray[np.float64]
    weight: NDArray[np.float64]
    days: float
    since: datetime
    until: datetime
    model: str
    held_out: bool

    def reviews_a_day(self, review: float, below: float) -> float:
        """How many events a day have a score in [review, below)."""
        reviewed = (self.score >= review) & (self.score < below)
        return float(self.weight[reviewed].sum()) / self.days


def read_recent_scores(event_type: str, *, now: datetime) -> RecentScores | None:
    """The scores of the last weeks, else those of the champion's held-out events; None without either."""
    kind = scored_type(event_type)
    champion = champion_of(kind.name) or ""
    stored = stored_sample(kind.name, RECENT, now=now)
    if stored is not None:
        rows, weight = weighted(rows_of(stored), SIZE)
        days = days_between(stored.first_at, stored.until)
        return RecentScores(
            rows["score"], weight, days, stored.first_at, stored.until, champion, held_out=False
        )
    sample = sample_decisions(kind.name, since=now - SPANS[RECENT], until=now)
    if len(sample.score) >= MIN_EVENTS:
        days = sample.days(now)
        return RecentScores(sample.score, sample.weight, days, sample.first, now, champion, held_out=False)
    events = held_out_events(kind)
    if events is None:
        return None
    return RecentScores(
        events.score, events.weight, events.days, events.since, events.until, champion, held_out=True
    )


def terms_by_capacity(
    recent: RecentScores, *, cases_a_day: int, thresholds: Mapping[str, float], outcomes: tuple[str, ...]
) -> Terms:
    """Terms whose review threshold fits `cases_a_day`; `thresholds` are those of the other outcomes."""
    below = next_threshold(thresholds, outcomes)
    review = threshold_for_capacity(
        recent.score, recent.weight, days=recent.days, cases_a_day=cases_a_day, below=below
    )
    capacity = Capacity(
        cases_a_day=cases_a_day,
        since=recent.since.date().isoformat(),
        until=recent.until.date().isoformat(),
        events=round(float(recent.weight.sum())),
        model=recent.model,
    )
    return Terms(CAPACITY, {**thresholds, "review": min(review, 1.0, below)}, capacity=capacity)


def next_threshold(thresholds: Mapping[str, float], outcomes: tuple[str, ...]) -> float:
    """The lowest threshold of the outcomes more severe than review; NEVER without one."""
    severer = outcomes[outcomes.index("review") + 1 :]
    return min((thresholds[outcome] for outcome in severer if outcome in thresholds), default=NEVER)


@dataclass(frozen=True)
class CapacityCheck:
    """Whether stored thresholds still fit the capacity: reviews a day now, and why they do not ("")."""

    reviews_a_day: float
    why_outdated: str

    @property
    def is_outdated(self) -> bool:
        return bool(self.why_outdated)


def check_capacity(terms: Terms, recent: RecentScores, outcomes: tuple[str, ...]) -> CapacityCheck:
    """Compare the thresholds of a policy by capacity with the scores of the last weeks."""
    capacity = terms.capacity
    if capacity is None:
        raise ValueError(f"terms of the mode {terms.mode} have no capacity")
    review = terms.thresholds["review"]
    reviews = recent.reviews_a_day(review, next_threshold(terms.thresholds, outcomes))
    planned = capacity.cases_a_day
    why = ""
    if capacity.model != recent.model:
        before = capacity.model or "no model"
        why = f"they were computed from scores of {before}, and {recent.model} decides now"
    elif reviews > planned * (1 + TOLERANCE):
        why = f"they send {reviews:,.0f} events a day to review, more than the {planned:,} planned"
    elif reviews < planned * (1 - TOLERANCE) and review > MIN_REVIEW_SCORE:
        why = f"they send only {reviews:,.0f} events a day to review, of the {planned:,} planned"
    return CapacityCheck(reviews, why)
