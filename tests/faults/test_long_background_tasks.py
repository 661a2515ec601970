"""Long tasks keep every child of the process `background`; events are decided meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import connection

from scoring.api.keys.issue import create_key
from scoring.decisions.models import Decision
from scoring.intake.receive import receive_events
from scoring.signals import lane_notifications
from tests.factories.payments import payment_payload, payments
from tests.faults.house import House
from tests.faults.sender import Sender
from tests.integration.lanes.conftest import LANE
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

CHILDREN = 2  # of background, and of the worker: what the Procfile says
SECONDS = 60  # for anything that is waited for


@pytest.fixture
def sender(house: House) -> Sender:
    """Of a house in which everything runs."""
    house.start()
    scopes = ["events:write", "events:read"]
    key = create_key(name="faults", source="shop", scopes=scopes, now=datetime.now(UTC), actor="test")[1]
    sender = Sender(house.url, key)
    wait_until(
        lambda: sender.post("/api/v1/events", payment_payload(0), prefer="wait=5")[0] in (200, 201),
        seconds=SECONDS,
    )
    return sender


def test_events_are_decided_while_long_tasks_keep_the_background(sender: Sender) -> None:
    with kept_background() as kept:
        for number in range(1, 6):
            status, event = sender.post("/api/v1/events", payment_payload(number), prefer="wait=5")
            assert (status, event["status"]) == (201, "decided")
            assert event["decision"]["basis"] == "no_model"
        assert kept() == CHILDREN


def test_a_lost_bell_is_found_while_long_tasks_keep_the_background(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_notifications, "notify_lanes", lambda lanes: "")
    with kept_background() as kept:
        wait_until(lambda: not lane_notifications.has_runner(LANE), seconds=SECONDS)
        decided = Decision.objects.count()
        receive_events(payments(1, start=1), source="shop", now=datetime.now(UTC))
        wait_until(lambda: Decision.objects.count() > decided, seconds=SECONDS)
        assert kept() == CHILDREN


@contextmanager
def kept_background() -> Iterator[Callable[[], int]]:
    """Every child that runs the log's consumers hangs in that, for the length of the block.

    Yields what says how many do, once all of background's do.
    """

    def kept() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE relation = 'scoring_consumercursor'::regclass AND NOT granted"
            )
            return int(cursor.fetchone()[0])

    holder = connection.copy()  # a connection of its own: what the test writes meanwhile is committed
    try:
        holder.set_autocommit(False)
        holder.cursor().execute("LOCK TABLE scoring_consumercursor IN ACCESS EXCLUSIVE MODE")
        wait_until(lambda: kept() == CHILDREN, seconds=SECONDS)
        yield kept
    finally:
        holder.close()
