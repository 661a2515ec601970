"""The contributions to a score as a waterfall: those that people can act on first."""

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from scoring.decisions.explanation import Contribution, Explanation

MAIN_BARS = 8  # shown at first; a key shows the others
CONTEXT_WEIGHT = 0.5  # a reason of context comes after others that are at least half as strong
MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"


class Bar(NamedTuple):
    """A step of a waterfall from the start to the margin; `left` and `width` are percentages of its axis."""

    left: float
    width: float


class ContributionBar(NamedTuple):
    """A contribution as a step of the waterfall."""

    contribution: Contribution
    bar: Bar

    @property
    def rises(self) -> bool:
        return self.contribution.contribution > 0

    @property
    def log_odds(self) -> str:
        return signed_text(self.contribution.contribution)

    @property
    def odds(self) -> str:
        return odds_text(self.contribution.odds)


class ScoreExplanation(NamedTuple):
    """The contributions to a score in the order of a waterfall; `raised` and `lowered` are the sums of each
    side, in log-odds. `rest`: the steps after the main ones as a single one, None without any.
    """

    explanation: Explanation
    bars: list[ContributionBar]
    raised: float
    lowered: float
    rest: Bar | None

    @property
    def path(self) -> dict[str, str]:
        """The steps from the bias to the margin as texts; only for a complete explanation."""
        bias, margin = self.explanation.bias or 0.0, self.explanation.margin or 0.0
        steps = {"bias": bias, "raised": self.raised, "lowered": self.lowered, "margin": margin}
        return {name: signed_text(value) for name, value in steps.items()}

    @property
    def first(self) -> list[ContributionBar]:
        return self.bars[:MAIN_BARS]

    @property
    def others(self) -> list[ContributionBar]:
        return self.bars[MAIN_BARS:]

    @property
    def rest_sum(self) -> float:
        """What the others add together, in log-odds."""
        return math.fsum(each.contribution.contribution for each in self.others)

    @property
    def rest_text(self) -> str:
        return signed_text(self.rest_sum)


def score_explanation(explanation: Explanation) -> ScoreExplanation:
    """The contributions to a score, those that people can act on first, as a waterfall from the bias."""
    ordered = sorted(explanation.contributions, key=_weight, reverse=True)
    parts = [each.contribution for each in ordered]
    levels = list(accumulate(parts, initial=explanation.bias or 0.0))
    steps = waterfall(levels, pairwise(levels))
    rest = waterfall(levels, [(levels[MAIN_BARS], levels[-1])]) if len(parts) > MAIN_BARS else [None]
    return ScoreExplanation(
        explanation=explanation,
        bars=[ContributionBar(each, bar) for each, bar in zip(ordered, steps, strict=True)],
        raised=math.fsum(part for part in parts if part > 0),
        lowered=math.fsum(part for part in parts if part < 0),
        rest=rest[0],
    )


def _weight(contribution: Contribution) -> float:
    """By what reasons are ordered: their size, that of context halved."""
    return abs(contribution.contribution) * (CONTEXT_WEIGHT if contribution.is_context else 1)


def waterfall(levels: Sequence[float], steps: Iterable[tuple[float, float]]) -> list[Bar]:
    """A bar for each step from one level to another, on an axis that spans all levels.

    >>> waterfall([0.0, 3.0, 2.0], [(0.0, 3.0), (3.0, 2.0)])
    [Bar(left=0.0, width=100.0), Bar(left=66.7, width=33.3)]
    """
    lowest, span = min(levels), (max(levels) - min(levels)) or 1.0
    return [
        Bar(round(100 * (min(step) - lowest) / span, 1), round(100 * abs(step[1] - step[0]) / span, 1))
        for step in steps
    ]


def signed_text(value: float) -> str:
    """1.234 is "+1.23"."""
    return f"{value:+.2f}".replace("-", MINUS)


def odds_text(factor: float) -> str:
    """A factor on the odds after a multiplication sign: 3.724 is 3.72, 0.0004 stays; "" if unknown."""
    if math.isnan(factor):
        return ""
    if factor >= 100:
        return f"{TIMES} {factor:,.0f}"
    return f"{TIMES} {factor:.2f}" if factor >= 0.1 else f"{TIMES} {factor:.1g}"
