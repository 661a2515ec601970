"""Brings the investigation console's store up to date with the log."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from reviews.investigation.store.following import (
    empty_store,
    follow_log,
    investigation_store,
    tidy,
)


class Command(BaseCommand):
    help = "Update the store that the investigation console queries (ASSAY_INVESTIGATION_URL) from the log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--anew", action="store_true", help="write it from the log's beginning")

    def handle(self, *args: Any, **options: Any) -> None:
        now, store = timezone.now(), investigation_store()
        followed = None
        if not options["anew"] or empty_store(store):
            followed = follow_log(store, now=now)
        if followed is None:
            raise CommandError("Another process is writing the store. Try again when it has ended.")
        tidy(store, now=now)
        rows = store.manifest().rows("decided")
        self.stdout.write(f"{followed.entries:,} new entries. The store holds {rows:,} decisions.")
