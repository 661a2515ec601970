"""`manage.py alerts`: the alerts that fire, and with `check` what their rules find now."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from monitoring.alerts.evaluation.evaluate import evaluate_alerts
from monitoring.alerts.reading import AlertGroup, alerts_of, describe_alert, firing_groups, is_in_hand
from monitoring.alerts.words import headline
from scoring.admin_kit.formatting import ago_text
from scoring.management.outcomes import add_json_option, answer_is_no, write_json


class Command(BaseCommand):
    help = "List the alerts that fire. Exits with 3 if one does that no person looks after."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "do",
            nargs="?",
            choices=("list", "check"),
            default="list",
            help="list (the default), or evaluate the rules first, as the schedule does",
        )
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["do"] == "check":
            evaluate_alerts(now=now)
        groups = firing_groups()
        if options["json"]:
            write_json(self.stdout, {"alerts": [describe_alert(each, now=now) for each in alerts_of(groups)]})
        else:
            self.stdout.write("\n".join(lines_of(groups, now=now)) or "no alert fires")
        if any(not is_in_hand(each, now=now) for each in alerts_of(groups)):
            raise answer_is_no("an alert fires")


def lines_of(groups: list[AlertGroup], *, now: datetime) -> Iterator[str]:
    """Each alert in a line, those of one cause below the first."""
    for group in groups:
        for indent, alert in (("", group.alert), *(("  ", member) for member in group.members)):
            in_hand = " (in hand)" if is_in_hand(alert, now=now) else ""
            yield f"{indent}{alert.severity}: {headline(alert)}, since {ago_text(alert.since, now)}{in_hand}"
