"""`manage.py train --event-type payment --as-of 2026-01-01`: train a model on the log."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.learning.evaluation.report import training_lines
from scoring.learning.training.recipe import ThresholdPolicy, TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.management.arguments import (
    integer,
    number,
    read_days,
    read_moment,
    read_scored_type,
    read_thresholds,
)
from scoring.management.bars import StepProgressBars

DEFAULTS = TrainingConfig()


class Command(BaseCommand):
    help = "Train a model on the log as of a cut-off, and register it as a new version."

    def add_arguments(self, parser: CommandParser) -> None:
        _add_data(parser.add_argument_group("data"))
        _add_model(parser.add_argument_group("model"))
        _add_thresholds(parser.add_argument_group("thresholds"))

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        days = options["matures_after"]
        request = TrainingRequest(
            event_type=options["event_type"],
            as_of=now if options["as_of"] is None else options["as_of"],
            test_until=options["test_until"],
            matures_after=None if days is None else timedelta(days=days),
            log_position=options["log_position"],
            shuffled=options["shuffle_labels"],
            since=options["since"],
        )
        try:
            with StepProgressBars() as bar:
                run = run_training(
                    request, config=read_config(options), actor="command/train", now=now, watch=bar
                )
        except ScoringError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(training_lines(run)))
        if request.shuffled:
            self.stdout.write("\nTrained on shuffled labels: it cannot be promoted.")
        else:
            self.stdout.write(f"\nPromote it:  manage.py promote {run.name}{force_if_needed(run.checks)}")


def force_if_needed(checks: Sequence[Mapping[str, Any]]) -> str:
    """The option needed to promote a model despite failed checks; "" if all passed."""
    return "" if all(check["passed"] for check in checks) else ' --force "reason"'


def read_config(options: dict[str, Any]) -> TrainingConfig:
    """The training configuration from the command line."""
    return TrainingConfig(
        trees=options["trees"],
        depth=options["depth"],
        learning_rate=options["learning_rate"],
        seed=options["seed"],
        threads=options["threads"],
        policy=ThresholdPolicy(
            reviews_a_day=options["reviews_a_day"], block_precision=options["block_precision"]
        ),
        explicit_thresholds=tuple(sorted(options["thresholds"].items())),
    )


def _add_data(group: Any) -> None:
    group.add_argument(
        "--event-type",
        type=read_scored_type,
        default="payment",
        help="the event type (default: %(default)s)",
    )
    group.add_argument("--as-of", type=read_moment, help="cut-off of events and labels (default: now)")
    group.add_argument("--since", type=read_moment, help="exclude events before this date or time")
    group.add_argument(
        "--test-until", type=read_moment, help="test on the events from the cut-off to this date or time"
    )
    group.add_argument(
        "--matures-after",
        type=read_days,
        metavar="DAYS",
        help="age in days from which an event's label counts as known (default: as in the catalog)",
    )
    group.add_argument("--log-position", type=integer(), help="ignore log entries beyond this position")
    group.add_argument(
        "--shuffle-labels", action="store_true", help="train on shuffled labels (never promotable)"
    )


def _add_model(group: Any) -> None:
    group.add_argument(
        "--trees",
        type=integer(minimum=1, maximum=5_000),
        default=DEFAULTS.trees,
        help="maximum number of trees (default: %(default)s)",
    )
    group.add_argument(
        "--depth",
        type=integer(minimum=1, maximum=12),
        default=DEFAULTS.depth,
        help="maximum depth of a tree (default: %(default)s)",
    )
    group.add_argument(
        "--learning-rate",
        type=number(exclusive=True, maximum=1),
        default=DEFAULTS.learning_rate,
        help="XGBoost's learning rate (default: %(default)s)",
    )
    group.add_argument(
        "--seed",
        type=integer(maximum=2**31 - 1),
        default=DEFAULTS.seed,
        help="seed of the random samples (default: %(default)s)",
    )
    group.add_argument(
        "--threads",
        type=integer(minimum=1, maximum=256),
        default=DEFAULTS.threads,
        help="threads of XGBoost; they affect the artifact's hash (default: %(default)s)",
    )


def _add_thresholds(group: Any) -> None:
    group.add_argument(
        "--thresholds",
        type=read_thresholds,
        default={},
        metavar="review=0.1,block=0.9",
        help="scores from which events are reviewed or blocked (default: chosen by the next two options)",
    )
    group.add_argument(
        "--reviews-a-day",
        type=integer(),
        default=DEFAULTS.policy.reviews_a_day,
        help="review capacity per day (default: %(default)s)",
    )
    group.add_argument(
        "--block-precision",
        type=number(exclusive=True, maximum=1),
        default=DEFAULTS.policy.block_precision,
        help="minimum precision of blocks (default: %(default)s)",
    )
