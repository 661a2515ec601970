"""A canary that blocks everything is rolled back by itself under traffic, within a minute.

Uses real PostgreSQL and Redis; the lane, the consumers and the scheduled check run in this process, in rounds
of the ten seconds between two checks; the lead acts on pages.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from monitoring.models import GuardrailTrip
from monitoring.tasks import check_guardrails
from scoring.decisions.models import Decision
from scoring.intake.receive import receive_events
from scoring.lanes.lock import held_lane
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.log.read import read_stream
from scoring.log.tasks import run_consumers
from scoring.registry.routes import route_of
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from tests.factories.models import END, approved, promote, train_small_models
from tests.factories.payments import payment_payload, submission

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS_A_ROUND = settings.CELERY_BEAT_SCHEDULE["check the guardrails of new models"]["schedule"]
PAYMENTS_A_SECOND = 8
ROUNDS_A_MINUTE = 5  # one less, for the consumers and the check themselves


def test_a_canary_rolls_back_by_itself(
    online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "VAR_DIR", tmp_path / "var")
    connections.client.cache_clear()
    good, bad = train_models()
    promote(good)
    lead = person("lead")
    pay(0)

    # A data scientist tries a model that blocks everything on a quarter of the cards.
    page = reverse("admin:model", args=[approved(bad)])
    assert person("data scientist").post(page, {"action": "canary", "percent": "25"}).status_code == 302

    # Payments go on. Within five checks the canary is gone, and the champion decides everything again.
    rounds = 0
    while has_canary() and rounds < ROUNDS_A_MINUTE:
        rounds += 1
        pay(rounds)
        run_consumers()
        check_guardrails()
    assert not has_canary()
    before = Decision.objects.filter(model=bad).count()
    assert 0 < before < 0.5 * rounds * SECONDS_A_ROUND * PAYMENTS_A_SECOND
    pay(rounds + 1)
    assert Decision.objects.filter(model=bad).count() == before

    # The log says why, with figures; so do the overview, the page of guardrails and that of the model.
    changed = read_stream("route/payment")[-1]
    assert (changed.metadata["actor"], changed.data["guardrail"]["metric"]) == ("guardrails", "blocks")
    trip = GuardrailTrip.objects.get()
    assert (trip.model, trip.action) == (bad, "rolled_back")
    assert f"The canary {bad} was rolled back by itself" in text_of(lead, "admin:index")
    assert "would be blocked" in text_of(lead, "admin:guardrails")
    assert escape(changed.data["reason"]) in text_of(lead, "admin:model", bad)

    # It is not repeated, and nothing else changes.
    run_consumers()
    assert check_guardrails() == []
    assert read_stream("route/payment")[-1] == changed


def train_models() -> tuple[str, str]:
    """A model that blocks nothing, and one that blocks everything."""
    [good] = train_small_models(15, thresholds={"review": 0.9, "block": 1.1})
    request = TrainingRequest("payment", as_of=END, matures_after=timedelta(days=14))
    thresholds = (("review", 0.0), ("block", 0.0))
    config = TrainingConfig(trees=15, depth=4, minimum_positives=4, explicit_thresholds=thresholds)
    bad = run_training(request, config=config, actor="tests", now=END + timedelta(days=3))
    return good, bad.name


def has_canary() -> bool:
    route = route_of("payment")
    return route is not None and route.canary is not None


def pay(part: int) -> None:
    """Decide the payments of one round, each with a card of its own."""
    count = int(SECONDS_A_ROUND * PAYMENTS_A_SECOND)
    numbers = range(part * count, (part + 1) * count)
    submissions = [submission(payment_payload(number, card=f"card-{number}")) for number in numbers]
    receive_events(submissions, source="shop", now=datetime.now(UTC))
    with held_lane("commerce"):
        runner = LaneRunner("commerce")
        while runner.step():
            pass


def text_of(client: Client, page: str, *arguments: str) -> str:
    return client.get(reverse(page, args=arguments)).content.decode()


def person(group: str) -> Client:
    user = User.objects.create_user(group, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client
