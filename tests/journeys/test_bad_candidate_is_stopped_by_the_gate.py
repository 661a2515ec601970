"""Two people raise the bar of the gate; the next candidate is below it, so nobody can deploy it.

Uses real PostgreSQL and Redis; the training runs in this process; users act on pages.
"""

from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from scoring.learning.errors import NotApproved
from scoring.learning.gates.criteria import Gate
from scoring.learning.gates.forms import GateForm
from scoring.learning.promotion.promote import promote
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.registry.models import ModelVersion
from scoring.signals import redis_connections as connections
from tests.factories.log import NOW
from tests.factories.models import END, train_small_models

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_bad_candidate_is_stopped(
    online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "VAR_DIR", tmp_path / "var")
    connections.client.cache_clear()
    [before] = train_small_models(15)
    lea, dana = person("lea", "lead"), person("dana", "data scientist")
    assert {check["gate"] for check in ModelVersion.objects.get(name=before).checks} == {0}

    # The lead asks for an average precision that hardly any model has; the data scientist approves.
    page = reverse("admin:gate", args=["payment"])
    initial = GateForm.showing(Gate()).initial
    sent = {name: value for name, value in initial.items() if value is not False and value is not None}
    bar = {"average_precision_on": "on", "average_precision_limit": "0.9999"}
    request = {**sent, **bar, "average_precision_override": "admin", "action": "request"}
    assert lea.post(page, {**request, "reason": "Fewer false alarms."}).status_code == 302
    assert dana.post(page, {"action": "approve", "seen": 1}).status_code == 302

    # The next candidate is checked by the new gate, fails it, and stays a candidate.
    name = train_another()
    version = ModelVersion.objects.get(name=name)
    assert {check["gate"] for check in version.checks} == {1}
    failed = {check["name"]: check["override"] for check in version.checks if not check["passed"]}
    assert failed["average precision"] == "admin"
    model_page = reverse("admin:model", args=[name])
    text = dana.get(model_page).content.decode()
    assert "version 1 of the gate" in text
    assert "it can only be rejected: " in text
    dana.post(model_page, {"action": "approve", "note": "It is good enough."})
    assert ModelVersion.objects.get(name=name).status == ModelVersion.Status.CANDIDATE
    with pytest.raises(NotApproved):
        promote(name, actor="user/dana", now=NOW)
    dana.post(model_page, {"action": "reject", "note": "Below the gate."})
    assert ModelVersion.objects.get(name=name).status == ModelVersion.Status.REJECTED


def train_another() -> str:
    """A version with the recipe of `train_small_models`, on the same history."""
    request = TrainingRequest("payment", as_of=END, matures_after=timedelta(days=14))
    config = TrainingConfig(trees=15, depth=4, minimum_positives=4)
    return run_training(request, config=config, actor="tests", now=END + timedelta(days=3)).name


def person(name: str, group: str) -> Client:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client
