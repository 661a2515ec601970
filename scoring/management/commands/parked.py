"""`manage.py parked`: list entries that could not be processed, and retry them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from scoring.lanes.models import Pending
from scoring.lanes.parked.retrying import retry_parked


class Command(BaseCommand):
    help = "List parked entries with their errors; with --retry, process them again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "positions", nargs="*", type=int, help="log positions (default: all parked entries)"
        )
        parser.add_argument("--retry", action="store_true", help="return them to their lanes")
        parser.add_argument("--reason", default="retried by command", help="stated in the log")

    def handle(self, *args: Any, **options: Any) -> None:
        parked = Pending.objects.filter(state=Pending.State.PARKED).order_by("position")
        if options["positions"]:
            parked = parked.filter(position__in=options["positions"])
        rows = list(parked)
        for row in rows:
            self.stdout.write(f"{row.position}  {row.lane}  {row.kind}  {row.event_stream}  {row.error}")
        if not rows:
            self.stdout.write("No entries are parked.")
        elif options["retry"]:
            retried = retry_parked(
                [row.position for row in rows],
                reason=options["reason"],
                actor="command/parked",
                now=timezone.now(),
            )
            self.stdout.write(f"{len(retried)} will be retried.")
