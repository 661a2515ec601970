"""`manage.py drift`: how far each champion's features, scores and senders are from training."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from monitoring.drift.champions import read_champions, read_reports, read_senders_of
from monitoring.drift.describing import describe_report
from monitoring.drift.groups.own_weeks import GroupDrift
from monitoring.drift.report import DriftReport
from monitoring.drift.words import drift_text, movement_text, sender_text
from scoring.management.arguments import read_scored_type
from scoring.management.outcomes import add_json_option, answer_is_no, write_json


class Command(BaseCommand):
    help = "Show the drift of each champion over the last day. Exits with 3 if none has drifted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--event-type", type=read_scored_type, help="only the champion of this type")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        now, wanted = timezone.now(), options["event_type"]
        versions = [each for each in read_champions() if wanted in (None, each.event_type)]
        reports = read_reports(versions, now=now)
        senders = {version.name: found for version, found in read_senders_of(versions, now=now)}
        found = [(report, senders.get(report.model, [])) for report in reports]
        if options["json"]:
            write_json(self.stdout, {"models": [describe_report(*each) for each in found]})
        else:
            self.stdout.write("\n".join(line for each in found for line in lines_of(*each)))
        if not any(report.is_far for report in reports):
            raise answer_is_no("no champion has drifted")


def lines_of(report: DriftReport, senders: list[GroupDrift]) -> Iterator[str]:
    """A model in words: a line for its drift, one for each feature that has drifted and each sender."""
    effect = f"effect {report.effect:.3f}, threshold {report.effect_threshold:.3f}"
    what = drift_text(report) if report.is_far else f"{report.model}: no drift that matters."
    yield f"{what} ({report.rows:,} decisions; {effect})"
    for each in report.moved:
        figures = f"PSI {each.drift.psi:.3f}, threshold {each.drift.threshold:.3f}"
        yield f"  {each.name} {movement_text(each)}: {figures}"
    yield from (f"  {sender_text(sender)}" for sender in senders if sender.changed)
