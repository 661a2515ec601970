"""A model blocks too much. Exploration lets some of its would-be blocks through; their labels show how many
blocks were wrong, and count with their weight in the next model, while the other blocks are unknown.

Uses real PostgreSQL and Redis; the lane and the training run in this process; users act on pages.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from scoring.decisions.models import Decision
from scoring.intake.models import Event
from scoring.intake.receive import receive_events
from scoring.lanes.lock import held_lane
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.log.append import append
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from scoring.timestamps import to_iso
from tests.factories.log import labeled
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payment_payload, submission

pytestmark = pytest.mark.django_db(transaction=True)

ENDS = datetime.now(UTC).replace(microsecond=0) - timedelta(days=60)
COUNT = 200


def test_an_explored_block_teaches_with_its_weight(
    online_redis: redis.Redis, settings: Any, tmp_path: Any
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    (model,) = train_small_models(15, end=ENDS, thresholds={"review": 0.0, "block": 0.0})
    promote(model)
    lea, dana = person("lea", "lead"), person("dana", "data scientist")

    # The lead expects many blocks, so breakers are off; the data scientist switches exploration on.
    limits = {"max_share": 100, "min_events": 40, "window": 10, "cool_down": 15, "reason": "A block test."}
    assert lea.post(reverse("admin:breaker_limits", args=["payment"]), limits).status_code == 302
    settings_of_exploration = {"share": 20, "amount_cap": 20, "daily_cap": 400, "reason": "Are they right?"}
    page = reverse("admin:exploration_of", args=["payment"])
    assert dana.post(page, settings_of_exploration).status_code == 302

    # Every payment would be blocked. A fifth of the small ones goes through, and never a large one.
    pay()
    explored = list(Decision.objects.filter(propensity__isnull=False))
    assert 10 < len(explored) <= COUNT / 2
    assert {(each.outcome, each.initial, each.propensity) for each in explored} == {("allow", "block", 0.2)}
    assert max(each.stake or 0 for each in explored) <= 2_000
    assert sum(each.stake or 0 for each in explored) <= 40_000
    assert Decision.objects.filter(outcome="block").count() == COUNT - len(explored)

    # One of them was fraud. The page says what that cost, and how many of the blocks were wrong.
    positions = [each.event_position for each in explored]
    fraud = Event.objects.get(pk=positions[0])
    learned = datetime.now(UTC)
    append([labeled(fraud.stream, known_at=to_iso(learned))], now=learned)
    text = dana.get(page).content.decode()
    assert "1 known to be fraud so far" in text
    good = (len(explored) - 1) / len(explored)
    assert f">{100 * good:.1f}\N{NO-BREAK SPACE}%<" in text

    # The next model counts each of them five times, and leaves the blocks out.
    now = datetime.now(UTC)
    request = TrainingRequest("payment", as_of=now, matures_after=timedelta(days=45))
    config = TrainingConfig(trees=15, depth=4, minimum_positives=4)
    run = run_training(request, config=config, actor="user/dana", now=now)
    assert (run.lineage["explored"], run.lineage["unknown_blocks"]) == (len(explored), COUNT - len(explored))
    text = dana.get(reverse("admin:model", args=[run.name])).content.decode()
    assert f"{len(explored)}, each counted 1 / propensity times" in text
    assert f"{COUNT - len(explored)} excluded, because nothing shows what they were" in text


def pay() -> None:
    """Decide payments, mature by now: half of 10 USD, half of 50."""
    submissions = [
        submission(
            payment_payload(
                number,
                amount="10.00" if number % 2 else "50.00",
                occurred_at=(ENDS + timedelta(hours=1, minutes=number)).isoformat(),
            )
        )
        for number in range(COUNT)
    ]
    receive_events(submissions, source="shop", now=datetime.now(UTC))
    with held_lane("commerce"):
        runner = LaneRunner("commerce")
        while runner.step():
            pass


def person(name: str, group: str) -> Client:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client
