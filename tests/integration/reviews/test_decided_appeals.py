"""A webhook says how an appeal was decided."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from reviews.actions.changing import define_action
from reviews.actions.definition import ActionDefinition
from reviews.actions.following import ACTIONS, UNDO_TIME
from reviews.actions.sending import send_requests
from scoring.log.consumers.registry import catch_up
from tests.factories.services import FakeService, running_service
from tests.integration.reviews.conftest import DAY
from tests.integration.reviews.moderation import (  # noqa: F401 (a fixture)
    SPAM,
    appeal,
    judge,
    notes,
    open_note,
)

pytestmark = pytest.mark.usefixtures("notes")


@pytest.fixture
def service(settings: Any) -> Iterator[FakeService]:
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    with running_service() as started:
        yield started


@pytest.mark.parametrize(
    ("verdict", "reason", "status"),
    [("granted", "misread", "overturned"), ("rejected", "rightly_decided", "upheld")],
)
def test_the_sender_is_told_how_an_appeal_ended(
    service: FakeService, verdict: str, reason: str, status: str
) -> None:
    told = ActionDefinition(
        "tell_sender",
        ("note_appeal",),
        "Tells the shop how the appeal ended.",
        verdicts=("granted", "rejected"),
    )
    define_action(told, url=service.url, reason="tests", actor="user/lea", now=DAY - timedelta(days=1))
    judge(open_note(), **SPAM)
    judge(appeal(), reviewer="bo", verdict=verdict, reason_code=reason)
    catch_up(ACTIONS, now=DAY)
    assert send_requests(now=DAY + UNDO_TIME) == 1
    (body,) = service.asked
    assert body["type"] == "appeal.decided"
    assert (body["data"]["event"]["type"], body["data"]["event"]["id"]) == ("note_appeal", "A-1")
    appealed = body["data"]["appeal"]
    assert (appealed["status"], appealed["id"]) == (status, "A-1")
    assert appealed["decided_at"] is not None
    assert (appealed["about"]["type"], appealed["about"]["id"]) == ("note", "N-1")
