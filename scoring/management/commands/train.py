"""Train a model on the log: `manage.py train --event-type payment --as-of 2026-01-01`."""

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from scoring.catalog.registry import event_type
from scoring.decisions.lane_log import LaneHead, count_items_after
from scoring.errors import ScoringError
from scoring.learning.report import training_lines
from scoring.learning.runs import TrainingRequest, run_training
from scoring.learning.thresholds import ThresholdPolicy
from scoring.learning.training import TrainingConfig

DEFAULTS = TrainingConfig()


class Command(BaseCommand):
    help = "Train a model on everything the log held at a cut-off, and register it as a new version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--event-type", default="payment")
        parser.add_argument("--as-of", type=read_moment, help="cut-off of events and labels (default: now)")
        parser.add_argument(
            "--test-until", type=read_moment, help="judge on the events from the cut-off to here"
        )
        parser.add_argument(
            "--matures-after", type=float, metavar="DAYS", help="default: what the catalog says"
        )
        parser.add_argument(
            "--log-position", type=int, help="look at no entry of the log beyond this position"
        )
        parser.add_argument(
            "--shuffle-labels", action="store_true", help="train on chance (never promotable)"
        )
        parser.add_argument("--trees", type=int, default=DEFAULTS.trees, help="at most this many")
        parser.add_argument("--depth", type=int, default=DEFAULTS.depth)
        parser.add_argument("--learning-rate", type=float, default=DEFAULTS.learning_rate)
        parser.add_argument("--seed", type=int, default=DEFAULTS.seed)
        parser.add_argument("--threads", type=int, default=DEFAULTS.threads, help="part of the recipe")
        parser.add_argument("--thresholds", type=read_thresholds, default={}, metavar="review=0.1,block=0.9")
        parser.add_argument("--reviews-a-day", type=int, default=DEFAULTS.policy.reviews_a_day)
        parser.add_argument("--block-precision", type=float, default=DEFAULTS.policy.block_precision)

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        request = TrainingRequest(
            event_type=options["event_type"],
            as_of=options["as_of"] or now,
            test_until=options["test_until"],
            matures_after=timedelta(days=options["matures_after"])
            if options["matures_after"] is not None
            else None,
            log_position=options["log_position"],
            shuffled=options["shuffle_labels"],
        )
        try:
            with BarOfSteps() as bar:
                run = run_training(
                    request, config=read_config(options), actor="command/train", now=now, watch=bar
                )
        except ScoringError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(training_lines(run)))
        if request.shuffled:
            self.stdout.write("\nTrained on shuffled labels: it cannot be promoted.")
        else:
            self.stdout.write(f"\nLet it decide:  manage.py promote {run.name}{force_if_needed(run.checks)}")


def force_if_needed(checks: Sequence[Mapping[str, Any]]) -> str:
    """The option that promotes a model in spite of its gate, where that is what it takes."""
    return "" if all(check["passed"] for check in checks) else ' --force "why it may decide all the same"'


def read_config(options: dict[str, Any]) -> TrainingConfig:
    """The configuration the command line asks for."""
    return TrainingConfig(
        trees=options["trees"],
        depth=options["depth"],
        learning_rate=options["learning_rate"],
        seed=options["seed"],
        threads=options["threads"],
        policy=ThresholdPolicy(
            reviews_a_day=options["reviews_a_day"], block_precision=options["block_precision"]
        ),
        stated_thresholds=tuple(sorted(options["thresholds"].items())),
    )


def read_moment(text: str) -> datetime:
    """A date or time on the command line; UTC unless it says otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date or time like 2026-01-31") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_thresholds(text: str) -> dict[str, float]:
    """{"review", "block"} out of `review=0.1,block=0.9`."""
    try:
        pairs = {name.strip(): float(value) for name, value in (part.split("=") for part in text.split(","))}
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not like review=0.1,block=0.9") from error
    if not pairs.keys() <= {"review", "block"} or not all(0 <= value <= 1 for value in pairs.values()):
        raise argparse.ArgumentTypeError("thresholds are review and block, each from 0 to 1")
    if pairs.get("review", 0.0) > pairs.get("block", 1.0):
        raise argparse.ArgumentTypeError("review must not lie above block")
    return pairs


class BarOfSteps:
    """A bar on the terminal for each step of a run, one after the other."""

    def __enter__(self) -> "BarOfSteps":
        self._bar = tqdm(leave=False)
        return self

    def __exit__(self, *ended: object) -> None:
        self._bar.close()

    def begin(self, step: str, *, total: int | None = None) -> None:
        self._bar.close()
        self._bar = tqdm(total=total, desc=step, leave=False)

    def advance(self, count: int) -> None:
        self._bar.update(count)


def progress_bar(event_type_name: str) -> "tqdm[Any]":
    """A bar over the items of the type's lane."""
    total = count_items_after(LaneHead(event_type(event_type_name).lane))
    return tqdm(total=total, unit=" items", desc="reading the lane", leave=False)
