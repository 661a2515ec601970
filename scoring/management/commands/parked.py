"""`manage.py parked`: list entries that could not be processed, and retry them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from scoring.lanes import queue as pending
from scoring.lanes.models import Pending
from scoring.signals import lane_notifications


class Command(BaseCommand):
    help = "List parked entries with their errors; with --retry, process them again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "positions", nargs="*", type=int, help="log positions (default: all parked entries)"
        )
        parser.add_argument("--retry", action="store_true", help="return them to their lanes")

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
            count = pending.unpark([row.position for row in rows])
            lane_notifications.notify_lanes({row.lane for row in rows})
            self.stdout.write(f"{count} will be retried.")
