"""A till with a reset clock sends payments dated 1970; its sender corrects one and retracts another."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pyarrow import concat_tables

from reviews.console.entity_index import ENTITIES
from reviews.models import Case
from reviews.queue.opening import CASES
from scoring.learning.dataset.export import iter_tables, read_training_set
from scoring.log.consumers.registry import catch_up
from scoring.replay.service import replay
from tests.factories.lane_items import iter_lane_items
from tests.factories.payments import payment_payload
from tests.integration.api.conftest import Api, api, make_key  # noqa: F401 (fixtures)
from tests.integration.lanes.conftest import (  # noqa: F401 (fixtures)
    LANE,
    _client_of_this_test,
    online_states,
    rebuilt_states,
    work,
)

pytestmark = pytest.mark.django_db(transaction=True)

RESET = "1970-01-01T00:00:07Z"


def follow_the_log() -> None:
    for consumer in (CASES, ENTITIES):
        catch_up(consumer, now=datetime.now(UTC))


def test_payments_of_a_reset_clock_are_corrected_and_retracted(
    api: Api,  # noqa: F811
    work: Callable[..., object],  # noqa: F811
    settings,
    tmp_path,
) -> None:
    settings.OFFLINE_URL = str(tmp_path / "offline")
    for number in range(8):
        api.post("events", payment_payload(number))
    for number in (8, 9):
        api.post("events", payment_payload(number, occurred_at=RESET))
    work()
    follow_the_log()
    assert api.get("events/payment/T-8").json()["occurred_at"] == RESET
    assert Case.objects.count() == 10

    right = payment_payload(8)
    refused = api.post("events", right)
    assert refused.status_code == 409
    corrections = refused.json()["corrections"].removeprefix("/api/v1/")
    corrected = api.post(corrections, {"reason": "the till's clock was reset", "event": right})
    assert corrected.status_code == 202
    retracted = api.post("events/payment/T-9/retraction", {"reason": "the till was being tried out"})
    assert retracted.status_code == 201
    work()
    follow_the_log()

    known = api.get("events/payment/T-8").json()
    assert (known["status"], known["occurred_at"], known["version"]) == ("decided", right["occurred_at"], 2)
    assert known["current_decision"]["cause"] == "corrected"
    assert api.get("events/payment/T-9").json()["status"] == "retracted"
    assert Case.objects.get(state="closed").event_stream == "payment/shop/T-9"
    assert online_states() == rebuilt_states()
    applied = [item for chunk in iter_lane_items(LANE) for item in chunk.items]
    assert [item.kind for item in applied[-3:]] == ["undo", "event", "undo"]

    data = concat_tables(
        iter_tables(read_training_set("payment", as_of=datetime.now(UTC), matures_after=timedelta(0)))
    )
    assert sorted(data["_id"].to_pylist()) == [f"T-{number}" for number in range(9)]
    assert min(data["_occurred_at"].to_pylist()).year == 2026

    again = replay("payment", since=datetime(2000, 1, 1, tzinfo=UTC), until=datetime.now(UTC))
    assert (again.identical, again.decisions) == (11, 11)
