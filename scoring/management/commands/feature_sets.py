"""`manage.py feature_sets`: list feature sets."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from scoring.catalog.registry import scored_type
from scoring.errors import ScoringError
from scoring.learning.evaluation.report import set_lines
from scoring.learning.promotion.promote import previous_champion
from scoring.management.outcomes import as_command_error
from scoring.registry.feature_sets import list_feature_sets


class Command(BaseCommand):
    help = (
        "List the feature sets of event types: when each was declared, which models use it, whether this code"
        " contains it, and whether it may be removed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--event-type", help="only sets of this type")
        parser.add_argument("--features", action="store_true", help="also list the features of each set")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            name = options["event_type"]
            kind = None if name is None else scored_type(name)
        except ScoringError as error:
            raise as_command_error(error) from error
        uses = list_feature_sets(kind.name if kind else None)
        before = {name: previous_champion(name) for name in {use.event_type for use in uses}}
        self.stdout.write("\n".join(set_lines(uses, before=before, with_features=options["features"])))
