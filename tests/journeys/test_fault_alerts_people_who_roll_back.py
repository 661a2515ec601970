"""A new champion fails: an alert reaches people by mail and webhook, one of them rolls back, and it resolves.

Uses real PostgreSQL and Redis, a mail server and a receiver of webhooks; scheduled tasks run in this process,
minute by minute, at times of the test's own.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
import redis
from django.contrib.auth.models import Group, User
from django.test import Client

from monitoring.alerts.evaluation.evaluate import evaluate_alerts
from monitoring.alerts.models import Alert
from monitoring.alerts.rules.rule import AllowedAction
from monitoring.alerts.rules.stored import change_rule, find_rule
from monitoring.notifications.noticing import NOTICES
from monitoring.notifications.queueing import queue_messages
from monitoring.notifications.sending import send_messages
from monitoring.notifications.settings import DeliverySettings
from monitoring.notifications.stored import change_settings, settings_of
from monitoring.windows.hourly import WINDOWS
from scoring.learning.promotion import promote as promotion
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up
from scoring.log.read import read_stream
from scoring.registry.models import ModelVersion
from scoring.registry.routes import route_of
from scoring.webhooks.posting import signature_headers
from tests.factories.log import decided, received
from tests.factories.mail_server import Mailbox, mail_server
from tests.factories.services import FakeService, running_service
from tests.integration.monitoring.made_up import add_model

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2026, 3, 2, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PAYMENTS_A_MINUTE = 40
OWNER, RULE = "group/data scientist", "decisions.fallback_share"


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with mail_server() as started:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", started.port, False
        yield started


@pytest.fixture
def webhook(settings: Any) -> Iterator[FakeService]:
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    with running_service() as started:
        yield started


def test_a_failing_champion_is_rolled_back_from_the_alert(
    online_redis: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    mailbox: Mailbox,
    webhook: FakeService,
    client: Client,
) -> None:
    good, bad = deploy(monkeypatch)
    ann = User.objects.create_user("ann", "ann@example.org", is_staff=True)
    ann.groups.add(Group.objects.get(name="data scientist"))
    change_settings(
        OWNER,
        DeliverySettings(quiet_from=0, quiet_until=0, group_minutes=1),
        webhook_url=webhook.url,
        reason="the team's channel",
        actor="user/ann",
        now=START,
    )
    rule = replace(find_rule(RULE), owner=OWNER, for_minutes=2, clear_minutes=2)
    assert AllowedAction("roll_back") in rule.actions
    change_rule(rule, reason="data scientists look after models", actor="user/ann", now=START)

    # All is well, and no message is sent.
    clock = START
    for _ in range(6):
        clock = minute(clock)
    assert not Alert.objects.exists()

    # The new champion cannot decide, so the failure policy does, until someone acts.
    promotion.promote(bad, actor="user/bo", now=clock)
    began = clock
    while not mailbox.mails and clock - began < 10 * MINUTE:
        clock = minute(clock)
    alert = Alert.objects.get()
    assert (alert.state, alert.severity, alert.scope) == ("firing", "critical", {"event_type": "payment"})
    assert clock - began <= 5 * MINUTE

    # The mail and the webhook say what is wrong, why, and where to act.
    assert mailbox.recipients == ["ann@example.org"]
    text = str(mailbox.mails[0].get_content())
    assert "Share of fallbacks" in text
    assert "model failed" in text
    link = next(word for word in text.split() if f"/admin/alerts/{alert.key}/" in word)
    (body,) = webhook.asked
    assert body["alerts"][0]["link"] == link
    assert is_signed(body, webhook.seen[0], at=clock)

    # Following the link changes nothing; the button does.
    client.force_login(ann)
    page = urlsplit(link).path
    assert "Roll back the champion" in client.get(page).content.decode()
    assert champion() == bad
    assert client.post(page, {"action": "roll_back"}).status_code == 302
    assert champion() == good
    assert alert.key in read_stream("route/payment")[-1].data["reason"]

    # The fallbacks end, the alert resolves, and people hear that, too.
    began = clock
    while len(mailbox.mails) < 2 and clock - began < 15 * MINUTE:
        clock = minute(clock)
    assert "resolved" in mailbox.mails[1]["Subject"]
    assert Alert.objects.get().state == "resolved"
    story = [entry.type.partition(".")[2] for entry in read_stream(f"alert/{alert.key}")]
    assert story == ["fired", "sent", "sent", "acted", "resolved", "sent", "sent"]


def deploy(monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A champion, and an approved version that is going to fail."""
    monkeypatch.setattr(promotion, "require_usable", lambda version: None)
    good, bad = add_model(1), add_model(2)
    ModelVersion.objects.update(status=ModelVersion.Status.APPROVED)
    promotion.promote(good, actor="user/bo", now=START)
    return good, bad


def champion() -> str:
    route = route_of("payment")
    assert route is not None
    return route.champion.model


def minute(clock: datetime) -> datetime:
    """A minute of payments, and what runs on schedule at its end; returns the time then."""
    now = clock + MINUTE
    names = [f"{clock:%H%M}-{number}" for number in range(PAYMENTS_A_MINUTE)]
    events = append([received(name) for name in names], now=clock)
    failed = {"basis": "fallback", "cause": "model_failed", "model": ""}
    told = failed if champion() == "payment-2" else {"model": champion()}
    append([decided(event, decided_at=clock, **told) for event in events], now=clock)
    catch_up(WINDOWS, now=now)
    evaluate_alerts(now=now)
    catch_up(NOTICES, now=now)
    queue_messages(now=now)
    send_messages(now=now)
    return now


def is_signed(body: dict[str, Any], headers: dict[str, str], *, at: datetime) -> bool:
    """Whether a receiver that knows the secret accepts the webhook."""
    found = {name.lower(): value for name, value in headers.items()}
    expected = signature_headers(
        settings_of(OWNER).webhook_secret, message=found["webhook-id"], body=orjson.dumps(body), now=at
    )
    return all(found[name] == value for name, value in expected.items())
