"""`manage.py sequence`: sequence imported history in its lane."""

from argparse import ArgumentParser
from contextlib import nullcontext
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scoring.catalog.registry import lanes
from scoring.errors import ScoringError
from scoring.management.bars import StepProgressBars
from scoring.progress import NO_PROGRESS
from scoring.states.history import sequence_history, waiting_history
from scoring.states.reorder import reorder_lane

REASON = "manage.py sequence --reorder"


class Command(BaseCommand):
    help = (
        "Sequence history imported with `ingest --history --no-sequence` in its lane, by the time at which"
        " each entry became known, and update the online states."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("lanes", nargs="*", metavar="LANE", help="default: all lanes with history")
        parser.add_argument(
            "--reorder",
            action="store_true",
            help="reorder a lane to insert history older than the entries already applied",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        known = lanes()
        unknown = [name for name in options["lanes"] if name not in known]
        if unknown:
            raise CommandError(f"Unknown lane {unknown[0]!r}; the lanes are: {', '.join(known)}")
        try:
            for lane in options["lanes"] or known:
                quiet = options["verbosity"] == 0
                for line in sequence_lane(lane, reorder=options["reorder"], quiet=quiet):
                    self.stdout.write(line)
        except ScoringError as error:
            raise CommandError(str(error)) from error


def sequence_lane(lane: str, *, reorder: bool, quiet: bool) -> list[str]:
    """Sequence a lane's pending history, with progress bars unless `quiet`. Returns lines of a report."""
    waiting = waiting_history(lane)
    with nullcontext(NO_PROGRESS) if quiet else StepProgressBars() as watch:
        if reorder and (waiting.late_events or waiting.late_labels):
            rebuilt = reorder_lane(lane, reason=REASON, watch=watch)
            return [f"lane {lane}: {rebuilt.items:,} items in a new order that includes the history"]
        count = sequence_history(lane, watch=watch)
    return [
        f"lane {lane}: {count:,} entries of history sequenced",
        *_late_label_lines(lane),
    ]


def _late_label_lines(lane: str) -> list[str]:
    waiting = waiting_history(lane)
    lines = []
    if waiting.late_labels:
        lines.append(
            f"  {waiting.late_labels:,} labels became known before entries that the lane has already applied;"
            f" to insert them, run `manage.py sequence {lane} --reorder`"
        )
    if ahead := waiting.labels - waiting.late_labels:
        lines.append(f"  {ahead:,} labels became known after its last event and wait for later ones")
    return lines
