"""Signals of addresses, phones and user agents: the same from HTTP, files, columns and replay."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings

from scoring.catalog.signals.reference_files import disposable_domains, network_list
from scoring.features.compile.plan import lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import encode
from scoring.features.folding.fold import fold
from scoring.features.logged_vectors import unpack_vectors
from scoring.ingest.mapping.mapping import ColumnMapping
from scoring.lanes.lock import held_lane
from scoring.log.read import read_stream
from scoring.offline.export import export_log
from scoring.offline.lane import iter_lane_batches
from scoring.offline.reading import count_values
from scoring.offline.store import OfflineStore
from scoring.replay.service import replay
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from scoring.states.history import sequence_history
from scoring.timestamps import to_iso
from tests.factories.catalog import catalog_with
from tests.factories.imports import ingest_file
from tests.factories.lane_items import iter_lane_items
from tests.integration.api.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
VOCABULARY = {
    "email.domain": ("example.com", "mailinator.com"),
    "phone.country": ("AT",),
    "agent.family": ("curl",),
}
JOINS: list[dict[str, Any]] = [
    {"email": "Ann@Example.com", "phone": "+43 660 1234567", "ip": "203.0.113.9", "agent": "curl/8"},
    {"email": "info+1@mailinator.com", "phone": "+43 660 1234567", "ip": "10.0.0.1", "agent": "unheard of"},
    {"email": "ann@localhost", "phone": "12"},
    {"email": "b99@unseen.example", "ip": "2001:db8::1", "agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
]


@pytest.fixture(autouse=True)
def joins(settings: Any, tmp_path: Path) -> Iterator[None]:
    """The catalog with joins in it, and the lists that they are looked up in."""
    settings.VAR_DIR, settings.OFFLINE_URL = tmp_path / "var", str(tmp_path / "offline")
    disposable, networks = tmp_path / "disposable.txt", tmp_path / "networks.txt"
    disposable.write_text("mailinator.com")
    networks.write_text("203.0.113.0/24")
    settings.DISPOSABLE_DOMAINS, settings.NETWORK_LISTS = str(disposable), {"data_centers": str(networks)}
    connections.client.cache_clear()
    with catalog_with("tests.factories.joins"):
        yield
    disposable_domains.cache_clear()
    network_list.cache_clear()


def payload(number: int) -> dict[str, Any]:
    moment = to_iso(NOW - timedelta(minutes=9 - number))
    return {"type": "join", "id": f"J-{number}", "occurred_at": moment, **JOINS[number % len(JOINS)]}


def ingest(source: str, *, history: bool) -> None:
    path = Path(settings.VAR_DIR) / f"{source}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(json.dumps(payload(number)) for number in range(len(JOINS))))
    ingest_file(
        path,
        mapping=ColumnMapping("join", source=source, id=("id",)),
        history=history,
        clock=lambda: datetime.now(UTC),
    )


def work() -> None:
    with held_lane("joins"):
        runner = LaneRunner("joins")
        while runner.step():
            pass


def receipt(number: int, source: str = "shop") -> dict[str, Any]:
    return dict(read_stream(f"join/{source}/J-{number}")[0].data)


def test_the_receipt_has_the_signals_and_the_versions_of_the_lists_beside_digests(api: Api) -> None:
    for number in range(len(JOINS)):
        assert api.post("events", payload(number)).status_code == 202
    first, second, third = (receipt(number) for number in range(3))
    assert (
        first["signals"].items()
        > {
            "email.domain": "example.com",
            "email.is_disposable": False,
            "phone.country": "AT",
            "ip.in_data_centers": True,
            "agent.is_bot": True,
        }.items()
    )
    assert set(first["references"]) == {"disposable_domains", "data_centers"}
    assert "ann" not in json.dumps(first)
    assert (second["signals"]["email.is_disposable"], second["signals"]["ip.in_data_centers"]) == (
        True,
        False,
    )
    assert third["signals"] == {
        "email.is_valid": False,
        "email.length": 3,
        "email.digits": 0.0,
        "phone.is_valid": False,
    }
    assert "ip.in_unset" not in first["signals"]
    assert "signals" not in api.get("events/join/J-0").json()


def test_a_file_gives_the_same_signals_as_http(api: Api) -> None:
    for number in range(len(JOINS)):
        api.post("events", payload(number))
    for history in (True, False):
        ingest(f"file-{history}", history=history)
        for number in range(len(JOINS)):
            theirs, ours = receipt(number, f"file-{history}"), receipt(number)
            assert (theirs["signals"], theirs["references"]) == (ours["signals"], ours["references"])


def test_a_repeated_event_is_the_same_after_a_list_changed(api: Api) -> None:
    first = api.post("events", payload(1))
    Path(settings.DISPOSABLE_DOMAINS).write_text("other.example")
    disposable_domains.cache_clear()
    again = api.post("events", payload(1))
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert receipt(1)["signals"]["email.is_disposable"] is True


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("email", "Ann", "has no @, so it is not an e-mail address"),
        ("phone", "none", "has no digit, so it is not a phone number"),
        ("ip", "10.0.0", "is not an IP address"),
        ("agent", 7, "must be a string"),
    ],
)
def test_another_kind_of_value_is_refused_by_name(api: Api, field: str, value: object, problem: str) -> None:
    response = api.post("events", payload(0) | {field: value})
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert (error["field"], error["problem"]) == (field, problem)


@pytest.fixture
def decided(api: Api) -> None:
    """Joins of history, then joins decided without a model."""
    ingest("old", history=True)
    sequence_history("joins")
    for number in range(len(JOINS)):
        api.post("events", payload(number))
    work()


def test_a_decision_uses_the_signals_and_replay_reproduces_it(decided: None) -> None:
    names = lane_plan("joins").feature_set("join").names
    for number in range(len(JOINS)):
        received, made = read_stream(f"join/shop/J-{number}")[:2]
        vector = dict(zip(names, unpack_vectors(made.packed, width=len(names))[0], strict=True))
        for column in ("email.is_valid", "email.is_disposable", "ip.is_ipv6", "agent.is_bot", "email.digits"):
            expected = float(received.data["signals"].get(column, np.nan))
            np.testing.assert_equal(vector[column.replace(".", "_")], expected)
        assert vector["phone_type"] == 1 if number < 2 else np.isnan(vector["phone_type"])
    report = replay("join", since=NOW - timedelta(days=1), until=datetime.now(UTC))
    assert (report.decisions, report.first, report.is_identical) == (len(JOINS), [], True)


@pytest.mark.parametrize("exported", [False, True])
def test_columns_of_log_and_store_fold_as_items_do(decided: None, exported: bool) -> None:
    plan, store = lane_plan("joins", {"join": VOCABULARY}), OfflineStore()
    if exported:
        export_log(store, now=NOW)
    items = [item for chunk in iter_lane_items("joins") for item in chunk.items]
    expected = fold(plan, encode(plan, items), Arena(plan))
    arena = Arena(plan)
    rows = [fold(plan, part.batch, arena) for part in iter_lane_batches(plan, store=store)]
    assert np.concatenate(rows).tobytes() == expected.tobytes()
    told = plan.feature_set("join")
    domains = told.vector_of(expected)[: len(JOINS), told.names.index("email_domain")]
    np.testing.assert_equal(domains, [1, 2, np.nan, 0])


@pytest.mark.parametrize("exported", [False, True])
def test_the_values_of_a_category_are_counted_for_a_vocabulary(decided: None, exported: bool) -> None:
    store = OfflineStore()
    if exported:
        export_log(store, now=NOW)
    assert count_values("join", ["email.domain", "phone.country"], as_of=NOW, store=store) == {
        "email.domain": {"example.com": 2, "mailinator.com": 2, "unseen.example": 2},
        "phone.country": {"AT": 4},
    }
