"""`manage.py performance`: measure models, labels and business now, as schedules do, and show the models."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from monitoring.business.refreshing import refresh_business
from monitoring.labels.computing import measure_labels
from monitoring.models import ModelPerformance, PerformanceWeek
from monitoring.performance.computing import measure_performance
from monitoring.performance.watched import WatchedModel
from monitoring.performance.words import BLIND, concept_text, verdict_of
from scoring.management.outcomes import add_json_option, write_json
from scoring.registry.model_versions import find_version

SHOWN = ("model", "event_type", "since", "until", "decided", "events", "positives", "unknown", "promised")
SHOWN_OF_WEEKS = (
    *("start", "decided", "events", "positives", "matured", "realized", "estimated", "adapted"),
    *("segments", "days"),
)


class Command(BaseCommand):
    help = "Measure models, the coverage of labels and business figures now, and show how models perform."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        names = measure_performance(now=now)
        measure_labels(now=now)
        refresh_business(now=now)
        found = [ModelPerformance.objects.get(pk=name) for name in names]
        if options["json"]:
            write_json(self.stdout, {"models": [as_data(each) for each in found]})
        else:
            self.stdout.write("\n".join(line for each in found for line in lines_of(each)) or "No model.")


def as_data(found: ModelPerformance) -> dict[str, Any]:
    """A model's figures as JSON values, with those of its weeks."""
    weeks = PerformanceWeek.objects.filter(model=found.model).order_by("start")
    values = {name: getattr(found, name) for name in (*SHOWN, "realized", "loss", "concept", "segments")}
    return {**values, "weeks": list(weeks.values(*SHOWN_OF_WEEKS))}


def lines_of(found: ModelPerformance) -> Iterator[str]:
    """A model in words: its verdict, and whether its concept has drifted."""
    model = WatchedModel(find_version(found.model))
    verdict = verdict_of(found, maturity=model.maturity, trained_at=model.version.trained_at)
    yield f"{found.model}: {verdict.text}"
    if concept := concept_text(found):
        yield f"  {concept.text}"
    if not found.realized:
        yield f"  {BLIND}"
