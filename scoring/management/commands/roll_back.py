"""`manage.py roll_back --event-type payment`: restore the previous champion."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.learning.promotion.promote import roll_back
from scoring.management.arguments import read_scored_type, read_words
from scoring.management.outcomes import add_json_option, as_command_error, write_json
from scoring.registry.model_versions import champion_of


class Command(BaseCommand):
    help = "Make the previous champion of an event type its champion again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--event-type", type=read_scored_type, required=True, help="the event type")
        parser.add_argument(
            "--actor",
            type=read_words,
            default="command/roll_back",
            help="recorded as the author (default: %(default)s)",
        )
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        event_type = options["event_type"]
        before = champion_of(event_type)
        try:
            entry = roll_back(event_type, actor=options["actor"], now=timezone.now())
        except ScoringError as error:
            raise as_command_error(error) from error
        champion = champion_of(event_type)
        if options["json"]:
            result = {"event_type": event_type, "champion": champion, "previous": before}
            write_json(self.stdout, result | {"route": entry.stream_version})
        else:
            self.stdout.write(f"{champion} is the champion of {event_type} again.")
