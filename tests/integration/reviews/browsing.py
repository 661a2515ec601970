"""Browsing the reviewers' pages: users with permissions, their pages and reading them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Permission, User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from reviews.console.entity_index import ENTITIES
from reviews.models import Case
from reviews.queue.opening import CASES
from scoring.log import vault
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up
from scoring.registry.loaded_models import load_model
from scoring.signals import redis_connections as connections
from tests.factories.log import decided, received
from tests.integration.reviews.test_explained_decisions import decide_one, small_model  # noqa: F401 (a fixture)

Browse = Callable[..., Client]
ReviewCase = Callable[..., Case]

LOOK = ("reviews.view_case", "scoring.view_event")
WORK = (*LOOK, "reviews.work_case")
SEE = (*WORK, "reviews.see_personal")
QUEUE = "/admin/queue/"
FRAUD = {"action": "decide", "verdict": "fraud", "reason_code": "stolen_card"}
REASON = {
    "code": "new_merchant",
    "feature": "card_is_new_merchant",
    "value": "yes",
    "usual": None,
    "contribution": 1.25,
    "text": "This merchant is new for this card",
}


@pytest.fixture
def browse(transactional_db: None) -> Browse:
    """`browse("ana", *WORK)`: a client logged in as a user with these permissions."""

    def log_in(name: str = "ana", *permissions: str) -> Client:
        user, _ = User.objects.get_or_create(username=name, is_staff=True)
        for permission in permissions:
            app, _, codename = permission.partition(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def review_case(transactional_db: None, online_redis: redis.Redis) -> ReviewCase:
    """Opens the case of a payment that a model sent to review; `fields` are the payment's."""
    connections.client.cache_clear()
    load_model.cache_clear()  # other tests have models of the same names

    def open_case(
        external_id: str = "T-1",
        *,
        score: float = 0.5,
        stake: int = 10_000,
        block_from: float = 0.8,
        **fields: Any,
    ) -> Case:
        [event] = append([received(external_id, **fields)], now=datetime.now(UTC))
        decision = decided(
            event,
            outcome="review",
            score=score,
            margin=0.75,
            stake=stake,
            reasons=[REASON],
            thresholds={"review": 0.05, "block": block_from},
            feature_set="0" * 64,
        )
        append([decision], now=datetime.now(UTC))
        catch_up(CASES, now=datetime.now(UTC))
        catch_up(ENTITIES, now=datetime.now(UTC))
        return Case.objects.get(pk=event.position)

    return open_case


def page_of(case: Case) -> str:
    return reverse("admin:case", args=[case.pk])


def text_of(response: HttpResponse) -> str:
    assert response.status_code == 200
    return response.content.decode()


def take(client: Client) -> str:
    """Takes the next case; returns the address it redirects to."""
    return client.post(QUEUE).headers["Location"]


def kept(value: str, kind: str = "ip") -> str:
    """Stores a personal value in the vault; returns its digest."""
    vault.store([(kind, value)])
    return vault.digest_of(kind, value)
