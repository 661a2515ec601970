"""`manage.py model_card payment-1`: the card of a model version as Markdown or JSON."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.learning.cards.files import FORMATS, card_text
from scoring.learning.cards.reading import read_card
from scoring.management.outcomes import as_command_error


class Command(BaseCommand):
    help = "Print a model card: purpose, data, labels, metrics with intervals, limits, lineage and approval."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="a model name from `manage.py models`")
        parser.add_argument(
            "--format",
            choices=sorted(FORMATS),
            default="markdown",
            help="of the output (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            card = read_card(options["name"], now=timezone.now())
        except ScoringError as error:
            raise as_command_error(error) from error
        self.stdout.write(card_text(card, options["format"]), ending="")
