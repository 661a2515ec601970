"""List model versions: `manage.py models`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from scoring.learning.feature_sets import list_feature_sets
from scoring.learning.models import ModelVersion
from scoring.learning.report import version_lines
from scoring.learning.stages import standings


class Command(BaseCommand):
    help = "List model versions with their test metrics, what the gate found, and what each one does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--event-type", help="only models of this type")

    def handle(self, *args: Any, **options: Any) -> None:
        versions = ModelVersion.objects.order_by("event_type", "number")
        if options["event_type"]:
            versions = versions.filter(event_type=options["event_type"])
        if not versions:
            self.stdout.write("There are no models yet. Train one:  manage.py train")
            return
        numbers = {name: use.number for use in list_feature_sets() for name in use.models if use.number}
        self.stdout.write("\n".join(version_lines(versions, stood=standings(versions), sets=numbers)))
