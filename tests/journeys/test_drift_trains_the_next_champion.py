"""Payments drift. A trigger requests a training; its candidate passes the gate, people approve and deploy it,
and the new champion decides the payments as they are now.

Uses real PostgreSQL and Redis; the lane, the consumers, the scheduled check and the training run in this
process; users act on pages.
"""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from monitoring.models import TriggerCheck
from monitoring.tasks import check_triggers
from monitoring.triggers.forms import TriggersForm
from monitoring.triggers.settings import TriggerSettings
from scoring.decisions.models import Decision
from scoring.intake.receive import Submission, receive_events
from scoring.lanes.lock import held_lane
from scoring.learning.jobs.running import run_job
from scoring.learning.jobs.usual_options import RETRAIN
from scoring.learning.models import TrainingJob
from scoring.log.append import append
from scoring.log.read import read_stream
from scoring.log.tasks import run_consumers
from scoring.registry.models import ModelVersion
from scoring.registry.routes import route_of
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from tests.factories.log import labeled
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payment_payload, submission

pytestmark = pytest.mark.django_db(transaction=True)

ENDS = datetime.now(UTC).replace(microsecond=0) - timedelta(days=60)
COUNT, FRAUD_SHARE = 1_200, 0.15


def test_drift_trains_the_next_champion(
    online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "VAR_DIR", tmp_path / "var")
    connections.client.cache_clear()
    [before] = train_small_models(15, end=ENDS)
    promote(before)
    lea, dana = person("lea", "lead"), person("dana", "data scientist")

    # Drift counts once there are enough decisions, and labels alone trigger nothing. The schedule says how to
    # train: on payments since the new customers came.
    page = reverse("admin:trigger_settings", args=["payment"])
    triggers = shown(TriggersForm.showing(TriggerSettings()))
    triggers |= {"drift_minimum": COUNT, "labels_on": "", "recipe_on": "", "reason": "A young shop."}
    assert lea.post(page, triggers).status_code == 302
    schedule_retraining()

    # Payments of new customers are much larger. Nothing happens before they have come.
    assert check_triggers() == []
    pay(0, COUNT)
    assert check_triggers() == [1]

    # The cause stands on the training, the overview and the page of triggers; it is not requested twice.
    job = TrainingJob.objects.get()
    assert (job.requested_by, job.trigger["model"]) == ("trigger/drift", before)
    assert job.trigger["figures"]["value"] > 0.2
    assert job.trigger["text"].split("(")[0] in text_of(dana, "admin:training", 1)
    assert "A trigger requested training 1 of payment" in text_of(lea, "admin:index")
    assert check_triggers() == []
    assert "training 1 has not ended yet" in text_of(lea, "admin:triggers")

    # It trains as the schedule says, and makes a candidate that passed the automatic checks.
    assert run_job(1)
    job.refresh_from_db()
    assert (job.state, job.error) == ("finished", "")
    version = ModelVersion.objects.get(name=job.model)
    assert (version.status, version.trained_by) == ("candidate", "trigger/drift")
    assert [check["name"] for check in version.checks if not check["passed"]] == []
    assert (version.parameters["trees"], version.lineage["rows"]) == (25, COUNT)
    assert check_triggers() == []
    assert "lately; it is candidate and not the champion" in text_of(lea, "admin:triggers")
    assert route_of("payment").champion.model == before  # type: ignore[union-attr]

    # A person approves it, tries it on a part of the cards, and makes it the champion.
    page = reverse("admin:model", args=[version.name])
    assert lea.post(page, {"action": "approve"}).status_code == 403
    for action in ({"action": "approve"}, {"action": "canary", "percent": "50"}, {"action": "promote"}):
        assert dana.post(page, action).status_code == 302
    assert read_stream(f"model/{version.name}")[-1].metadata["actor"] == "user/dana"
    assert route_of("payment").champion.model == version.name  # type: ignore[union-attr]

    # It decides the next payments, and is checked from now on.
    pay(COUNT, COUNT + 50)
    assert Decision.objects.filter(model=version.name).count() == 50
    assert check_triggers() == []
    assert TriggerCheck.objects.get(pk="payment").model == version.name


def schedule_retraining() -> None:
    """Every night, on payments since the new customers came."""
    recipe = {
        "trees": 25,
        "depth": 4,
        "minimum_positives": 4,
        "shares": {"train": 0.5, "validation": 0.1, "calibration": 0.2, "test": 0.2, "gap_days": 1},
    }
    options = {"event_type": "payment", "since": ENDS.isoformat(), "matures_after_days": 14, "recipe": recipe}
    PeriodicTask.objects.create(
        name="retrain the payment model",
        task=RETRAIN,
        crontab=CrontabSchedule.objects.create(hour="3"),
        kwargs=json.dumps(options),
    )


def pay(start: int, end: int) -> None:
    """Decide payments that are mature by now; the frauds among them become known."""
    rng = random.Random(start)
    numbers = range(start, end)
    frauds = {number for number in numbers if rng.random() < FRAUD_SHARE}
    receive_events([payment(number, rng, number in frauds) for number in numbers], source="shop", now=now())
    with held_lane("commerce"):
        runner = LaneRunner("commerce")
        while runner.step():
            pass
    append([labeled(f"payment/shop/T-{number}") for number in sorted(frauds)], now=now())
    run_consumers()


def payment(number: int, rng: random.Random, fraud: bool) -> Submission:
    """One payment every half hour, of 60 customers; fraud tends to be larger, and on other devices."""
    amount = rng.uniform(900, 3_000) if fraud else rng.uniform(300, 1_500)
    who = f"new-{rng.randrange(60)}"
    return submission(
        payment_payload(
            number,
            amount=f"{amount:.2f}",
            card=who,
            customer=who,
            device=f"device-{rng.randrange(4)}" if fraud else who,
            occurred_at=(ENDS + timedelta(hours=1, minutes=30 * number)).isoformat(),
        )
    )


def now() -> datetime:
    return datetime.now(UTC)


def shown(form: TriggersForm) -> dict[str, object]:
    """What a browser sends of an unchanged form."""
    return {name: value for name, value in form.initial.items() if value not in (False, None)}


def text_of(client: Client, page: str, *arguments: object) -> str:
    return client.get(reverse(page, args=arguments)).content.decode()


def person(name: str, group: str) -> Client:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client
