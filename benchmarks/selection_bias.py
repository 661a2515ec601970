"""`python -m benchmarks.selection_bias [--worlds 200]`: what blocking hides, and what exploration gives back.

Prints the average precision of models trained anew, and how often the intervals of weighted precision and
recall cover the truth, over worlds of known truth (`selective_worlds`).
"""

from argparse import ArgumentParser
from collections.abc import Sequence

import numpy as np

import benchmarks.django_setup  # noqa: F401 (before what needs Django)
from benchmarks.selective_worlds import MODELS, WorldResult, run_world


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    results = [run_world(seed) for seed in range(parser.parse_args().worlds)]
    print("\n".join([*quality_lines(results), "", *coverage_lines(results)]))


def quality_lines(results: Sequence[WorldResult]) -> list[str]:
    """A Markdown table of average precision."""
    lines = ["| model | average precision | standard deviation |", "|---|---|---|"]
    for name, text in MODELS.items():
        found = [result.average_precision[name] for result in results]
        lines.append(f"| {text} | {np.mean(found):.3f} | {np.std(found, ddof=1):.3f} |")
    return lines


def coverage_lines(results: Sequence[WorldResult]) -> list[str]:
    """A Markdown table of the intervals."""
    lines = ["| metric | truth | estimate | covered | covered without weights |", "|---|---|---|---|---|"]
    for name in results[0].coverage:
        found = [result.coverage[name] for result in results if name in result.coverage]
        means = [np.mean([getattr(each, part) for each in found]) for part in vars(found[0])]
        lines.append(f"| {name} | {means[0]:.3f} | {means[1]:.3f} | {means[2]:.1%} | {means[3]:.1%} |")
    return lines


if __name__ == "__main__":
    main()
