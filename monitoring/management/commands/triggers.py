"""`manage.py triggers`: what the retraining triggers find, and with `--train` the trainings that are due."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from monitoring.triggers.checking import ACTOR, CheckedType, check_type, judge_type
from monitoring.triggers.words import TITLES, reading_text
from scoring.catalog.registry import scored_types
from scoring.learning.models import TrainingJob
from scoring.management.arguments import read_scored_type
from scoring.management.outcomes import add_json_option, answer_is_no, write_json


class Command(BaseCommand):
    help = (
        "Show what the retraining triggers of each event type find now. Exits with 3 if no training is due."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--event-type", type=read_scored_type, help="only triggers of this type")
        parser.add_argument(
            "--train", action="store_true", help="request the trainings that are due, as the schedule does"
        )
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        check = check_type if options["train"] else judge_type
        names = [options["event_type"]] if options["event_type"] else scored_types()
        found = [check(name, now=timezone.now()) for name in names]
        if options["json"]:
            write_json(self.stdout, {"event_types": [as_data(each) for each in found]})
        else:
            self.stdout.write("\n".join(line for each in found for line in lines_of(each)))
        if all(each.why_not for each in found):
            raise answer_is_no("no training is due")


def as_data(found: CheckedType) -> dict[str, Any]:
    """A check as JSON values, with the last training that a trigger requested."""
    triggered = TrainingJob.objects.filter(event_type=found.event_type, requested_by__startswith=ACTOR)
    last = triggered.order_by("-number").values("number", "state", "requested_at", "model", "trigger").first()
    return {
        "event_type": found.event_type,
        "champion": found.model or None,
        "readings": [{**each.as_data(), "text": reading_text(each.as_data())} for each in found.readings],
        "reached": found.reached.trigger if found.reached else None,
        "training": found.training,
        "why_not": found.why_not,
        "last_triggered": last,
    }


def lines_of(found: CheckedType) -> Iterator[str]:
    """A check in words: the event type with the result, then a line for each trigger."""
    yield f"{found.event_type} ({found.model or 'no champion'}): {result_text(found)}"
    for each in found.readings:
        yield f"  {TITLES[each.trigger]}, {each.state}: {reading_text(each.as_data())}"


def result_text(found: CheckedType) -> str:
    if found.training is not None:
        return f"requested training {found.training}"
    return f"no training: {found.why_not}" if found.why_not else "a training is due"
