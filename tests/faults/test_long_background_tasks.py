"""Events are decided while long tasks occupy every child of the process `background`."""

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
from tests.faults.deployment import Deployment
from tests.faults.sender import Sender
from tests.integration.lanes.conftest import LANE
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

CHILDREN = 2  # of background and of the worker, as in the Procfile
SECONDS = 60  # timeout of each wait


@pytest.fixture(scope="module")
def sender(shared_deployment: Deployment) -> Sender:
    """A client of a deployment in which every process is running."""
    shared_deployment.start()
    scopes = ["events:write", "events:read"]
    key = create_key(name="faults", source="shop", scopes=scopes, now=datetime.now(UTC), actor="test")[1]
    sender = Sender(shared_deployment.url, key)
    wait_until(
        lambda: sender.post("/api/v1/events", payment_payload(0), prefer="wait=5")[0] in (200, 201),
        seconds=SECONDS,
    )
    return sender


def test_events_are_decided_while_long_tasks_occupy_background(sender: Sender) -> None:
    with occupied_background() as blocked:
        for number in range(1, 6):
            status, event = sender.post("/api/v1/events", payment_payload(number), prefer="wait=5")
            assert (status, event["status"]) == (201, "decided")
            assert event["decision"]["basis"] == "no_model"
        assert blocked() == CHILDREN


def test_a_lost_notification_is_recovered_while_long_tasks_occupy_background(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_notifications, "notify_lanes", lambda lanes: "")
    with occupied_background() as blocked:
        wait_until(lambda: not lane_notifications.has_runner(LANE), seconds=SECONDS)
        decided = Decision.objects.count()
        receive_events(payments(1, start=100), source="shop", now=datetime.now(UTC))
        wait_until(lambda: Decision.objects.count() > decided, seconds=SECONDS)
        assert blocked() == CHILDREN


@contextmanager
def occupied_background() -> Iterator[Callable[[], int]]:
    """Block every child that runs the log's consumers for the duration of the block.

    Yields, once all children of background are blocked, a function that counts the blocked children.
    """

    def blocked() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE relation = 'scoring_consumercursor'::regclass AND NOT granted"
            )
            return int(cursor.fetchone()[0])

    holder = connection.copy()  # its own connection, so that the test's writes are committed
    try:
        holder.set_autocommit(False)
        holder.cursor().execute("LOCK TABLE scoring_consumercursor IN ACCESS EXCLUSIVE MODE")
        wait_until(lambda: blocked() == CHILDREN, seconds=SECONDS)
        yield blocked
    finally:
        holder.close()
