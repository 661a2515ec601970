"""`manage.py evaluate`: a model on labeled events; or recipes, baselines and models on folds."""

import os
from argparse import ArgumentTypeError
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from scoring.catalog.registry import scored_type
from scoring.errors import ScoringError
from scoring.learning.evaluation.evaluate import describe_evaluation, run_evaluation
from scoring.learning.evaluation.report import evaluation_lines
from scoring.learning.fairness.lines import slice_lines
from scoring.learning.folds.compare import compare_on_folds
from scoring.learning.folds.options import FoldOptions
from scoring.learning.folds.report import fold_lines, markdown_lines
from scoring.learning.folds.scores import write_scores
from scoring.learning.folds.summary import describe_comparison
from scoring.learning.folds.windows import MAX_FOLDS
from scoring.learning.jobs.evaluations.evaluations import record_evaluation
from scoring.learning.recipes.files import load_recipe
from scoring.learning.training.recipe import TrainingConfig
from scoring.management.arguments import (
    integer,
    number,
    read_days,
    read_moment,
    read_new_file,
    read_scored_type,
)
from scoring.management.bars import StepProgressBars
from scoring.management.outcomes import add_json_option, as_command_error, bad_argument, write_json
from scoring.registry.model_versions import find_version

DEFAULT_TYPE = "payment"


class Command(BaseCommand):
    help = (
        "Evaluate a model on the mature events of a period with the labels known now (--model, --from, --to),"
        " or compare recipes, baselines and models on folds in time order (--folds)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        _add_period(parser.add_argument_group("a model on a period"))
        _add_folds(parser.add_argument_group("folds"))
        _add_contenders(parser.add_argument_group("contenders on folds"))
        parser.add_argument(
            "--against",
            action="append",
            default=[],
            metavar="logistic|random_forest|MODEL",
            help="what to compare with: a baseline or a model name; with folds it may be repeated, and be"
            " default: the default recipe",
        )
        parser.add_argument(
            "--bootstrap",
            type=integer(minimum=2, maximum=100_000),
            default=200,
            help="samples for the confidence interval of the difference",
        )
        parser.add_argument(
            "--threads",
            type=integer(minimum=1, maximum=256),
            default=os.cpu_count() or 1,
            help="threads of XGBoost (default: %(default)s)",
        )
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["folds"] or options["origin"]:
                self._compare(options)
            else:
                self._evaluate(options)
        except ScoringError as error:
            raise as_command_error(error) from error

    def _evaluate(self, options: dict[str, Any]) -> None:
        if missing := [name for name in ("model", "from", "to") if options[name] is None]:
            raise bad_argument(f"without --folds, --{missing[0]} is required")
        if options["from"] >= options["to"]:
            raise bad_argument("--from must be before --to")
        if len(options["against"]) > 1:
            raise bad_argument("without --folds, --against takes one name")
        with StepProgressBars() as bar:
            evaluation = run_evaluation(
                options["model"],
                since=options["from"],
                until=options["to"],
                now=timezone.now(),
                against=next(iter(options["against"]), None),
                samples=options["bootstrap"],
                threads=options["threads"],
                sliced_by=options["slices"],
                watch=bar,
            )
        if options["json"]:
            write_json(self.stdout, {"model": options["model"]} | describe_evaluation(evaluation))
        else:
            lines = evaluation_lines(options["model"], evaluation) + slice_lines(evaluation.slices)
            self.stdout.write("\n".join(lines))

    def _compare(self, options: dict[str, Any]) -> None:
        if options["slices"]:
            raise bad_argument("--slices is for a model on a period; it cannot be combined with --folds")
        chosen = read_fold_options(options)
        with StepProgressBars() as bar:
            results = compare_on_folds(chosen, now=timezone.now(), watch=bar)
        if options["scores"]:
            write_scores(results, options["scores"])
        result = describe_comparison(results, samples=options["bootstrap"])
        number = record_evaluation(chosen, result, actor="command/evaluate", now=timezone.now())
        if options["json"]:
            write_json(self.stdout, {"evaluation": number} | result)
        elif options["markdown"]:
            self.stdout.write("\n".join(markdown_lines(results)))
        else:
            currency = scored_type(chosen.event_type).base_currency
            lines = fold_lines(results, samples=options["bootstrap"], currency=currency)
            self.stdout.write("\n".join([*lines, "", f"Stored as evaluation {number}."]))


def read_fold_options(options: dict[str, Any]) -> FoldOptions:
    """The options of the command. Raises UnknownModel and InvalidTraining."""
    days, model = options["matures_after"], options["model"] or ""
    base = replace(TrainingConfig(), threads=options["threads"])
    return FoldOptions(
        event_type=options["event_type"] or (find_version(model).event_type if model else DEFAULT_TYPE),
        folds=options["folds"] or 0,
        origins=tuple(options["origin"]),
        test_length=timedelta(days=options["test_days"]),
        test_from=options["test_from"],
        since=options["since"],
        matures_after=None if days is None else timedelta(days=days),
        model=model,
        recipes=tuple((name, load_recipe(path, base=base)) for name, path in options["recipe"]),
        recipes_of=tuple(options["recipe_of"]),
        against=tuple(options["against"]),
        imbalance=options["imbalance"],
        threads=options["threads"],
    )


def _add_period(group: Any) -> None:
    group.add_argument(
        "--model", help="a model name from `manage.py models`; with folds its recipe, which comes first"
    )
    group.add_argument("--from", dest="from", type=read_moment, help="start of the events' time range")
    group.add_argument("--to", type=read_moment, help="end of the time range, exclusive")
    group.add_argument(
        "--slices",
        action="append",
        default=[],
        metavar="FIELD",
        help="also measure slices of this field or feature, with their fairness; may be repeated",
    )


def _add_folds(group: Any) -> None:
    group.add_argument(
        "--folds",
        type=integer(minimum=1, maximum=MAX_FOLDS),
        help="the number of folds; their tests cover the newer half of the mature events",
    )
    group.add_argument(
        "--origin",
        type=read_moment,
        action="append",
        default=[],
        help="instead of --folds: the date at which a fold stops learning; may be repeated",
    )
    group.add_argument(
        "--test-days",
        type=number(minimum=1, maximum=3_650),
        default=30.0,
        help="days of a test after --origin",
    )
    group.add_argument(
        "--test-from",
        type=read_moment,
        help="start of the tests of --folds (default: they cover the newer half of the events)",
    )
    group.add_argument(
        "--event-type", type=read_scored_type, help=f"(default: the model's, or {DEFAULT_TYPE})"
    )
    group.add_argument("--since", type=read_moment, help="learn from events since this date or time only")
    group.add_argument(
        "--matures-after",
        type=read_days,
        metavar="DAYS",
        help="days until labels are mature",
    )
    group.add_argument("--scores", type=read_new_file, help="write all scores to this Parquet file")
    group.add_argument("--markdown", action="store_true", help="print the means as a Markdown table")


def _add_contenders(group: Any) -> None:
    group.add_argument(
        "--recipe",
        type=read_named_file,
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="a recipe to compare with the default one; may be repeated",
    )
    group.add_argument(
        "--recipe-of",
        action="append",
        default=[],
        metavar="MODEL",
        help="a model whose recipe is compared too, trained anew on each fold; may be repeated",
    )
    group.add_argument(
        "--imbalance",
        action="store_true",
        help="compare the first recipe with each other treatment of imbalance",
    )


def read_named_file(text: str) -> tuple[str, Path]:
    """The name and the path in a text such as `deep=recipes/deep.yaml`."""
    name, _, path = text.partition("=")
    if not name.isidentifier() or not path:
        raise ArgumentTypeError(f"{text!r} is not a name and a file like deep=recipes/deep.yaml")
    return name, Path(path)
