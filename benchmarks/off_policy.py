"""`python -m benchmarks.off_policy [--worlds 200]`: off-policy estimates in worlds of known truth.

A policy blocks payments by a score that does not know one kind of fraud and overstates the others.
Exploration lets a share of its blocks through. Two other policies, a milder and a stricter one, are estimated
from these decisions, and compared with what they truly do.
"""

from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import benchmarks.django_setup  # noqa: F401 (before what needs Django)
from benchmarks.selective_worlds import World, draw_world, fraud_probability
from scoring.rules.off_policy.estimating import Figure, estimate_policy
from scoring.rules.off_policy.revealing import LoggedEvents, reveal
from scoring.rules.off_policy.sums import GivenOutcomes, Sums

OUTCOMES = ("allow", "review", "block")
EVENTS, TRUE_EVENTS, SHARE = 12_000, 1_000_000, 0.1
IN_USE, TRIED = (0.2, 0.6), {"milder": (0.3, 0.8), "stricter": (0.1, 0.4)}  # thresholds of review and block
NAMED = ("precision", "recall", "fraud_allowed", "fraud_money_allowed", "good_money_blocked")

Floats = NDArray[np.float64]


class Measured(NamedTuple):
    """An estimate of a figure against its truth; `covered`: by the intervals of value and difference."""

    truth: float
    robust: float
    ips: float
    snips: float
    direct: float
    covered: bool
    difference_covered: bool


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    print("\n".join(lines(range(parser.parse_args().worlds))))


def lines(seeds: Sequence[int] | range) -> list[str]:
    """A Markdown table: means over the worlds, root mean squared errors, and how often intervals cover."""
    found = defaultdict(list)
    truths = {name: true_figures(thresholds) for name, thresholds in {"": IN_USE, **TRIED}.items()}
    for seed in seeds:
        for name, thresholds in TRIED.items():
            for figure in estimated(seed, thresholds):
                if figure.name in NAMED:
                    found[name, figure.name].append(measured(figure, truths[""], truths[name]))
    columns = ["policy", "figure", "truth", "doubly robust", "IPS", "self-normalized", "score alone"]
    columns += ["covered", "difference covered"]
    rows = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    for (name, figure), all_of in found.items():
        part = Measured(*(np.array(column, dtype=float) for column in zip(*all_of, strict=True)))
        errors = [
            f"{np.mean(each):.4g} ± {np.sqrt(np.mean((each - part.truth) ** 2)):.2g}"
            for each in (part.robust, part.ips, part.snips, part.direct)
        ]
        cells = [name, figure, f"{part.truth[0]:.4g}", *errors]
        rows.append(
            f"| {' | '.join(cells)} | {part.covered.mean():.1%} | {part.difference_covered.mean():.1%} |"
        )
    return rows


def estimated(seed: int, thresholds: tuple[float, float], *, share: float = SHARE) -> list[Figure]:
    """The figures of a policy with these thresholds, from decisions of the one in use in a world."""
    rng = np.random.default_rng(seed)
    world = draw_world(rng, events=EVENTS, period=0)
    score, stakes = score_of(world), stakes_of(world)
    blocked = score >= IN_USE[1]
    through = blocked & (rng.random(EVENTS) < share)
    revealed, propensity = reveal(
        blocked=blocked & ~through,
        labeled=np.zeros(EVENTS, dtype=bool),
        let_through=np.where(through, share, np.nan),
        propensity=np.where(blocked, share, 0.0),
    )
    positive = world.fraud & revealed
    events = LoggedEvents(score, positive, revealed, propensity, stakes, np.ones(EVENTS))
    sums = Sums(OUTCOMES)
    sums.add(events, before=given(score, IN_USE), after=given(score, thresholds))
    return list(estimate_policy(sums, outcomes=OUTCOMES, days=1.0).figures)


def true_figures(thresholds: tuple[float, float]) -> dict[str, float]:
    """The figures by the true probabilities of many events, in proportion to EVENTS."""
    world = draw_world(np.random.default_rng(10**9), events=TRUE_EVENTS, period=0)
    fraud, score, stake = fraud_probability(world.X), score_of(world), stakes_of(world)
    block, allow, scale = score >= thresholds[1], score < thresholds[0], EVENTS / TRUE_EVENTS
    return {
        "precision": float(fraud[block].mean()),
        "recall": float(fraud[block].sum() / fraud.sum()),
        "fraud_allowed": float(fraud[allow].sum()) * scale,
        "fraud_money_allowed": float((fraud * stake)[allow].sum()) * scale,
        "good_money_blocked": float(((1 - fraud) * stake)[block].sum()) * scale,
    }


def measured(figure: Figure, in_use: dict[str, float], tried: dict[str, float]) -> Measured:
    each, truth = figure.after, tried[figure.name]
    change = truth - in_use[figure.name]
    _, low, high = figure.difference or (0.0, 0.0, 0.0)
    return Measured(
        truth,
        *(float(value or 0.0) for value in (each.value, each.ips, each.snips, each.direct)),
        covered=each.low <= truth <= each.high,
        difference_covered=low <= change <= high,
    )


def score_of(world: World) -> Floats:
    """A score that overstates the obvious kinds of fraud and knows nothing of the subtle one."""
    log_odds = np.logaddexp(6.0 * (world.X[:, 0] - 2.1), 6.0 * (world.X[:, 1] - 2.2)).astype(np.float64)
    return 1 / (1 + np.exp(-np.clip(log_odds, -6.0, 30.0)))


def stakes_of(world: World) -> Floats:
    """Amounts in minor units, larger where the fifth feature is."""
    return np.exp(8.0 + 0.8 * world.X[:, 4].astype(np.float64))


def given(score: Floats, thresholds: tuple[float, float]) -> GivenOutcomes:
    return GivenOutcomes(np.searchsorted(np.array(thresholds), score, side="right"))


if __name__ == "__main__":
    main()
