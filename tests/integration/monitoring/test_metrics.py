"""/metrics: who may read it, and that everything is counted once, whichever process counted it."""

from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from scoring.decisions.failure_policy import decide_without_lane
from scoring.intake import admission
from scoring.intake.errors import LaneBehind
from scoring.intake.receive import receive_events
from scoring.log.read import read_stream
from scoring.runner.worker_loop import work_lane
from scoring.signals import redis_connections as connections
from scoring.signals.telemetry import BUCKETS, KEY, Telemetry, read_counts, telemetry
from tests.factories.payments import payments

pytestmark = pytest.mark.django_db(transaction=True)

LANE = "commerce"
BULK = ("bulk", LANE, "ready")


@pytest.fixture(autouse=True)
def nothing_counted(online_redis: redis.Redis) -> None:
    connections.client.cache_clear()
    telemetry.send()
    online_redis.flushdb()


def receive(count: int, start: int = 0) -> list[Any]:
    return receive_events(payments(count, start=start), source="shop", now=datetime.now(UTC))


def scrape(client: Client, **headers: str) -> dict[tuple[str, ...], float]:
    """Samples by name and the values of their labels, in the order of the labels' names."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.content
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_events_are_counted_once_at_each_stage(client, monkeypatch):
    monkeypatch.setattr("scoring.signals.lane_notifications.send_task", lambda lane: "")
    receive(5)
    work_lane(LANE, linger=0.01)
    for _ in range(2):  # looking does not count
        seen = scrape(client)
        stages = ("append", "notify", "claim", "sequence", "decide", "persist", "states", "wake")
        assert [seen["assay_stage_events_total", stage] for stage in stages] == [5] * len(stages)
        assert [seen["assay_stage_seconds_count", stage] for stage in stages] == [1] * len(stages)
        assert seen["assay_decisions_total", "no_model", "payment", "", "review"] == 5


def test_entries_too_late_for_every_window_are_counted_by_entity(client, monkeypatch):
    monkeypatch.setattr("scoring.signals.lane_notifications.send_task", lambda lane: "")
    now = datetime.now(UTC)
    [first] = payments(1)
    [late] = payments(1, start=1, card="c-late", occurred_at="2025-11-01T00:00:00Z")
    [fresh] = payments(1, start=2, card="c-late")
    for each in (first, fresh, late):
        receive_events([each], source="shop", now=now)
        work_lane(LANE, linger=0.01)
    assert scrape(client)["assay_too_late_entries_total", "card", LANE] == 1


def test_the_failure_policys_decisions_are_counted_as_such(client):
    [receipt] = receive(1)
    decide_without_lane(read_stream(receipt.stream), cause="timeout")
    assert scrape(client)["assay_decisions_total", "fallback", "payment", "", "review"] == 1


def test_a_processs_counts_are_sent_periodically(online_redis, monkeypatch):
    monkeypatch.setattr("scoring.signals.telemetry.SEND_SECONDS", 3_600.0)
    own = Telemetry()
    own.add("problem", "404", "not-found")
    own.add("problem", "404", "not-found")  # kept until the next is due
    assert [float(count) for count in online_redis.hgetall(KEY).values()] == [1.0]


def test_counts_of_processes_are_added_up(client):
    one, another = Telemetry(), Telemetry()
    for process in (one, another):
        process.observe("validate", 0.003, events=2)
        process.observe("validate", 9.0, events=1)
        process.send()
    seen = scrape(client)
    assert seen["assay_stage_events_total", "validate"] == 6
    assert seen["assay_stage_seconds_sum", "validate"] == pytest.approx(18.006)
    buckets = [seen["assay_stage_seconds_bucket", str(bound), "validate"] for bound in BUCKETS]
    assert buckets == [2.0 if bound >= 0.003 else 0.0 for bound in BUCKETS]
    assert seen["assay_stage_seconds_bucket", "+Inf", "validate"] == 4


def test_counts_are_lost_with_a_server_rather_than_counted_twice(monkeypatch):
    class Gone:
        def pipeline(self, **_: Any) -> None:
            raise redis.ConnectionError

    process = Telemetry()
    with monkeypatch.context() as patch:
        patch.setattr(connections, "prompt", Gone)
        process.add("refused", LANE, "bulk")
        process.send()
    process.send()
    assert ("refused", LANE, "bulk") not in read_counts()


def test_queue_and_lane_gauges_come_from_the_database(client):
    receive(3)
    seen = scrape(client)
    assert seen["assay_queue_entries", *BULK] == 3
    assert 0 <= seen["assay_queue_oldest_seconds", *BULK] < 600
    assert seen["assay_lane_head_position", LANE] == 0
    work_lane(LANE, linger=0.01)
    seen = scrape(client)
    assert ("assay_queue_entries", *BULK) not in seen
    assert 0 < seen["assay_lane_head_position", LANE] <= seen["assay_log_position",]
    assert seen["assay_log_hidden_entries",] == 0


def test_refusals_are_counted(client, settings, monkeypatch):
    monkeypatch.setattr(admission, "_counted", {})
    settings.API_MAX_QUEUED = 0
    with pytest.raises(LaneBehind):
        admission.admit({LANE: 1}, priority=1)
    assert scrape(client)["assay_refused_requests_total", LANE, "bulk"] == 1


def test_refused_requests_are_counted_by_status_and_problem(client):
    client.post("/api/v1/events", {}, content_type="application/json")
    assert scrape(client)["assay_problem_responses_total", "no-api-key", "401"] == 1


@pytest.mark.parametrize(
    ("token", "address", "headers", "status"),
    [
        ("", "127.0.0.1", {}, 200),
        ("", "::1", {}, 200),
        ("", "192.0.2.7", {}, 401),
        ("", "127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 401),
        ("", "127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 401),
        ("", "127.0.0.1", {"X-Real-IP": "192.0.2.7"}, 401),
        ("", "127.0.0.1", {"Via": "1.1 proxy"}, 401),
        ("", "127.0.0.1", {"X-Forwarded-Host": "assay.example.org"}, 401),
        ("", "", {}, 401),
        ("s3cret", "127.0.0.1", {}, 401),
        ("s3cret", "127.0.0.1", {"Authorization": "Bearer wrong"}, 401),
        ("s3cret", "192.0.2.7", {"Authorization": "Bearer s3cret", "X-Forwarded-For": "192.0.2.8"}, 200),
    ],
    ids=[
        "this machine",
        "this machine, version 6",
        "another machine",
        "through a proxy on this machine",
        "through one that says so by the standard's header",
        "through one that names the client alone",
        "through one that names itself alone",
        "through one that names the host asked for",
        "from nowhere",
        "a token is set: this machine alone is not enough",
        "another token",
        "the token, from anywhere",
    ],
)
def test_who_may_read_the_metrics(client, settings, token: str, address: str, headers: dict, status: int):  # noqa: PLR0917
    settings.METRICS_TOKEN = token
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status


def test_behind_a_proxy_a_token_is_needed(client, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client.get("/metrics").status_code == 401


def test_without_redis_the_response_says_where_to_look(client, monkeypatch):
    def gone() -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(connections, "prompt", gone)
    assert client.get("/metrics").status_code == 503
