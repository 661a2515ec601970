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


def test_metrics_observe_lag_heartbeats_and_refusals() -> None:
    now = datetime.now(UTC)
    process_reports.report(process_reports.WORKER, "media/host")
    found = {
        name: {tuple(each.scope.values()): each for each in metric.observe(now=now)}
        for name, metric in metrics().items()
        if name.startswith("operations.")
    }
    assert found["operations.heartbeat_age"][("workers of media",)].value == pytest.approx(0, abs=5)
    assert found["operations.consumer_lag"][("monitoring.windows",)].value == 0
    assert found["operations.refused_share"][("422",)].value is None


def test_the_latency_of_a_type_is_that_of_the_last_full_minutes(operator: Client) -> None:
    now = datetime.now(UTC)
    for ago, latency_us in ((2, 800_000), (30, 90_000_000)):
        latency = [0] * bin_of(latency_us) + [40]
        start = to_minute(now) - timedelta(minutes=ago)
        MinuteWindow.objects.create(event_type="payment", start=start, latency=latency, decided_allow=40)
    page = operator.get(reverse("admin:operations"))
    (payment,) = (each for each in page.context["readings"].latencies if each.event_type == "payment")
    assert payment.decisions == 40
    assert payment.p99 == pytest.approx(800, rel=0.13)
    assert "took longer than" in page.context["advice"][0].what
