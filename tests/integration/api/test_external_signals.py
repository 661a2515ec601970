"""External signals, asked of a real HTTP server: what becomes of them in receipts, decisions and replay."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings

from scoring.catalog.external_signals import MAX_TIMEOUT
from scoring.catalog.registry import event_type
from scoring.features.compile.plan import lane_plan
from scoring.features.logged_vectors import unpack_vectors
from scoring.ingest.mapping.mapping import ColumnMapping
from scoring.intake.external import source as source_module
from scoring.intake.external.breaker import FAILURES_TO_OPEN
from scoring.lanes.lock import held_lane
from scoring.log.read import read_stream
from scoring.replay.service import replay
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import process_reports
from scoring.signals import redis_connections as connections
from scoring.signals.telemetry import read_counts
from scoring.timestamps import to_iso
from tests.factories.catalog import catalog_with
from tests.factories.imports import ingest_file
from tests.factories.services import FakeService, running_service
from tests.integration.api.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
ANSWER = {"risk": 0.25, "tier": "gold", "proxy": True}


@pytest.fixture
def service(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeService]:
    """The service of all three signals of orders, with nothing remembered of others."""
    settings.VAR_DIR, settings.OFFLINE_URL = tmp_path / "var", str(tmp_path / "offline")
    connections.client.cache_clear()
    with catalog_with("tests.factories.orders"), running_service(body=dict(ANSWER)) as fake:
        for signal in event_type("order").external_signals.values():
            monkeypatch.setattr(signal, "url", fake.url)
            monkeypatch.setattr(signal, "timeout", MAX_TIMEOUT)
        forget()
        yield fake
    forget()


def forget() -> None:
    """What a new process knows: nothing but what Redis has."""
    source_module.sources.cache_clear()


def order(number: int, **fields: Any) -> dict[str, Any]:
    moment = to_iso(NOW - timedelta(minutes=9) + timedelta(seconds=number))
    sent = {"device": f"d-{number}", "ip": "203.0.113.9", **fields}
    return {"type": "order", "id": f"O-{number}", "occurred_at": moment, **sent}


def receipt(number: int, source: str = "shop") -> dict[str, Any]:
    return dict(read_stream(f"order/{source}/O-{number}")[0].data)


def origins_of(data: dict[str, Any]) -> dict[str, str]:
    return {name: each["origin"] for name, each in data["external"].items()}


def test_values_are_fetched_at_receipt_and_recorded_with_their_origin(api: Api, service: FakeService) -> None:
    assert api.post("events", order(1)).status_code == 202
    data = receipt(1)
    assert data["signals"].items() >= ANSWER.items()
    assert origins_of(data) == dict.fromkeys(ANSWER, "fetched")
    assert data["external"]["risk"]["ms"] > 0
    asked = sorted(service.asked, key=len)
    assert {"device": "d-1", "ip": "203.0.113.9"} in asked
    assert {"ip": "203.0.113.9"} in asked
    assert "external" not in api.get("events/order/O-1").json()


def test_equal_questions_are_answered_from_the_cache_and_from_that_of_other_processes(
    api: Api, service: FakeService
) -> None:
    api.post("events", order(1))
    asked = len(service.asked)
    api.post("events", order(2, device="d-1"))
    assert origins_of(receipt(2)) == dict.fromkeys(ANSWER, "cached")
    forget()
    api.post("events", order(3, device="d-1"))
    assert origins_of(receipt(3)) == dict.fromkeys(ANSWER, "cached")
    assert receipt(3)["signals"]["risk"] == 0.25
    assert len(service.asked) == asked


def test_nothing_that_was_sent_can_be_read_in_redis(api: Api, service: FakeService) -> None:
    api.post("events", order(1))
    keys = connections.client().keys("assay:external:*")
    assert len(keys) == 3
    assert not any(b"d-1" in key or b"203" in key for key in keys)
    assert all(0 < connections.client().pttl(key) <= 60_000 for key in keys)


def test_a_slow_service_delays_an_event_no_longer_than_its_limit_for_all_signals_together(
    api: Api, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.delay = 1.0
    for signal in event_type("order").external_signals.values():
        monkeypatch.setattr(signal, "timeout", 0.15)
    began = time.monotonic()
    assert api.post("events", order(1)).status_code == 202
    assert time.monotonic() - began < 0.9  # and not three times 150 ms, nor the second of the service
    data = receipt(1)
    assert origins_of(data) == dict.fromkeys(ANSWER, "absent")
    assert {each["cause"] for each in data["external"].values()} == {"timeout"}
    assert not data["signals"].keys() & ANSWER.keys()


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({"status": 500}, "status_500"),
        ({"body": b"nonsense"}, "not_json"),
        ({"body": {"risk": "high", "tier": 7, "proxy": 1}}, "invalid"),
    ],
)
def test_a_failing_service_fails_no_event(
    api: Api, service: FakeService, answer: dict[str, Any], cause: str
) -> None:
    vars(service).update(answer)
    assert api.post("events", order(1)).status_code == 202
    assert {each["cause"] for each in receipt(1)["external"].values()} == {cause}


def test_an_event_without_the_values_asks_for_nothing(api: Api, service: FakeService) -> None:
    api.post("events", order(1, ip=None))
    assert receipt(1)["external"]["proxy"] == {"origin": "absent", "cause": "nothing_to_send"}
    assert receipt(1)["external"]["risk"]["origin"] == "fetched"


def test_a_service_that_knows_nothing_is_not_asked_again(api: Api, service: FakeService) -> None:
    service.status = 404
    api.post("events", order(1))
    assert receipt(1)["external"]["risk"].items() >= {"origin": "fetched", "cause": "no_value"}.items()
    api.post("events", order(2, device="d-1"))
    assert receipt(2)["external"]["risk"] == {"origin": "cached", "cause": "no_value"}


def test_after_failures_in_a_row_a_service_is_not_asked_until_a_probe_succeeds(
    api: Api, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.status = 500
    for number in range(FAILURES_TO_OPEN):
        api.post("events", order(number))
    asked = len(service.asked)
    api.post("events", order(10))
    assert {each["cause"] for each in receipt(10)["external"].values()} <= {"breaker_open", "status_500"}
    assert receipt(10)["external"]["risk"]["cause"] == "breaker_open"
    assert len(service.asked) <= asked + 1
    failing = process_reports.failing_services(process_reports.read_reports())
    assert failing["order.risk"] == "status_500"
    service.status = 200
    real = time.monotonic
    monkeypatch.setattr(source_module.time, "monotonic", lambda: real() + 60)
    api.post("events", order(11))
    assert receipt(11)["external"]["risk"]["origin"] == "fetched"
    monkeypatch.undo()
    assert "order.risk" not in process_reports.failing_services(process_reports.read_reports())


def test_a_repeated_event_is_answered_as_before_whatever_the_service_says_now(
    api: Api, service: FakeService
) -> None:
    first = api.post("events", order(1))
    service.body = {"risk": 0.99}
    forget()
    connections.client().flushdb()
    again = api.post("events", order(1))
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert receipt(1)["signals"]["risk"] == 0.25
    assert api.post("events", order(1, device="other")).status_code == 409


def test_a_list_asks_equal_questions_once(api: Api, service: FakeService) -> None:
    events = [order(number, device=f"d-{number % 5}") for number in range(40)]
    assert api.post("events", events).status_code == 200
    assert all(receipt(number)["signals"]["risk"] == 0.25 for number in range(40))
    assert len(service.asked) == 5 + 5 + 1


def test_a_correction_keeps_the_answers_to_what_it_does_not_change(api: Api, service: FakeService) -> None:
    api.post("events", order(1, note="a"))
    service.body = {"risk": 0.75, "tier": "iron", "proxy": False}
    forget()
    connections.client().flushdb()
    corrected = {"event": order(1, note="b", ip="203.0.113.10"), "reason": "typing error"}
    assert api.post("events/order/O-1/corrections", corrected).status_code in (201, 202)
    data = dict(read_stream("order/shop/O-1")[1].data)
    assert origins_of(data) == {"risk": "fetched", "tier": "kept", "proxy": "fetched"}
    assert {name: data["signals"][name] for name in ANSWER} == {"risk": 0.75, "tier": "gold", "proxy": False}


@pytest.mark.parametrize("history", [True, False])
def test_files_ask_nothing(service: FakeService, history: bool) -> None:
    path = Path(settings.VAR_DIR) / "orders.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(order(1)))
    mapping = ColumnMapping("order", source="file", id=("id",))
    ingest_file(path, mapping=mapping, history=history, clock=lambda: datetime.now(UTC))
    assert service.asked == []
    assert "external" not in receipt(1, "file")


def test_a_decision_uses_the_values_and_replay_needs_no_network(api: Api, service: FakeService) -> None:
    api.post("events", order(1))
    service.status = 500
    api.post("events", order(2))
    with held_lane("orders"):
        runner = LaneRunner("orders")
        while runner.step():
            pass
    names = lane_plan("orders").feature_set("order").names
    asked = len(service.asked)
    for number, risk, proxy in ((1, 0.25, 1.0), (2, np.nan, 1.0)):
        made = read_stream(f"order/shop/O-{number}")[1]
        vector = dict(zip(names, unpack_vectors(made.packed, width=len(names))[0], strict=True))
        np.testing.assert_equal((vector["risk"], vector["proxy"]), (risk, proxy))
    report = replay("order", since=NOW - timedelta(days=1), until=datetime.now(UTC))
    assert (report.decisions, report.first, report.is_identical) == (2, [], True)
    assert len(service.asked) == asked


def test_answers_are_counted(api: Api, service: FakeService) -> None:
    before = read_counts()
    api.post("events", order(1))
    api.post("events", order(2, device="d-1"))
    counts = read_counts()

    def added(*series: str) -> float:
        return counts.get(series, 0.0) - before.get(series, 0.0)

    assert added("external", "order.risk", "fetched", "") == 1
    assert added("external", "order.risk", "cached", "") == 1
    assert added("answer_seconds", "order.risk") > 0
