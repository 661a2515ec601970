"""`manage.py alerts`: the alerts that fire, and with `check` what their rules find now."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from monitoring.alerts.evaluation.evaluate import evaluate_alerts
from monitoring.alerts.models import Alert
from monitoring.alerts.reading import AlertGroup, firing_groups, is_in_hand
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
            write_json(self.stdout, {"alerts": [as_data(each, now=now) for each in alerts_of(groups)]})
        else:
            self.stdout.write("\n".join(lines_of(groups, now=now)) or "no alert fires")
        if any(not is_in_hand(each, now=now) for each in alerts_of(groups)):
            raise answer_is_no("an alert fires")


def alerts_of(groups: list[AlertGroup]) -> list[Alert]:
    return [alert for group in groups for alert in (group.alert, *group.members)]


def as_data(alert: Alert, *, now: datetime) -> dict[str, Any]:
    """A firing alert as JSON values."""
    names = ("key", "rule", "metric", "scope", "severity", "owner", "value", "low", "high", "rows", "side")
    more = ("threshold", "since", "fired_at", "because", "parent", "flapping", "runbook")
    told = ("acknowledged_by", "acknowledged_at", "snoozed_until")
    found = {name: getattr(alert, name) for name in (*names, *more, *told)}
    return {**found, "in_hand": is_in_hand(alert, now=now)}


def lines_of(groups: list[AlertGroup], *, now: datetime) -> Iterator[str]:
    """Each alert in a line, those of one cause below the first."""
    for group in groups:
        for indent, alert in (("", group.alert), *(("  ", member) for member in group.members)):
            in_hand = " (in hand)" if is_in_hand(alert, now=now) else ""
            yield f"{indent}{alert.severity}: {headline(alert)}, since {ago_text(alert.since, now)}{in_hand}"
