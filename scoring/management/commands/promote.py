"""Let a model decide: `manage.py promote payment-1`."""

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.learning.registry import newest_promotable, promote


class Command(BaseCommand):
    help = "Make a model the champion of its event type. Running workers take it up with their next batch."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("name", nargs="?", help="a name that `manage.py models` lists")
        which.add_argument("--event-type", help="the newest promotable model of this type")
        parser.add_argument(
            "--actor", default="", help="who decided it (default: the account that runs this)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        actor = options["actor"] or getpass.getuser()
        try:
            name = options["name"] or newest_promotable(options["event_type"])
            entry = promote(name, actor=actor, now=timezone.now())
        except ScoringError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{name} decides {entry.data['event_type']} from now on.")
