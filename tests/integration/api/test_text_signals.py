"""Text signals are the same however a text is ingested and however it is read."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings

from scoring.catalog.signals.texts import text_signals
from scoring.declare import TEXT_SIGNALS
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
TEXTS = ["", "FREE money!!! www.a.example http://b.example", "naïve \u4e2d\u6587 \n 42", "..."]


@pytest.fixture(autouse=True)
def remarks(settings: Any, tmp_path: Path) -> Iterator[None]:
    """The catalog with remarks in it."""
    settings.VAR_DIR, settings.OFFLINE_URL = tmp_path / "var", str(tmp_path / "offline")
    connections.client.cache_clear()
    with catalog_with("tests.factories.remarks"):
        yield


def remark(number: int, **fields: Any) -> dict[str, Any]:
    moment = to_iso(NOW - timedelta(minutes=9 - number))
    head = {"type": "remark", "id": f"R-{number}", "occurred_at": moment, "author": "ann"}
    return {**head, "comment": TEXTS[number % len(TEXTS)], **fields}


def ingest(source: str, rows: list[dict[str, Any]], *, history: bool) -> None:
    path = Path(settings.VAR_DIR) / f"{source}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(json.dumps(row) for row in rows))
    ingest_file(
        path,
        mapping=ColumnMapping("remark", source=source, id=("id",)),
        history=history,
        clock=lambda: datetime.now(UTC),
    )


def work() -> None:
    with held_lane("remarks"):
        runner = LaneRunner("remarks")
        while runner.step():
            pass


def signals_of(number: int, source: str = "shop") -> dict[str, float]:
    signals: dict[str, float] = read_stream(f"remark/{source}/R-{number}")[0].data["signals"]
    return signals


def test_the_same_text_has_the_same_signals_over_http_and_from_a_file(api: Api) -> None:
    rows = [remark(number, title="A b") for number in range(1, len(TEXTS))]
    for row in rows:
        assert api.post("events", row).status_code == 202
    for history in (True, False):
        source = f"file-{history}"
        ingest(source, rows, history=history)
        for number in range(1, len(TEXTS)):
            assert signals_of(number, source) == signals_of(number)
    told = {f"comment.{signal}": value for signal, value in text_signals(TEXTS[1]).items()}
    assert signals_of(1).items() > told.items()
    assert told["comment.links"] == 2
    assert signals_of(1)["title.capitals"] == 0.5


def test_answers_hide_signals_and_changed_signals_are_no_conflict(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = api.post("events", remark(1))
    assert api.get("events/remark/R-1").json()["fields"].keys() == {"author"}
    monkeypatch.setattr("scoring.catalog.fields.text_signals", lambda text: {"length": -1})
    again = api.post("events", remark(1))
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert api.post("events", remark(1, comment="other")).status_code == 409


@pytest.fixture
def decided(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remarks decided without a model, after one of history from before signals were taken."""
    with monkeypatch.context() as before:
        before.setattr("scoring.catalog.fields.text_signals", lambda text: {})
        ingest("old", [remark(1)], history=True)
    assert "signals" not in read_stream("remark/old/R-1")[0].data
    sequence_history("remarks")
    for number in range(6):
        api.post("events", remark(number, **({"title": "TITLE x"} if number % 2 else {})))
    work()


def test_a_decision_uses_the_signals_and_replay_reproduces_it(decided: None) -> None:
    names = lane_plan("remarks").feature_set("remark").names
    for number in range(6):
        receipt, made = read_stream(f"remark/shop/R-{number}")[:2]
        vector = dict(zip(names, unpack_vectors(made.packed, width=len(names))[0], strict=True))
        for signal in TEXT_SIGNALS:
            expected = receipt.data["signals"].get(f"comment.{signal}", np.nan)
            np.testing.assert_equal(vector[f"comment_{signal}"], expected)
    assert vector["title_capitals"] == 5 / 6
    report = replay("remark", since=NOW - timedelta(days=1), until=datetime.now(UTC))
    assert (report.decisions, report.first, report.is_identical) == (6, [], True)


@pytest.mark.parametrize("exported", [False, True])
def test_columns_of_log_and_store_fold_as_items_do(decided: None, exported: bool) -> None:
    plan, store = lane_plan("remarks"), OfflineStore()
    if exported:
        export_log(store, now=NOW)
    items = [item for chunk in iter_lane_items("remarks") for item in chunk.items]
    expected = fold(plan, encode(plan, items), Arena(plan))
    arena = Arena(plan)
    rows = [fold(plan, part.batch, arena) for part in iter_lane_batches(plan, store=store)]
    assert np.concatenate(rows).tobytes() == expected.tobytes()
    told = plan.feature_set("remark").vector_of(expected)[:, 1]
    assert sorted(told[~np.isnan(told)].tolist()) == sorted(len(TEXTS[n % len(TEXTS)]) for n in range(6))
    assert np.isnan(told).sum() == 1  # from before signals were extracted
