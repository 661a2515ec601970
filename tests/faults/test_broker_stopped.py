"""Without the broker or the online store, the failure policy decides and the lane revises that later."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config.environment import broker_url
from embedded import services
from scoring.api.keys.issue import create_key
from scoring.signals import lane_notifications
from tests.factories.payments import payment_payload
from tests.faults.deployment import Deployment
from tests.faults.sender import Sender
from tests.integration.lanes.conftest import LANE
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

REVISED_WITHIN_SECONDS = STARTED_WITHIN_SECONDS = 60


@pytest.fixture
def key(transactional_db: None) -> str:
    scopes = ["events:write", "events:read"]
    return create_key(name="faults", source="shop", scopes=scopes, now=datetime.now(UTC), actor="test")[1]


def send(sender: Sender, number: int) -> dict[str, Any]:
    status, body = sender.post("/api/v1/events", payment_payload(number), prefer="wait=5")
    assert status == 201, body
    return body


def first_decision(sender: Sender) -> dict[str, Any]:
    """The decision on an event that is sent again until the worker has started."""

    def ask() -> Any:
        return sender.post("/api/v1/events", payment_payload(1), prefer="wait=5")[1].get("decision")

    decision: dict[str, Any] = wait_until(ask, seconds=STARTED_WITHIN_SECONDS)
    return decision


def wait_for_revision(sender: Sender, number: int) -> dict[str, Any]:
    def read() -> dict[str, Any]:
        return sender.get(f"/api/v1/events/payment/T-{number}")[1]

    def revised() -> dict[str, Any] | None:
        event = read()
        return event if event["revisions"] else None

    event: dict[str, Any] = wait_until(revised, seconds=REVISED_WITHIN_SECONDS, seen=read)
    return event


def test_fallback_decisions_without_redis_are_revised_when_it_returns(
    deployment: Deployment, key: str
) -> None:
    deployment.start()
    sender = Sender(deployment.url, key)
    assert first_decision(sender)["basis"] == "no_model"

    services.stop(settings.VAR_DIR, names=("redis",))
    try:
        answer = send(sender, 2)
    finally:
        services.start(settings.VAR_DIR, names=("redis",))

    assert answer["decision"]["basis"] == "fallback"
    assert answer["decision"]["cause"] == "online_store_unavailable"
    assert answer["decision"]["outcome"] == "review"
    event = wait_for_revision(sender, 2)
    assert event["decision"] == answer["decision"]
    assert event["current_decision"]["basis"] == "no_model"


def test_fallback_decisions_without_a_broker_are_revised_when_it_returns(
    deployment: Deployment, key: str, tmp_path: Path
) -> None:
    own = tmp_path / "broker"
    services.start(own, names=("redis",))
    try:
        deployment.environment["CELERY_BROKER_URL"] = broker_url(services.redis_url(own))
        deployment.start()
        sender = Sender(deployment.url, key)
        assert first_decision(sender)["basis"] == "no_model"
        wait_until(lambda: not lane_notifications.has_runner(LANE))  # it needs no broker while it lingers
        services.stop(own, names=("redis",))
        answer = send(sender, 2)
        assert answer["decision"]["cause"] == "broker_unavailable"
        services.start(own, names=("redis",))
        event = wait_for_revision(sender, 2)
        assert event["decision"] == answer["decision"]
        assert event["current_decision"]["basis"] == "no_model"
    finally:
        services.stop(own, names=("redis",))
