"""Notices of firing alerts: one for each cause, the most severe first, and not too many."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from monitoring.alerts.models import Alert
from monitoring.alerts.reading import AlertGroup
from monitoring.overview.alert_notices import MAX_ALERTS
from monitoring.overview.attention import notices
from tests.factories.log import NOW
from tests.unit.monitoring.overview.test_attention import QUIET


def alert(number: int = 1, **columns: Any) -> Alert:
    known = {
        "key": f"lanes.parked/{number:016}",
        "rule": "lanes.parked",
        "metric": "lanes.parked",
        "severity": "warning",
        "owner": "group/lead",
        "since": NOW - timedelta(minutes=7),
        "value": 3.0,
        "side": "above",
        "threshold": 0.0,
        "because": "Processing failed.",
    }
    return Alert(**(known | columns))


def test_a_firing_alert_says_what_since_when_why_and_whose() -> None:
    group = AlertGroup(alert(severity="critical"), members=[alert(2), alert(3)])
    (notice,) = notices(replace(QUIET, alerts=[group]))
    assert (notice.tone, notice.page, notice.arguments) == ("bad", "alert", ("lanes.parked", f"{1:016}"))
    assert notice.what == "Parked events: 3, above 0, since 7 min ago, with 2 others of the same cause."
    assert notice.do == "Processing failed. group/lead looks after it."


def test_many_alerts_are_counted_beyond_the_first() -> None:
    groups = [AlertGroup(alert(number)) for number in range(MAX_ALERTS + 3)]
    found = notices(replace(QUIET, alerts=groups))
    assert len(found) == MAX_ALERTS + 1
    assert (found[-1].what, found[-1].page) == ("3 more alerts fire.", "alerts")
