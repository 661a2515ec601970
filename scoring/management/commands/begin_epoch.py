"""`manage.py begin_epoch`: make a log that was restored from another database cluster readable and writable again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scoring.errors import LogAheadOfCluster
from scoring.log.epochs import begin_epoch, check_epoch


class Command(BaseCommand):
    help = "Begin a new epoch of the log, after a dump was restored into another cluster. Stop every writer first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--force",
            action="store_true",
            help="begin one although the log shows no sign of another cluster (its transaction ids all lie behind)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["force"] and not _is_ahead():
            raise CommandError(
                "the log belongs to this cluster: no transaction id lies ahead of it. After a restore into a cluster"
                " that has itself written more transactions, use --force."
            )
        epoch = begin_epoch(now=timezone.now())
        self.stdout.write(f"epoch {epoch.number} begins at position {epoch.first_position}")


def _is_ahead() -> bool:
    try:
        check_epoch()
    except LogAheadOfCluster:
        return True
    return False
