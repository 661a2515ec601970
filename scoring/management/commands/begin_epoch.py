"""`manage.py begin_epoch`: make a log restored from another cluster usable."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scoring.log.epochs import begin_epoch, check_epoch
from scoring.log.errors import LogAheadOfCluster


class Command(BaseCommand):
    help = "Begin a new epoch of the log after a restore into another cluster. Stop every writer first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--force",
            action="store_true",
            help="begin an epoch even if no transaction ID in the log is ahead of this cluster",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["force"] and not _is_ahead():
            raise CommandError(
                "No transaction ID in the log is ahead of this cluster, so no new epoch is needed."
                " Use --force to begin one anyway."
            )
        epoch = begin_epoch(now=timezone.now())
        self.stdout.write(f"Epoch {epoch.number} begins at position {epoch.first_position}.")


def _is_ahead() -> bool:
    try:
        check_epoch()
    except LogAheadOfCluster:
        return True
    return False
