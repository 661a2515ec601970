"""`manage.py sequence`: history that waits gets its place in the order of its lane."""

from argparse import ArgumentParser
from contextlib import nullcontext
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scoring.catalog.registry import lanes
from scoring.errors import ScoringError
from scoring.management.bars import BarOfSteps
from scoring.progress import UNWATCHED
from scoring.states.history import sequence_history, waiting_history
from scoring.states.reorder import reorder_lane

REASON = "manage.py sequence --reorder"


class Command(BaseCommand):
    help = (
        "Give history that was taken in with `ingest --history --no-sequence` its place in the order of its"
        " lane, by when each thing became known, and bring the online states up to it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("lanes", nargs="*", metavar="LANE", help="default: all lanes with history")
        parser.add_argument(
            "--reorder",
            action="store_true",
            help="give history older than what a lane has applied its place in a new order",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        known = lanes()
        unknown = [name for name in options["lanes"] if name not in known]
        if unknown:
            raise CommandError(f"there is no lane {unknown[0]!r}; there are: {', '.join(known)}")
        try:
            for lane in options["lanes"] or known:
                quiet = options["verbosity"] == 0
                for line in sequence_lane(lane, reorder=options["reorder"], quiet=quiet):
                    self.stdout.write(line)
        except ScoringError as error:
            raise CommandError(str(error)) from error


def sequence_lane(lane: str, *, reorder: bool, quiet: bool) -> list[str]:
    """Sequence a lane's waiting history, with a bar for each step unless `quiet`; what to say of it."""
    waiting = waiting_history(lane)
    with nullcontext(UNWATCHED) if quiet else BarOfSteps() as watch:
        if reorder and (waiting.late_events or waiting.late_labels):
            rebuilt = reorder_lane(lane, reason=REASON, watch=watch)
            return [f"lane {lane}: {rebuilt.items:,} items in a new order, history at its place"]
        count = sequence_history(lane, watch=watch)
    return [
        f"lane {lane}: {count:,} entries of history have their place in the order",
        *_said_of_labels(lane),
    ]


def _said_of_labels(lane: str) -> list[str]:
    waiting = waiting_history(lane)
    lines = []
    if waiting.late_labels:
        lines.append(
            f"  {waiting.late_labels:,} labels became known before what the lane has applied; they wait, and"
            f" `manage.py sequence {lane} --reorder` gives them their place in the past"
        )
    if ahead := waiting.labels - waiting.late_labels:
        lines.append(f"  {ahead:,} labels became known after its last event and wait for later ones")
    return lines
