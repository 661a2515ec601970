"""An event type with outcomes of its own: decided in its lane, counted, and shown by the admin."""

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
from scoring.decisions.models import Decision
from scoring.intake.receive import receive_events
from scoring.lanes.lock import held_lane
from scoring.log.tasks import run_consumers
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from tests.factories.catalog import catalog_with
from tests.factories.payments import submission
from tests.factories.rules import store_rule

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def transfers() -> Iterator[None]:
    """The catalog with transfers in it."""
    connections.client.cache_clear()
    with catalog_with("tests.factories.transfers"):
        yield
    entity_index.entity_fields.cache_clear()


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def decide(*amounts: str) -> None:
    """Receive transfers of these amounts, decide them in their lane and let the consumers follow."""
    now = datetime.now(UTC)
    payloads = [
        {
            "type": "transfer",
            "id": f"X-{n}",
            "account": "a-1",
            "amount": amount,
            "occurred_at": now.isoformat(),
        }
        for n, amount in enumerate(amounts)
    ]
    receive_events([submission(payload) for payload in payloads], source="shop", now=now)
    with held_lane("transfers"):
        runner = LaneRunner("transfers")
        while runner.step():
            pass
    assert run_consumers() == {}


def test_a_rule_gives_an_outcome_of_the_type_which_opens_no_case(
    online_redis: redis.Redis, admin: Client
) -> None:
    store_rule(
        "active",
        event_type="transfer",
        name="large",
        expression="amount > 500.0",
        outcome="limit",
    )
    decide("10.00", "900.00")
    decisions = dict(Decision.objects.values_list("stake", "outcome"))
    assert decisions == {1_000: "review", 90_000: "limit"}  # review before any model
    assert [case.outcome for case in Case.objects.filter(why=Case.Why.REVIEW)] == ["review"]
    window = HourlyWindow.objects.get(event_type="transfer")
    assert (window.decided, window.decided_as("limit"), window.stake_of("limit")) == (2, 1, 90_000)


def test_the_admin_filters_decisions_by_it_and_counts_it(online_redis: redis.Redis, admin: Client) -> None:
    store_rule(
        "active",
        event_type="transfer",
        name="any",
        expression="amount > 0.0",
        outcome="limit",
    )
    decide("10.00")
    listed = admin.get(reverse("admin:scoring_decision_changelist"), {"outcome__exact": "limit"})
    assert '<span class="ws-badge ws-badge--limit">limit</span>' in listed.content.decode()
    none = admin.get(reverse("admin:scoring_decision_changelist"), {"outcome__exact": "challenge"})
    assert "ws-badge--limit" not in none.content.decode()
    windows = admin.get(reverse("admin:monitoring_hourlywindow_changelist")).content.decode()
    assert "1 limit" in windows
    assert "Limited" in admin.get(reverse("admin:index")).content.decode()
    policies = admin.get(reverse("admin:policies")).content.decode()
    assert "transfer" in policies
