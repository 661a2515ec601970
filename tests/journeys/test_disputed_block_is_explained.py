"""A card is blocked and its owner complains. The sender reads why, and an auditor prints it and checks it
against the log. A simulation shows what the same payment by another card would get, and leaves no trace.

Uses real PostgreSQL and Redis and a real worker of lanes.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from scoring.api.keys import issue as keys
from scoring.api.keys.requests import FOR_KEYS, SCOPES
from scoring.intake.models import Event
from scoring.log.models import LogEntry
from tests.factories.lists import defined, listed
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payment_payload
from tests.factories.rules import store_rule

Call = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_disputed_block_is_explained(
    celery_worker_process: Callable[..., Any], settings: Any, tmp_path: Any
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    (model,) = train_small_models(15, thresholds={"review": 0.9, "block": 0.95})
    promote(model)
    defined("stolen_cards", title="Stolen cards")
    listed("stolen_cards", "card-1")
    store_rule("active", name="small", expression="amount < 50 && has(ip)", sentence="A small payment")
    celery_worker_process(queues="lanes")
    call = sender()

    # The card's payment is blocked by the list, over the rule that wants a review.
    blocked = call("events", payment_payload(1))["decision"]
    assert (blocked["outcome"], blocked["decided_by"]) == ("block", "list")

    explained = sender_reads_why(call)
    auditor_checks_the_sheet(explained)
    simulation_leaves_no_trace(call, model)


def sender_reads_why(call: Call) -> dict[str, Any]:
    """Which list blocked the payment, who listed the card and when, and what else matched."""
    explained = call("explanations/payment/T-1")
    assert explained["findings"][0]["definition"]["title"] == "Stolen cards"
    assert explained["findings"][0]["listed"]["by"] == "user/ana"
    assert explained["findings"][1]["definition"]["expression"] == "amount < 50 && has(ip)"
    assert explained["score"]["complete"]
    return explained


def auditor_checks_the_sheet(explained: Mapping[str, Any]) -> None:
    """The auditor opens the same as a sheet and as a file, whose digests are those of the log."""
    auditor = person("otto", "auditor")
    position = Event.objects.get(source="shop", external_id="T-1").position
    address = reverse("admin:explanation", args=[position])
    page = auditor.get(address).content.decode()
    assert "Decided by the list Stolen cards" in page
    printed = auditor.get(address, {"format": "json"}).json()
    assert {**printed, "generated_at": ""} == {**explained, "generated_at": ""}
    for entry in printed["entries"]:
        stored = LogEntry.objects.get(position=entry["position"]).data
        assert entry["sha256"] == hashlib.sha256(stored.encode()).hexdigest()
        assert entry["sha256"] in page


def simulation_leaves_no_trace(call: Call, model: str) -> None:
    """The same payment by another card would be reviewed; nothing is recorded of trying."""
    entries = LogEntry.objects.count()
    tried = call(
        "simulations", {"event": payment_payload(1, card="card-2"), "expressions": ["merchant_count_1h >= 1"]}
    )
    assert (tried["decision"]["outcome"], tried["decision"]["decided_by"]) == ("review", "rule")
    assert tried["stages"]["lists"] == []
    assert tried["stages"]["rules"][0]["result"] == "matched"
    assert tried["stages"]["model"]["model"] == model
    assert tried["expressions"][0] == {
        "expression": "merchant_count_1h >= 1",
        "result": "matched",
        "values": {"merchant_count_1h": 1.0},
        "missing": [],
    }
    assert LogEntry.objects.count() == entries


def person(name: str, group: str) -> Client:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def sender() -> Call:
    """A function that calls the API: a POST with a body, else a GET."""
    _, key = keys.create_key(
        name="shop",
        source="shop",
        scopes=list(SCOPES),
        label_sources=FOR_KEYS,
        now=datetime.now(UTC),
        actor="test",
    )
    client = Client(headers={"Authorization": f"Bearer {key}", "Prefer": "wait=30"})

    def call(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        if body is None:
            answer = client.get(f"/api/v1/{path}")
        else:
            answer = client.post(f"/api/v1/{path}", orjson.dumps(body), content_type="application/json")
        assert answer.status_code in (200, 201), answer.content
        return dict(answer.json())

    return call
