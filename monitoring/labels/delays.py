"""Whether a source's labels of recent events come later than those of the events before. Pure.

The delay of a young event's label is known only if it is short, so labels are compared with those that came
within the same age: a two-sample rank test for right-truncated data (Lagakos, Barraj and De Gruttola, 1988),
with the weights of Gehan. How many events there were, and how many got a label, has no influence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# Days before now when delays may have changed. A later change has too few labels yet, and an earlier one has
# become what is usual.
CHANGES: Final = (7, 10, 13, 16, 20, 24, 28, 34, 40, 56, 80)
MIN_LABELS: Final = 20  # of the events since a change
MIN_USUAL: Final = 50  # of those before
# Of the 99.9 % interval of the factor. By chance a quiet source seems later at one evaluation in 500, because
# the change that seems worst is chosen; the alert also wants a factor that matters.
Z: Final = 3.29
FACTORS: Final = np.geomspace(0.25, 4.0, 31)  # between them, scores are interpolated
CURVE_POINTS: Final = 25

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class DelayedLabels:
    """Labels of one source: the age of their events now and their delay, both in days, float64[n].

    `groups`: int64[n]; labels are compared only within a group, such as those of one value.
    """

    ages: Floats
    delays: Floats
    groups: Ints

    def __len__(self) -> int:
        return len(self.ages)

    def select(self, rows: Bools) -> "DelayedLabels":
        return DelayedLabels(self.ages[rows], self.delays[rows], self.groups[rows])


@dataclass(frozen=True)
class DelayComparison:
    """The labels of events of the last `days` against those before.

    They take `factor` times as long, between `low` and `high`. `median`: of `labels` delays of recent
    events, in days; `usual_median`: what the `usual_labels` before would give at the same ages. `curve`: how
    long a delay, the share of labels that usually come within it, and the share of the recent ones.
    """

    days: int
    factor: float
    low: float
    high: float
    labels: int
    usual_labels: int
    median: float
    usual_median: float
    curve: tuple[tuple[float, float, float], ...]

    @property
    def is_later(self) -> bool:
        return self.low > 1


def compare_delays(known: DelayedLabels) -> DelayComparison | None:
    """The comparison for the change after which labels come latest; None if there are too few labels."""
    scored = [(rank_score(known, known.ages < days), days) for days in CHANGES if _are_enough(known, days)]
    if not scored:
        return None
    _, days = max(scored)
    recent = known.ages < days
    factor, low, high = factor_of(known, recent)
    new, before = known.select(recent), known.select(~recent)
    usual, weights = matched(before, new.ages)
    return DelayComparison(
        days=days,
        factor=factor,
        low=low,
        high=high,
        labels=len(new),
        usual_labels=len(before),
        median=float(np.median(new.delays)),
        usual_median=_median(usual, weights),
        curve=tuple(_curve(new.delays, usual, weights)),
    )


def _are_enough(known: DelayedLabels, days: int) -> bool:
    recent = int((known.ages < days).sum())
    return recent >= MIN_LABELS and len(known) - recent >= MIN_USUAL


def rank_score(known: DelayedLabels, recent: Bools, factor: float = 1.0) -> float:
    """The standard normal score of recent delays being longer than `factor` times those before; 0.0 if no
    two labels can be compared.

    At each delay, the share of recent ones among the labels that came within it and could have taken as
    long is what is expected of the label that took just as long.
    """
    scale = np.where(recent, 1 / factor, 1.0)
    scaled = DelayedLabels(known.ages * scale, known.delays * scale, known.groups)
    parts = [_terms(scaled.select(rows), recent[rows]) for rows in _by_group(known.groups)]
    excess, variance = (sum(part[at] for part in parts) for at in (0, 1))
    return float(excess / np.sqrt(variance)) if variance > 0 else 0.0


def _by_group(groups: Ints) -> Iterator[Bools]:
    for group in np.unique(groups):
        yield groups == group


def _terms(known: DelayedLabels, recent: Bools) -> tuple[float, float]:
    """The weighted excess of recent labels, and its variance, within one group."""
    comparable = _comparable(known.delays, known)
    share = _comparable(known.delays, known.select(recent)) / comparable
    weights = comparable / (len(known) + 1)
    excess = (weights * (recent - share)).sum()
    return float(excess), float((weights**2 * share * (1 - share)).sum())


def _comparable(delays: Floats, known: DelayedLabels) -> Ints:
    """For each delay: the labels that came within it, of events that are at least as old."""
    came = np.searchsorted(np.sort(known.delays), delays, side="right")
    return np.asarray(came - np.searchsorted(np.sort(known.ages), delays, side="left"))


def factor_of(known: DelayedLabels, recent: Bools) -> tuple[float, float, float]:
    """How many times as long recent labels take, with its interval: the factors that the test accepts."""
    scores = [rank_score(known, recent, factor) for factor in FACTORS.tolist()]
    value, low, high = (_crossing(scores, limit) for limit in (0.0, Z, -Z))
    return value, low, high


def _crossing(scores: Sequence[float], limit: float) -> float:
    """The smallest factor whose score is at most `limit`; the largest one if no score is."""
    place = next((at for at, score in enumerate(scores) if score <= limit), len(FACTORS) - 1)
    if not place or scores[place] > limit:
        return float(FACTORS[place])
    part = (scores[place - 1] - limit) / (scores[place - 1] - scores[place])
    return float(FACTORS[place - 1] * (FACTORS[place] / FACTORS[place - 1]) ** part)


def matched(before: DelayedLabels, ages: Floats) -> tuple[Floats, Floats]:
    """(delays, weights): earlier delays in ascending order, weighted as if their events had these ages."""
    delays = np.sort(before.delays)
    ages = np.sort(ages)
    within = np.searchsorted(delays, ages, side="right")
    shares = np.divide(1.0, within, out=np.zeros(len(ages)), where=within > 0)
    older = np.append(np.cumsum(shares[::-1])[::-1], 0.0)  # of the ages from each place on
    return delays, older[np.searchsorted(ages, delays, side="left")]


def _median(delays: Floats, weights: Floats) -> float:
    reached = np.cumsum(weights)
    return float(delays[np.searchsorted(reached, reached[-1] / 2)])


def _curve(new: Floats, usual: Floats, weights: Floats) -> Iterator[tuple[float, float, float]]:
    total = weights.sum()
    longest = max(float(np.quantile(new, 0.98)), float(usual[weights > 0].max(initial=0.0)))
    for delay in np.linspace(0, longest, CURVE_POINTS).tolist():
        usually = weights[usual <= delay].sum() / total if total else 0.0
        yield round(delay, 2), round(float(usually), 4), round(float((new <= delay).mean()), 4)


def delayed_labels(rows: Sequence[tuple[float, float, Any]]) -> DelayedLabels:
    """From (age of the event, delay, group) of each label; a delay is never negative."""
    names = {group: number for number, group in enumerate(dict.fromkeys(group for *_, group in rows))}
    return DelayedLabels(
        np.array([age for age, *_ in rows], dtype=np.float64),
        np.array([max(delay, 0.0) for _, delay, _ in rows], dtype=np.float64),
        np.array([names[group] for *_, group in rows], dtype=np.int64),
    )
