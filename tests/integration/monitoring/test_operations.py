"""The page Operations, its metrics, and counts of the last minutes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from monitoring.metrics.registry import metrics
from monitoring.models import MinuteWindow
from monitoring.windows.hourly import to_minute
from monitoring.windows.latency_histogram import bin_of
from scoring.signals import process_reports
from scoring.signals import redis_connections as connections
from scoring.signals.telemetry import read_recent, telemetry

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_counted(online_redis: redis.Redis) -> None:
    connections.client.cache_clear()
    telemetry.send()
    online_redis.flushdb()


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr("scoring.signals.telemetry.time.time", moment.timestamp)


def test_counts_of_a_burst_are_forgotten_after_the_minutes_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOW - timedelta(minutes=6))
    telemetry.observe("decide", 2.0, events=3)
    telemetry.send()
    at(monkeypatch, NOW)
    telemetry.observe("decide", 0.25, events=1)
    telemetry.add("decision", "payment", "allow", "model", "m")
    recent, hour = (read_recent(minutes, now=NOW.timestamp()) for minutes in (5, 60))
    assert (recent["events", "decide"], recent["seconds", "decide"]) == (1, 0.25)
    assert (hour["events", "decide"], hour["seconds", "decide"]) == (4, 2.25)
    assert not [series for series in hour if series[0] == "decision"]  # only some are counted by the minute


def test_minutes_are_forgotten_by_redis(online_redis: redis.Redis) -> None:
    telemetry.observe("decide", 0.1, events=1)
    telemetry.send()
    (key,) = online_redis.keys("assay:telemetry:*")
    assert 3_600 < online_redis.ttl(key) <= 65 * 60


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("op", password="a long password"))
    return client


def test_the_page_shows_what_is_late_and_refused(
    operator: Client, django_assert_max_num_queries: Any
) -> None:
    telemetry.observe("append", 0.004, events=7)
    telemetry.add("problem", "422", "invalid-event", count=3)
    process_reports.report(process_reports.WORKER, "lanes/host")
    with django_assert_max_num_queries(15):
        page = operator.get(reverse("admin:operations"))
    text = " ".join(page.content.decode().split())
    assert "7 events received in the last 5 minutes" in text
    assert "invalid-event" in text
    assert "workers of lanes" in text
    assert [each.name for each in page.context["readings"].lanes if each.name == "commerce"]
    assert page.context["advice"][0].tone == "good"


def test_the_page_is_there_without_redis(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr("monitoring.operations.readings.read_recent", away)
    page = operator.get(reverse("admin:operations"))
    assert page.context["advice"][0].what.startswith("Redis does not answer")


def test_metrics_observe_latency_lag_and_heartbeats() -> None:
    now = datetime.now(UTC)
    latency = [0] * bin_of(800_000) + [40]
    MinuteWindow.objects.create(
        event_type="payment", start=to_minute(now) - timedelta(minutes=2), latency=latency, decided_allow=40
    )
    process_reports.report(process_reports.WORKER, "media/host")
    found = {
        name: {tuple(each.scope.values()): each for each in metric.observe(now=now)}
        for name, metric in metrics().items()
        if name.startswith("operations.")
    }
    assert found["operations.latency_p99"][("payment",)].value == pytest.approx(0.8, rel=0.13)
    assert found["operations.latency_p99"][("payment",)].rows == 40
    assert found["operations.heartbeat_age"][("workers of media",)].value == pytest.approx(0, abs=5)
    assert found["operations.consumer_lag"][("monitoring.windows",)].value == 0
    assert found["operations.refused_share"][("422",)].value is None
