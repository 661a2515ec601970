"""`manage.py evaluate --model payment-1 --from DATE --to DATE`: evaluate a model on labeled events."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.learning.evaluation.evaluate import run_evaluation
from scoring.learning.evaluation.report import evaluation_lines
from scoring.management.arguments import integer, read_moment
from scoring.management.bars import StepProgressBars


class Command(BaseCommand):
    help = "Evaluate a model on the mature events of a period, with the labels known now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--model", required=True, help="a model name from `manage.py models`")
        parser.add_argument(
            "--from", dest="since", type=read_moment, required=True, help="start of the events' time range"
        )
        parser.add_argument(
            "--to", dest="until", type=read_moment, required=True, help="end of the time range, exclusive"
        )
        parser.add_argument(
            "--against", choices=["logistic"], help="baseline to fit on the same rows and compare"
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

    def handle(self, *args: Any, **options: Any) -> None:
        if options["since"] >= options["until"]:
            raise CommandError("--from must be before --to")
        try:
            with StepProgressBars() as bar:
                evaluation = run_evaluation(
                    options["model"],
                    since=options["since"],
                    until=options["until"],
                    now=timezone.now(),
                    against_logistic=options["against"] == "logistic",
                    samples=options["bootstrap"],
                    threads=options["threads"],
                    watch=bar,
                )
        except ScoringError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(evaluation_lines(options["model"], evaluation)))
