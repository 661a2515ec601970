"""An event type without an amount, in a lane and in words of its own, on every page beside payments."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from monitoring.models import HourlyWindow
from reviews.console import entity_index
from reviews.models import Case
from reviews.work import claims, verdicts
from scoring.intake.models import Label
from scoring.intake.receive import receive_events
from scoring.lanes.lock import held_lane
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import read_stream
from scoring.log.tasks import run_consumers
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from scoring.timestamps import to_iso
from tests.factories.catalog import catalog_with
from tests.factories.log import model_trained
from tests.factories.payments import submission
from tests.integration.monitoring.made_up import reference

pytestmark = pytest.mark.django_db(transaction=True)


POST = {"type": "post", "author": "ann@example.org", "topic": "cats"}


@pytest.fixture(autouse=True)
def posts() -> Iterator[None]:
    """The catalog with posts in it."""
    connections.client.cache_clear()
    with catalog_with("tests.factories.posts"):
        yield
    entity_index.entity_fields.cache_clear()


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.fixture
def decided_posts(online_redis: redis.Redis) -> list[int]:
    """Six posts that the lane has decided without a model, and what follows the log; their positions."""
    now = datetime.now(UTC)
    payloads = [
        {
            "type": "post",
            "id": f"P-{n}",
            "occurred_at": to_iso(now),
            "author": "ann@example.org",
            "topic": "cats",
        }
        for n in range(6)
    ]
    receive_events([submission(payload) for payload in payloads], source="forum", now=now)
    with held_lane("content"):
        runner = LaneRunner("content")
        while runner.step():
            pass
    assert run_consumers() == {}
    return [read_stream(f"post/forum/P-{n}")[0].position for n in range(6)]


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, (address, response)
    return " ".join(response.content.decode().split())


def test_posts_are_reviewed_in_their_own_words(decided_posts: list[int], admin: Client) -> None:
    position, now = decided_posts[0], datetime.now(UTC)
    case = Case.objects.get(pk=position)
    assert (case.currency, case.stake, case.expected_loss) == ("JPY", None, 2_500)  # half the nominal stake
    assert "P-0" in text_of(admin, reverse("admin:queue"))
    assert "6 events" in text_of(admin, reverse("admin:entities") + "?q=ann@example.org")
    claims.claim_case(position, reviewer="admin", now=now)
    page = text_of(admin, reverse("admin:case", args=[position]))
    for told in ("Abusive", "Fine", "not scored", "ann@example.org", "cats"):
        assert told in page
    verdicts.decide_case(position, reviewer="admin", verdict="abusive", reason_code="known_pattern", now=now)
    assert Label.objects.get().effective == "abusive"
    assert run_consumers() == {}
    assert "Decided as abusive" in text_of(admin, reverse("admin:case", args=[position]))
    hour = HourlyWindow.objects.get(event_type="post")
    assert (hour.received, hour.decided_review, hour.positives, hour.fraud_stake) == (6, 6, 1, 0)


def test_every_page_opens_with_posts_beside_payments(decided_posts: list[int], admin: Client) -> None:
    trained = model_trained(1)
    data = {**trained.data, "name": "post-1", "event_type": "post", "reference": reference()}
    append([NewEntry("model/post-1", 0, "model.trained", data)], now=datetime.now(UTC))
    for address in (
        reverse("admin:index"),
        reverse("admin:drift") + "?type=post",
        reverse("admin:drift") + "?model=post-1",
        reverse("admin:training_start"),
        reverse("admin:experiment_start"),
        reverse("admin:label_upload"),
        *(
            reverse(f"admin:scoring_{name}_changelist")
            for name in ("event", "decision", "label", "modelversion")
        ),
        reverse("admin:reviews_case_changelist"),
        reverse("admin:queue") + "?type=post",
        *(reverse(f"admin:{name}", args=[decided_posts[1]]) for name in ("case", "event")),
    ):
        text_of(admin, address)
