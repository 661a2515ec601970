"""A payment goes to review. The analyst's verdict reaches the next payment's features and the next model,
which another user approves and promotes, and which is then rolled back.

Uses real PostgreSQL and Redis, a real worker for lanes and consumers and a real trainer; users act on pages.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from reviews.models import Case
from scoring.api.keys import issue as keys
from scoring.api.keys.requests import FOR_KEYS, SCOPES
from scoring.features.compile.plan import lane_plan
from scoring.features.logged_vectors import unpack_vectors
from scoring.intake.models import Label
from scoring.lanes.models import Pending
from scoring.learning.dataset.training_set import join_labels
from scoring.learning.dataset.vectors_and_labels import read_labels, read_vectors
from scoring.learning.models import TrainingJob
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.log.tasks import run_consumers
from scoring.registry import loaded_models
from scoring.registry.models import ModelVersion
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payment_payload
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

# The first payment is mature; the few payments two weeks later are not.
HISTORY_ENDS = datetime.now(UTC).replace(microsecond=0) - timedelta(days=30)
MATURES_AFTER = timedelta(days=29)
SHOP = "merchant-of-this-journey"


def test_a_verdict_becomes_a_label_a_feature_and_a_model(
    celery_worker_process: Callable[..., Any], settings: Any, tmp_path: Any
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    (first_model,) = train_small_models(15, end=HISTORY_ENDS, thresholds={"review": 0.0, "block": 1.0})
    promote(first_model)
    celery_worker_process(queues="lanes,default")
    celery_worker_process(queues="training")
    ana, dana, moss = person("ana", "analyst"), person("dana", "data scientist"), person("moss", "admin")
    pay = sender()

    # A payment goes to review, and a case is opened.
    suspicious = pay(1, occurred_at=HISTORY_ENDS + timedelta(hours=1), merchant=SHOP)
    assert (suspicious["outcome"], suspicious["model"]) == ("review", first_model)
    run_consumers.delay()
    wait_until(Case.objects.exists, seconds=90)

    # The analyst claims it, reads the reasons, and decides that it is fraud.
    taken = ana.post(reverse("admin:queue"), follow=True)
    case = Case.objects.get()
    assert taken.redirect_chain[-1][0] == reverse("admin:case", args=[case.event_position])
    assert case.claimed_by == "ana"
    assert suspicious["reasons"][0]["text"] in taken.content.decode()
    verdict = {
        "action": "decide",
        "verdict": "fraud",
        "reason_code": "stolen_card",
        "note": "the bank called",
    }
    ana.post(reverse("admin:case", args=[case.event_position]), verdict)
    assert Case.objects.get().state == "decided"
    assert Label.objects.filter(source="review", effective="fraud").count() == 1
    wait_until(
        lambda: not Pending.objects.filter(state="ready").exists(), seconds=90
    )  # the lane has the label

    # The merchant's next payment after the label delay reflects the label; another merchant's does not.
    later = HISTORY_ENDS + timedelta(days=17)
    pay(2, occurred_at=later, merchant=SHOP)
    pay(3, occurred_at=later, merchant="another-merchant")
    assert feature_of(2, "merchant_fraud_share_7d_after_14d") == 1.0
    assert not feature_of(3, "merchant_fraud_share_7d_after_14d") > 0

    # A training is requested and runs; the verdict is in its training set.
    dana.post(
        reverse("admin:training_start"),
        {"event_type": "payment", "matures_after_days": f"{MATURES_AFTER.days}", "trees": "60", "depth": "4"},
    )
    ended = TrainingJob.objects.filter(state__in=("finished", "failed"))
    job = wait_until(ended.first, seconds=90)
    assert (job.state, job.error) == ("finished", "")
    second_model = job.model
    assert was_trained_as_fraud(second_model, case.event_position)

    # The user who requested the training may not approve the model; another user may, and promotes it.
    act(dana, second_model, "approve")
    assert ModelVersion.objects.get(name=second_model).status == "candidate"
    act(moss, second_model, "approve")
    act(moss, second_model, "promote")
    assert pay(4, occurred_at=later, merchant=SHOP)["model"] == second_model

    # One click rolls back.
    act(moss, second_model, "roll_back")
    assert pay(5, occurred_at=later, merchant=SHOP)["model"] == first_model


def person(name: str, group: str) -> Client:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def sender() -> Callable[..., dict[str, Any]]:
    """A function that sends a payment to the API and waits for its decision."""
    _, key = keys.create_key(
        name="shop",
        source="shop",
        scopes=list(SCOPES),
        label_sources=FOR_KEYS,
        now=datetime.now(UTC),
        actor="test",
    )
    client = Client(headers={"Authorization": f"Bearer {key}", "Prefer": "wait=10"})

    def pay(number: int, *, occurred_at: datetime, merchant: str) -> dict[str, Any]:
        payload = payment_payload(number, merchant=merchant, occurred_at=occurred_at.isoformat())
        answer = client.post("/api/v1/events", orjson.dumps(payload), content_type="application/json")
        assert answer.status_code == 201, answer.content
        decision: dict[str, Any] = answer.json()["decision"]
        return decision

    return pay


def act(client: Client, model: str, action: str) -> None:
    answer = client.post(reverse("admin:model", args=[model]), {"action": action}, follow=True)
    assert answer.status_code == 200


def feature_of(number: int, name: str) -> float:
    """The feature value on which a payment was decided."""
    made = decision_of(number)
    vocabularies = loaded_models.load_model(made.data["model"]).spec.vocabularies
    names = lane_plan("commerce", {"payment": vocabularies}).feature_set("payment").names
    vector, _ = unpack_vectors(made.packed or b"", width=len(names))
    return float(vector[names.index(name)])


def decision_of(number: int) -> Entry:
    return next(entry for entry in read_stream(f"payment/shop/T-{number}") if entry.type == "decision.made")


def was_trained_as_fraud(model: str, event_position: int) -> bool:
    """Whether the model's training set contains the event as confirmed fraud."""
    version = ModelVersion.objects.get(name=model)
    vectors = read_vectors(
        "payment",
        vocabulary=loaded_models.load_model(model).spec.vocabularies,
        log_position=version.lineage["log_position"],
    )
    labels = read_labels(vectors, log_position=version.lineage["log_position"])
    data = join_labels(vectors=vectors, labels=labels, as_of=version.as_of, matures_after=MATURES_AFTER)
    occurred = vectors.occurred_at[vectors.positions == event_position]
    row = np.flatnonzero(data.occurred_at == occurred)
    return bool(len(row)) and bool(data.y[row].all()) and not data.inferred[row].any()
