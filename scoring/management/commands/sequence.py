"""`manage.py sequence`: sequence imported history in its lane."""

from argparse import ArgumentParser
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any

from django.core.management.base import BaseCommand

from scoring.catalog.registry import lanes
from scoring.errors import ScoringError
from scoring.management.bars import StepProgressBars
from scoring.management.outcomes import add_json_option, as_command_error, bad_argument, write_json
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
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        known = lanes()
        unknown = [name for name in options["lanes"] if name not in known]
        if unknown:
            raise bad_argument(f"Unknown lane {unknown[0]!r}; the lanes are: {', '.join(known)}")
        quiet = options["verbosity"] == 0
        try:
            done = [
                sequence_lane(lane, reorder=options["reorder"], quiet=quiet)
                for lane in options["lanes"] or known
            ]
        except ScoringError as error:
            raise as_command_error(error) from error
        if options["json"]:
            write_json(self.stdout, {"lanes": [asdict(each) for each in done]})
        else:
            self.stdout.write("\n".join(line for each in done for line in each.lines()))


@dataclass(frozen=True)
class SequencedLane:
    """What was done in a lane: the items of a new order, or the entries appended to the present one.

    `late_labels` became known before entries that the lane has already applied, `early_labels` after its last
    event; both wait.
    """

    lane: str
    items: int
    reordered: bool = False
    late_labels: int = 0
    early_labels: int = 0

    def lines(self) -> list[str]:
        """A readable report."""
        if self.reordered:
            return [f"lane {self.lane}: {self.items:,} items in a new order that includes the history"]
        lines = [f"lane {self.lane}: {self.items:,} entries of history sequenced"]
        if self.late_labels:
            lines.append(
                f"  {self.late_labels:,} labels became known before entries that the lane has already"
                f" applied; to insert them, run `manage.py sequence {self.lane} --reorder`"
            )
        if self.early_labels:
            lines.append(
                f"  {self.early_labels:,} labels became known after its last event and wait for later ones"
            )
        return lines


def sequence_lane(lane: str, *, reorder: bool, quiet: bool) -> SequencedLane:
    """Sequence a lane's pending history, with progress bars unless `quiet`."""
    waiting = waiting_history(lane)
    with nullcontext(NO_PROGRESS) if quiet else StepProgressBars() as watch:
        if reorder and (waiting.late_events or waiting.late_labels):
            rebuilt = reorder_lane(lane, reason=REASON, watch=watch)
            return SequencedLane(lane, rebuilt.items, reordered=True)
        count = sequence_history(lane, watch=watch)
    waiting = waiting_history(lane)
    return SequencedLane(
        lane,
        count,
        late_labels=waiting.late_labels,
        early_labels=waiting.labels - waiting.late_labels,
    )
