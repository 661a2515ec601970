"""Notices of firing alerts: one for each cause, the most severe first, and not too many."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitoring.alerts.models import Alert
from monitoring.alerts.reading import AlertGroup
from monitoring.metrics.registry import metrics
from monitoring.overview import deciding_notices
from monitoring.overview.alert_notices import MAX_ALERTS
from monitoring.overview.attention import notices
from monitoring.overview.facts import PendingEvents
from scoring.log.consumers.status import ConsumerHealth
from tests.factories.log import NOW
from tests.unit.monitoring.overview.test_attention import QUIET, WELL


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


def test_a_fact_with_an_alert_has_no_notice_of_its_own() -> None:
    parked = replace(QUIET, pending=PendingEvents(ready=0, oldest=None, parked=3))
    [own] = notices(parked)
    assert own.page == "scoring_pending_changelist"
    [alerted] = notices(replace(parked, alerts=[AlertGroup(alert())]))
    assert alerted.page == "alert"
    other = AlertGroup(alert(metric="lanes.pending_age"))
    assert len(notices(replace(parked, alerts=[other]))) == 2


def test_a_fact_is_that_of_an_alert_only_within_its_scope() -> None:
    stopped = ConsumerHealth("reviews.cases", error="KeyError", failed_position=None, ran_at=NOW, lag=0)
    facts = replace(QUIET, consumers=[WELL, stopped])

    def pages(consumer: str) -> list[str]:
        found = alert(metric="log.stopped_consumers", scope={"consumer": consumer})
        return [notice.page for notice in notices(replace(facts, alerts=[AlertGroup(found)]))]

    assert pages("reviews.cases") == ["alert"]
    assert pages("monitoring.windows") == ["", "alert"]


def test_a_fact_of_an_alert_that_is_one_of_a_group_has_no_notice_of_its_own() -> None:
    facts = replace(QUIET, pending=PendingEvents(ready=0, oldest=None, parked=3))
    group = AlertGroup(alert(metric="log.stopped_consumers", scope={"consumer": "a"}), members=[alert(2)])
    assert [notice.page for notice in notices(replace(facts, alerts=[group]))] == ["alert"]


def test_metrics_that_notices_name_exist() -> None:
    """A renamed metric would show its fact twice."""
    source = Path(deciding_notices.__file__).parent
    named = {
        name
        for path in source.glob("*_notices.py")
        for found in re.findall(r"Measured\(\s*\(([^)]*)\)", path.read_text())
        for name in re.findall(r'"([^"]+)"', found)
    }
    assert len(named) >= 10
    assert named <= set(metrics())
