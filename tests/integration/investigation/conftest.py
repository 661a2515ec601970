"""Decided payments in a store of the test's own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reviews.investigation.query.query import Query, query_from
from reviews.investigation.store.following import follow_log, investigation_store
from scoring.log.append import append
from scoring.log.entries import Entry
from tests.factories.log import decided, labeled, received

DAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Pay = Callable[..., Entry]


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, settings: Any) -> None:
    settings.INVESTIGATION_URL = str(tmp_path / "investigation")
    settings.INVESTIGATION_SECONDS = 60.0  # whatever else the machine does


@pytest.fixture
def pay(transactional_db: None) -> Pay:
    """`pay("t-1", outcome="block", label="fraud", merchant="m-1")`: a decided payment; gives its receipt."""

    def pay(
        external_id: str,
        *,
        at: datetime = DAY - timedelta(hours=1),
        label: str = "",
        minor: int = 1_000,
        decision: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Entry:
        amount = {"minor": minor, "currency": "USD"}
        [event] = append([received(external_id, amount=amount, **fields)], now=at)
        append([decided(event, stake=minor, **(decision or {}))], now=at)
        if label:
            said = {"value": label, "effective": label, "said": {"chargeback": label}}
            append([labeled(event.stream, **said)], now=at)
        return event

    return pay


def query(now: datetime = DAY, **given: str) -> Query:
    return query_from({"type": "payment", "period": "24h", **given}, now=now)


def follow(now: datetime = DAY) -> None:
    assert follow_log(investigation_store(), now=now) is not None
