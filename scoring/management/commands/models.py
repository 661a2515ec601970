"""`manage.py models`: list model versions."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scoring.catalog.registry import scored_type
from scoring.errors import ScoringError
from scoring.learning.cards.differences import difference_lines
from scoring.learning.cards.versions import compare_versions
from scoring.learning.errors import NoModelYet
from scoring.learning.evaluation.report import version_lines
from scoring.learning.promotion.stages import stages_of
from scoring.registry.feature_sets import list_feature_sets
from scoring.registry.models import ModelVersion


class Command(BaseCommand):
    help = "List model versions with their test metrics, the gate's results and their stages."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--event-type", help="only models of this type")
        parser.add_argument(
            "--compare",
            nargs=2,
            metavar=("A", "B"),
            help="instead of the list: how two models differ in recipe, features, data, metrics and code",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["compare"]:
            self.stdout.write("\n".join(lines_of_differences(*options["compare"])))
            return
        versions, event_type = ModelVersion.objects.order_by("event_type", "number"), options["event_type"]
        if event_type is not None:
            versions = versions.filter(event_type=event_type)
        if not versions:
            self.stdout.write(no_models(event_type))
            return
        numbers = {name: use.number for use in list_feature_sets() for name in use.models if use.number}
        self.stdout.write("\n".join(version_lines(versions, stages=stages_of(versions), sets=numbers)))


def lines_of_differences(before: str, after: str) -> list[str]:
    """What differs between two versions. Raises CommandError for an unknown model."""
    try:
        return difference_lines(before, after, compare_versions(before, after))
    except ScoringError as error:
        raise CommandError(str(error)) from error


def no_models(event_type: str | None) -> str:
    """A message for an empty list. Raises CommandError for an event type that cannot have models."""
    if event_type is None:
        return "There are no models yet. Train one:  manage.py train"
    try:
        return str(NoModelYet(scored_type(event_type).name))
    except ScoringError as error:
        raise CommandError(str(error)) from error
