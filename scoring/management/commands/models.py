"""`manage.py models`: list model versions."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scoring.catalog.registry import scored_type
from scoring.errors import ScoringError
from scoring.learning.cards.artifacts import download_artifact
from scoring.learning.cards.differences import difference_lines
from scoring.learning.cards.versions import compare_versions
from scoring.learning.errors import NoModelYet
from scoring.learning.evaluation.report import described_versions, version_lines
from scoring.learning.promotion.stages import stages_of
from scoring.management.outcomes import add_json_option, as_command_error, bad_argument, write_json
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

        parser.add_argument(
            "--export",
            nargs=2,
            metavar=("NAME", "FILE"),
            help="instead of the list: write a model's artifact to a new file; recorded in the log",
        )
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["json"] and (options["compare"] or options["export"]):
            raise bad_argument("--json is for the list; it cannot be combined with --compare or --export")
        if options["compare"]:
            self.stdout.write("\n".join(lines_of_differences(*options["compare"])))
            return
        if options["export"]:
            name, file = options["export"]
            self.stdout.write(f"{file}: SHA-256 {export_artifact(name, Path(file))}")
            return
        versions, event_type = ModelVersion.objects.order_by("event_type", "number"), options["event_type"]
        if event_type is not None:
            versions = versions.filter(event_type=event_type)
        nothing = "" if versions else no_models(event_type)
        if nothing and not options["json"]:
            self.stdout.write(nothing)
            return
        numbers = {name: use.number for use in list_feature_sets() for name in use.models if use.number}
        stages = stages_of(versions)
        if options["json"]:
            described = described_versions(versions, stages=stages, sets=numbers)
            write_json(self.stdout, {"models": described})
        else:
            self.stdout.write("\n".join(version_lines(versions, stages=stages, sets=numbers)))


def lines_of_differences(before: str, after: str) -> list[str]:
    """What differs between two versions. Raises CommandError for an unknown model."""
    try:
        return difference_lines(before, after, compare_versions(before, after))
    except ScoringError as error:
        raise as_command_error(error) from error


def export_artifact(name: str, file: Path) -> str:
    """Write a model's artifact to a file that does not exist yet; its digest. Raises CommandError."""
    if file.exists():
        raise CommandError(f"{file} exists already; name a new file")
    try:
        artifact = download_artifact(name, actor="command/models", now=timezone.now())
        file.write_bytes(artifact.packed)
    except (ScoringError, OSError) as error:
        raise as_command_error(error) from error
    return artifact.digest


def no_models(event_type: str | None) -> str:
    """A message for an empty list. Raises CommandError for an event type that cannot have models."""
    if event_type is None:
        return "There are no models yet. Train one:  manage.py train"
    try:
        return str(NoModelYet(scored_type(event_type).name))
    except ScoringError as error:
        raise as_command_error(error) from error
