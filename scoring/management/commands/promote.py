"""`manage.py promote payment-1`: approve a model and make it the champion."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.learning.promotion.gate import approve
from scoring.learning.promotion.promote import newest_promotable, promote
from scoring.management.arguments import read_scored_type, read_words
from scoring.management.outcomes import add_json_option, as_command_error, write_json
from scoring.registry.model_versions import champion_of, find_version
from scoring.registry.models import ModelVersion


class Command(BaseCommand):
    help = (
        "Approve a model, unless it already is, and make it the champion of its event type."
        " Running workers use it from their next batch on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("name", nargs="?", help="a model name from `manage.py models`")
        which.add_argument("--event-type", type=read_scored_type, help="promote its newest promotable model")
        parser.add_argument(
            "--actor",
            type=read_words,
            default="command/promote",
            help="recorded as the author (default: %(default)s)",
        )
        parser.add_argument(
            "--force",
            type=read_words,
            metavar="REASON",
            help="approve despite failed checks; the reason is logged",
        )
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            name = options["name"]
            if name is None:
                name = newest_promotable(options["event_type"])
            before = champion_of(find_version(name).event_type)
            approve_candidate(name, actor=options["actor"], reason=options["force"], now=now)
            entry = promote(name, actor=options["actor"], now=now)
        except ScoringError as error:
            raise as_command_error(error) from error
        event_type = entry.data["event_type"]
        if options["json"]:
            result = {"event_type": event_type, "champion": name, "previous": before}
            write_json(self.stdout, result | {"route": entry.stream_version})
        else:
            self.stdout.write(f"{name} is now the champion of {event_type}.")


def approve_candidate(name: str, *, actor: str, reason: str | None, now: datetime) -> None:
    """Approve the model unless it is approved; with a reason, even despite failed checks."""
    if find_version(name).status != ModelVersion.Status.APPROVED:
        approve(name, actor=actor, note=reason or "", forced=reason is not None, now=now)
