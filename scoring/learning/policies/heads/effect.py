"""What thresholds of a content policy do, with intervals, and what a move of one changes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.intervals import wilson_interval
from scoring.learning.policies.effect import terms_outcomes
from scoring.learning.policies.heads.events import HeadEvents
from scoring.learning.policies.heads.sampling import BROKEN, NOT_KNOWN
from scoring.rules.policies.policy import MODEL, Policy, Terms

MAX_POINTS = 100
ALLOW, REVIEW, BLOCK = "allow", "review", "block"


class Share(NamedTuple):
    """An estimated share with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class AtThreshold:
    """What a threshold separates: `events` a day whose score reaches it; shares are None without events."""

    threshold: float
    events: float
    precision: Share | None
    recall: Share | None


class Move(NamedTuple):
    """The events a day that go from one outcome to another, and how many of them break a policy or none."""

    before: str
    after: str
    events: float
    violating: float

    @property
    def good(self) -> float:
        return self.events - self.violating


def share_of(part: NDArray[np.float64], whole: NDArray[np.float64]) -> Share | None:
    """The share of the weights `part` among `whole`, with Wilson's interval for the effective sample size.

    Weights w stand for (sum w)^2 / sum w^2 independent events (L. Kish, Survey Sampling, 1965).
    """
    total = float(whole.sum())
    if total <= 0:
        return None
    value = min(float(part.sum()) / total, 1.0)
    effective = total**2 / float((whole**2).sum())
    return Share(value, *wilson_interval(value * effective, effective))


def at_threshold(events: HeadEvents, policy: str, threshold: float) -> AtThreshold:
    """What a threshold of a content policy's score separates, of events whose label says if it is broken."""
    score, broken, weight = _judged(events, policy)
    reached, hits = weight * (score >= threshold), weight * broken
    return AtThreshold(
        threshold=threshold,
        events=float(reached.sum()) / events.days,
        precision=share_of(reached * broken, reached),
        recall=share_of(hits * (score >= threshold), hits),
    )


def head_curve(events: HeadEvents, policy: str) -> list[AtThreshold]:
    """What up to MAX_POINTS thresholds separate, the highest first: half evenly by score, half by rank."""
    score, _, _ = _judged(events, policy)
    if not len(score):
        return []
    levels = np.unique(score)
    half = MAX_POINTS // 2
    by_rank = levels[np.unique(np.linspace(0, len(levels) - 1, half).astype(int))]
    even = np.linspace(levels[0], levels[-1], half)
    by_score = levels[np.minimum(np.searchsorted(levels, even), len(levels) - 1)]
    thresholds = np.unique(np.concatenate([by_rank, by_score]))[::-1]
    return [at_threshold(events, policy, float(threshold)) for threshold in thresholds]


def positives_of(events: HeadEvents, policy: str) -> int:
    """How many events break a policy."""
    _, broken, weight = _judged(events, policy)
    return round(float((weight * broken).sum()))


def outcomes_of(
    events: HeadEvents,
    deciding: Policy,
    *,
    of_heads: Mapping[str, Mapping[str, float]],
    outcomes: Sequence[str],
    tried: Mapping[str, Terms] | None = None,
) -> NDArray[np.int64]:
    """The place of each event's outcome by all scores, int64[n]: the most severe of that of the main
    score, as it was given, and those of the heads under a policy.

    `of_heads`: the thresholds stored with the heads of the model. `tried`: terms in place of the policy's.
    """
    terms = {**deciding.heads, **(tried or {})}
    found = events.main.copy()
    for column, policy in enumerate(events.policies):
        given = terms_outcomes(
            terms.get(policy, Terms(MODEL)),
            score=events.score[:, column],
            stake=events.stake,
            of_model=of_heads.get(policy, {}),
            outcomes=outcomes,
        )
        found = np.maximum(found, given)
    return found


def moves_between(
    events: HeadEvents, before: NDArray[np.int64], after: NDArray[np.int64], outcomes: Sequence[str]
) -> list[Move]:
    """The events whose outcome differs, the most severe outcome after the move first."""
    weight = events.weight / events.days
    found = []
    for place in reversed(range(len(outcomes))):
        for was in reversed(range(len(outcomes))):
            rows = (before == was) & (after == place)
            if was != place and rows.any():
                moved = weight[rows]
                violating = float(moved[events.positive[rows]].sum())
                found.append(Move(outcomes[was], outcomes[place], float(moved.sum()), violating))
    return found


def a_day(events: HeadEvents, given: NDArray[np.int64], outcomes: Sequence[str]) -> dict[str, float]:
    """How many events a day get each outcome."""
    return {
        outcome: float(events.weight[given == place].sum()) / events.days
        for place, outcome in enumerate(outcomes)
    }


def _judged(
    events: HeadEvents, policy: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(score, 1.0 where the policy is broken, weight) of the events with a score and a known answer."""
    if policy not in events.policies:
        return np.empty(0), np.empty(0), np.empty(0)
    column = events.policies.index(policy)
    score, broken = events.score[:, column], events.broken[:, column]
    known = ~np.isnan(score) & (broken != NOT_KNOWN)
    return score[known], (broken[known] == BROKEN).astype(np.float64), events.weight[known]
