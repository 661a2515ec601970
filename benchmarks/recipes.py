"""`python -m benchmarks.recipes [--event-type payment] [--folds 4]`: the documentation's table of recipes.

Compares the default recipe, a slower one, treatments of imbalance, SMOTE and the plain baselines on the
events of the installation that ASSAY_VAR names. Prints a Markdown table and the differences from the default.
"""

import os
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import replace

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.utils import timezone  # noqa: E402 -- these modules need Django

from benchmarks.smote import smote_contender  # noqa: E402
from scoring.learning.baseline_names import BASELINES  # noqa: E402
from scoring.learning.folds.compare import contenders_of, folds_of  # noqa: E402
from scoring.learning.folds.contenders import Contender  # noqa: E402
from scoring.learning.folds.options import FoldOptions  # noqa: E402
from scoring.learning.folds.report import fold_lines, markdown_lines  # noqa: E402
from scoring.learning.folds.run import FoldResult, read_history, run_fold  # noqa: E402
from scoring.learning.training.recipe import TrainingConfig  # noqa: E402


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--event-type", default="payment")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bootstrap", type=int, default=200, help="resamples for each difference")
    given = parser.parse_args()
    default = TrainingConfig(threads=given.threads)
    slower = replace(default, trees=600, learning_rate=0.05, patience=50)
    options = FoldOptions(
        given.event_type,
        folds=given.folds,
        threads=given.threads,
        recipes=(("slower", slower),),
        imbalance=True,
        against=tuple(BASELINES),
    )
    results = measure(options, [*contenders_of(options), smote_contender("smote", default)])
    print("\n".join([*markdown_lines(results), "", *fold_lines(results, samples=given.bootstrap)]))


def measure(options: FoldOptions, compared: Sequence[Contender]) -> list[FoldResult]:
    """The results of every fold; differences are from the first contender. The lane is read once."""
    now = timezone.now()
    folds = folds_of(options, now=now)
    history = read_history(options.event_type, vocabulary_as_of=folds[0].origin)
    return [run_fold(history, fold, compared, now=now) for fold in folds]


if __name__ == "__main__":
    main()
