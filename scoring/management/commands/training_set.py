"""`manage.py training_set`: write the training set as of a cut-off to a Parquet file."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scoring.errors import ScoringError
from scoring.learning.dataset.export import read_training_set, write_training_set
from scoring.learning.dataset.outliers import outlier_sentences
from scoring.learning.dataset.training_set import TrainingSet
from scoring.management.arguments import (
    integer,
    read_days,
    read_moment,
    read_new_file,
    read_scored_type,
)
from scoring.management.bars import StepProgressBars
from scoring.management.outcomes import add_json_option, answer_is_no, as_command_error, write_json


class Command(BaseCommand):
    help = (
        "Write a point-in-time training set: every event that was mature at the cut-off, with its features as"
        " of its decision and its label as of the cut-off."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--type",
            type=read_scored_type,
            default="payment",
            help="the event type (default: %(default)s)",
        )
        parser.add_argument("--as-of", type=read_moment, required=True, help="cut-off of events and labels")
        parser.add_argument("--since", type=read_moment, help="exclude events before this date or time")
        parser.add_argument(
            "--matures-after",
            type=read_days,
            metavar="DAYS",
            help="age in days from which an event's label counts as known (default: as in the catalog)",
        )
        parser.add_argument("--log-position", type=integer(), help="ignore log entries beyond this position")
        parser.add_argument(
            "--out",
            type=read_new_file,
            required=True,
            metavar="FILE.parquet",
            help="a path, or any fsspec URL",
        )
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["matures_after"]
        try:
            with StepProgressBars() as bar:
                data = read_training_set(
                    options["type"],
                    as_of=options["as_of"],
                    since=options["since"],
                    matures_after=None if days is None else timedelta(days=days),
                    log_position=options["log_position"],
                    watch=bar,
                )
                write_training_set(data, options["out"], watch=bar)
        except ScoringError as error:
            raise as_command_error(error) from error
        except OSError as error:
            raise CommandError(f"{options['out']} could not be written: {error}") from error
        if options["json"]:
            write_json(self.stdout, set_facts(data, options["out"]))
        else:
            self.stdout.write(describe_set(data, options["out"]))
        if not len(data.y):
            raise answer_is_no(f"{data.event_type}: no event was mature at the cut-off")


def set_facts(data: TrainingSet, out: str) -> dict[str, Any]:
    """The set as JSON values."""
    return {
        "event_type": data.event_type,
        "out": out,
        "rows": len(data.y),
        "features": data.X.shape[1],
        "positives": int(data.y.sum()),
        "inferred_negatives": int(data.inferred.sum()),
        "outliers": data.outliers.stored(),
    }


def describe_set(data: TrainingSet, out: str) -> str:
    """A readable summary of the set."""
    return (
        f"{len(data.y):,} mature {data.event_type} events with {data.X.shape[1]} features to {out}:"
        f" {int(data.y.sum()):,} positive, {int(data.inferred.sum()):,} inferred negative"
        + "".join(f"\nexcluded: {sentence}" for sentence in outlier_sentences(data.outliers.stored()))
    )
