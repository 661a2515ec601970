"""Messages about alerts: from an entry of the log to a mail and a signed webhook; retries and digests."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import Group, User
from django.core import mail
from django.test import Client
from django.urls import reverse

from monitoring.alerts.entries import append_about, changing
from monitoring.alerts.handling import acknowledge, snooze
from monitoring.alerts.models import AlertChange
from monitoring.notifications.errors import (
    NotificationSettingsInvalid,
    NotificationSettingsUnchanged,
    UnknownOwner,
)
from monitoring.notifications.models import AlertNotice, NotificationMessage, NotificationSettings
from monitoring.notifications.noticing import NOTICES
from monitoring.notifications.queueing import queue_messages
from monitoring.notifications.sending import KEPT, prune_messages, send_messages
from monitoring.notifications.settings import SLACK, DeliverySettings
from monitoring.notifications.stored import change_settings, history, settings_of
from scoring.log.consumers.registry import catch_up
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.webhooks.outbox import MAX_ATTEMPTS, pause_after
from scoring.webhooks.posting import signature_headers
from tests.factories.mail_server import mail_server
from tests.factories.services import FakeService, running_service

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEADS, ANN = "group/lead", "user/ann"
SLOW, DRIFT = "slow/00", "drift/01"
AT_ONCE = DeliverySettings(group_minutes=0, quiet_from=0, quiet_until=0)
Leads = list[User]


@pytest.fixture(autouse=True)
def leads() -> Leads:
    group = Group.objects.get(name="lead")
    users = [User.objects.create_user(name, f"{name}@example.org", is_staff=True) for name in ("ann", "bo")]
    users.append(User.objects.create_user("gone", "gone@example.org", is_active=False))
    for user in users:
        user.groups.add(group)
    return users


@pytest.fixture
def service(settings: Any) -> Iterator[FakeService]:
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    with running_service() as started:
        yield started


def fire(key: str = SLOW, *, at: datetime = NOON, **changes: Any) -> Entry:
    data = {
        "rule": key.partition("/")[0],
        "metric": "decisions.latency_p99",
        "scope": {"event_type": "payment"},
        "severity": "warning",
        "owner": LEADS,
        "value": 1.25,
        "low": None,
        "high": None,
        "rows": 400,
        "side": "above",
        "threshold": 0.5,
        "since": at - 5 * MINUTE,
        "because": "PostgreSQL is slow to commit.",
        "path": "operations/",
        "runbook": "",
        "flapping": False,
        "parent": "",
    }
    with changing(key):
        return append_about(key, "fired", {**data, **changes}, actor="alerts", now=at)


def resolve(key: str = SLOW, *, at: datetime) -> Entry:
    with changing(key):
        data = {"value": 0.1, "reason": "it was 0.1 for 10 min"}
        return append_about(key, "resolved", data, actor="alerts", now=at)


def run(now: datetime) -> int:
    """What the tasks do at that time; returns how many messages were sent."""
    catch_up(NOTICES, now=now)
    queue_messages(now=now)
    return send_messages(now=now)


def set_for(owner: str, delivery: DeliverySettings = AT_ONCE, *, url: str = "") -> None:
    change_settings(owner, delivery, webhook_url=url, reason="tests", actor="user/ann", now=NOON)


def changes_of(key: str = SLOW) -> list[dict[str, Any]]:
    return [row.data for row in AlertChange.objects.filter(key=key, change="sent").order_by("position")]


def test_a_groups_alert_is_mailed_to_its_active_members_once() -> None:
    fire()
    assert run(NOON) == 0  # its group may get more alerts
    assert run(NOON + 2 * MINUTE) == 1
    assert run(NOON + 3 * MINUTE) == 0
    (sent,) = mail.outbox
    assert sent.bcc == ["ann@example.org", "bo@example.org"]
    assert sent.to == []  # members do not see each other's addresses
    assert sent.subject == "Assay: [warning] Latency, 99th percentile (payment)"
    assert "PostgreSQL is slow to commit." in sent.body
    assert "/admin/alerts/slow/00/" in sent.body
    assert [(each["channel"], each["to"], each["owner"]) for each in changes_of()] == [
        ("email", "2 addresses", LEADS)
    ]


def test_a_webhook_is_signed_over_what_was_sent(service: FakeService) -> None:
    set_for(ANN, DeliverySettings(email=False, group_minutes=0), url=service.url)
    fire(owner=ANN)
    assert run(NOON + MINUTE) == 1
    (body,), (headers,) = service.asked, service.seen
    assert [each["type"] for each in body["alerts"]] == ["alert.fired"]
    message = NotificationMessage.objects.get()
    expected = signature_headers(
        settings_of(ANN).webhook_secret,
        message=f"msg_{message.id}",
        body=orjson.dumps(body),
        now=NOON + MINUTE,
    )
    found = {name.lower(): value for name, value in headers.items()}
    assert {name: found[name] for name in expected} == expected
    assert mail.outbox == []


def test_slack_gets_text_and_blocks_without_a_signature(service: FakeService) -> None:
    slack = DeliverySettings(email=False, group_minutes=0, webhook_format=SLACK)
    set_for(ANN, slack, url=service.url)
    fire(owner=ANN)
    run(NOON + MINUTE)
    (body,) = service.asked
    assert body["text"] == "Assay: [warning] Latency, 99th percentile (payment)"
    assert body["blocks"][1]["accessory"]["url"].endswith("/admin/alerts/slow/00/")
    assert "webhook-signature" not in {name.lower() for name in service.seen[0]}


def test_a_webhook_that_fails_is_tried_again_under_the_same_id_and_the_mail_is_not(
    service: FakeService,
) -> None:
    set_for(ANN, url=service.url)
    service.status = 503
    fire(owner=ANN)
    now = NOON + MINUTE
    run(now)
    run(now + timedelta(seconds=1))  # the run above ended with the failure
    failed = NotificationMessage.objects.get(channel="webhook")
    assert (failed.state, failed.attempts, failed.due_at) == ("pending", 1, now + pause_after(1))
    assert "127.0.0.1 answered 503" in failed.error
    assert run(now + timedelta(seconds=29)) == 0
    service.status = 200
    assert run(now + timedelta(seconds=31)) == 1
    assert {each["Webhook-Id"] for each in _titled(service.seen)} == {f"msg_{failed.id}"}
    assert len(mail.outbox) == 1
    assert [each["channel"] for each in changes_of()] == ["email", "webhook"]


def _titled(headers: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{name.title(): value for name, value in each.items()} for each in headers]


def test_after_the_last_attempt_a_message_has_failed(service: FakeService) -> None:
    set_for(ANN, DeliverySettings(email=False, group_minutes=0), url=service.url)
    service.status = 500
    fire(owner=ANN)
    now = NOON + MINUTE
    for attempt in range(1, MAX_ATTEMPTS + 1):
        run(now)
        now += pause_after(attempt)
    assert run(now + timedelta(days=1)) == 0
    message = NotificationMessage.objects.get()
    assert (message.state, message.attempts) == ("failed", MAX_ATTEMPTS)
    assert len(service.asked) == MAX_ATTEMPTS
    assert changes_of() == []


def test_a_redirect_is_a_failure_and_is_not_followed(service: FakeService) -> None:
    set_for(ANN, DeliverySettings(email=False, group_minutes=0), url=service.url)
    service.status, service.headers = 302, {"Location": service.url}
    fire(owner=ANN)
    assert run(NOON + MINUTE) == 0
    assert len(service.asked) == 1


def test_a_webhook_to_a_private_address_is_refused_for_good(service: FakeService, settings: Any) -> None:
    set_for(ANN, DeliverySettings(email=False, group_minutes=0), url=service.url)
    settings.WEBHOOK_PRIVATE_HOSTS = []
    fire(owner=ANN)
    assert run(NOON + MINUTE) == 0
    message = NotificationMessage.objects.get()
    assert message.state == "failed"
    assert "score" not in message.error  # the path, which may be a secret
    assert service.asked == []


def test_an_owner_without_an_address_is_an_error_to_see() -> None:
    User.objects.filter(username="ann").update(email="")
    set_for(ANN)
    fire(owner=ANN)
    assert run(NOON + MINUTE) == 0
    assert NotificationMessage.objects.get().error == "user/ann has no e-mail address"


def test_a_mail_goes_through_a_real_server(settings: Any) -> None:
    fire(because="Ünïcode; see below.")
    with mail_server() as mailbox:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", mailbox.port, False
        settings.DEFAULT_FROM_EMAIL = "assay@example.org"
        assert run(NOON + 2 * MINUTE) == 1
    (received,) = mailbox.mails
    assert mailbox.recipients == ["ann@example.org", "bo@example.org"]
    assert "Bcc" not in received
    assert received["From"] == "assay@example.org"
    assert "Ünïcode; see below." in received.get_content()


def test_a_mail_server_that_is_away_is_tried_again(settings: Any) -> None:
    fire()
    with mail_server() as mailbox:
        port = mailbox.port
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, False
    assert run(NOON + 2 * MINUTE) == 0
    message = NotificationMessage.objects.get()
    assert (message.state, message.error) == (
        "pending",
        "the mail server did not take it: ConnectionRefusedError",
    )


def test_alerts_of_one_group_are_one_message_and_their_end_another() -> None:
    fire(at=NOON)
    fire(DRIFT, at=NOON + MINUTE)
    run(NOON + 3 * MINUTE)
    assert [each.subject for each in mail.outbox] == [
        "Assay: [warning] Latency, 99th percentile (payment) and 1 more"
    ]
    resolve(at=NOON + 20 * MINUTE)
    run(NOON + 23 * MINUTE)
    assert mail.outbox[1].subject == "Assay: [warning] resolved Latency, 99th percentile (payment)"
    assert "it was 0.1 for 10 min" in mail.outbox[1].body
    assert [each["transition"] for each in changes_of()] == ["fired", "resolved"]


def test_what_was_seen_before_it_was_sent_is_not_sent() -> None:
    fire()
    catch_up(NOTICES, now=NOON)
    acknowledge(SLOW, actor="user/ann", now=NOON)
    assert run(NOON + 5 * MINUTE) == 0
    assert AlertNotice.objects.get().outcome == "withdrawn"


def test_the_end_of_a_snoozed_alert_is_not_sent() -> None:
    fire()
    run(NOON + 2 * MINUTE)
    snooze(SLOW, until=NOON + 60 * MINUTE, reason="known", actor="user/ann", now=NOON + 3 * MINUTE)
    resolve(at=NOON + 10 * MINUTE)
    assert run(NOON + 30 * MINUTE) == 0


def test_beyond_the_daily_number_alerts_are_in_the_next_mornings_digest() -> None:
    set_for(LEADS, DeliverySettings(max_a_day=1, group_minutes=0))
    fire()
    run(NOON)
    fire(DRIFT, at=NOON + 60 * MINUTE)
    assert run(NOON + 61 * MINUTE) == 0
    assert run(NOON + timedelta(hours=19)) == 0  # at 7
    assert run(NOON + timedelta(hours=20)) == 1
    assert mail.outbox[1].subject == "Assay: digest of 1 alert"
    assert "/admin/alerts/drift/01/" in mail.outbox[1].body
    assert run(NOON + timedelta(hours=44)) == 0  # nothing, no digest


def test_both_channels_count_as_one_message_of_the_day(service: FakeService) -> None:
    set_for(LEADS, DeliverySettings(max_a_day=2, group_minutes=0), url=service.url)
    for minute in range(3):
        fire(f"slow/{minute:02}", at=NOON + minute * MINUTE)
        run(NOON + minute * MINUTE)
    assert (len(mail.outbox), len(service.asked)) == (2, 2)


def test_a_message_is_sent_by_one_of_two_processes() -> None:
    fire()
    catch_up(NOTICES, now=NOON)
    queue_messages(now=NOON + 2 * MINUTE)
    NotificationMessage.objects.update(due_at=NOON + 4 * MINUTE)  # as if another process had claimed it
    assert send_messages(now=NOON + 3 * MINUTE) == 0
    assert send_messages(now=NOON + 5 * MINUTE) == 1  # that process has died


def test_old_messages_are_deleted_and_waiting_ones_stay() -> None:
    fire()
    run(NOON + 2 * MINUTE)
    fire(DRIFT, at=NOON + 3 * MINUTE)
    catch_up(NOTICES, now=NOON + 3 * MINUTE)
    assert prune_messages(now=NOON + KEPT) == 0
    assert prune_messages(now=NOON + KEPT + 5 * MINUTE) == 1
    assert list(AlertNotice.objects.values_list("alert", flat=True)) == [DRIFT]


def test_a_change_of_settings_is_in_the_log_without_the_webhooks_secrets() -> None:
    set_for(LEADS, url="https://hooks.example.org/services/T0/SECRET")
    secret = settings_of(LEADS).webhook_secret
    (entry,) = read_stream(f"notification/{LEADS}")
    assert entry.data["webhook_host"] == "hooks.example.org"
    assert "SECRET" not in json.dumps(entry.data)
    assert secret not in json.dumps(entry.data)
    assert history(LEADS)[0]["reason"] == "tests"
    set_for(LEADS, DeliverySettings(), url="https://hooks.example.org/services/T0/SECRET")
    assert settings_of(LEADS).webhook_secret == secret
    set_for(LEADS, DeliverySettings(), url="https://other.example.org/")
    assert settings_of(LEADS).webhook_secret not in ("", secret)


@pytest.mark.parametrize(
    ("owner", "url", "error"),
    [
        ("group/nothing", "", UnknownOwner),
        ("user/gone", "", UnknownOwner),
        ("ann", "", UnknownOwner),
        (LEADS, "http://hooks.example.org/", NotificationSettingsInvalid),
    ],
)
def test_settings_that_are_not_allowed(owner: str, url: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        set_for(owner, url=url)
    assert not NotificationSettings.objects.exists()


def test_the_same_settings_again_are_refused() -> None:
    set_for(LEADS)
    with pytest.raises(NotificationSettingsUnchanged):
        set_for(LEADS)


@pytest.fixture
def lead(client: Client, leads: Leads) -> Client:
    client.force_login(leads[0])
    return client


def form(**changes: Any) -> dict[str, Any]:
    return {**DeliverySettings().as_data(), "email": "on", "webhook_url": "", "reason": "tests", **changes}


def test_settings_are_changed_on_the_page_which_shows_the_secret(lead: Client) -> None:
    address = reverse("admin:owner_notifications", args=[LEADS])
    assert lead.post(address, form(webhook_url="https://hooks.example.org/x", max_a_day=3)).status_code == 302
    assert settings_of(LEADS).delivery.max_a_day == 3
    assert settings_of(LEADS).webhook_secret in lead.get(address).content.decode()
    listed = lead.get(reverse("admin:notifications")).content.decode()
    assert "webhook to hooks.example.org (signed)" in listed
    assert settings_of(LEADS).webhook_secret not in listed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time_zone": "Mars/Base"}, "name one such as Europe/Berlin"),
        ({"webhook_url": "http://hooks.example.org/"}, "must begin with https://"),
        ({"quiet_from": "25"}, "less than or equal to 23"),
        ({"reason": ""}, "This field is required"),
        ({}, "are those already"),
    ],
)
def test_the_form_says_what_is_wrong(lead: Client, changes: dict[str, Any], message: str) -> None:
    page = lead.post(reverse("admin:owner_notifications", args=[LEADS]), form(**changes))
    assert page.status_code == 200
    assert message in page.content.decode()
    assert not NotificationSettings.objects.exists()


def test_a_test_message_arrives_and_its_state_is_shown(lead: Client) -> None:
    address = reverse("admin:owner_notifications", args=[ANN])
    assert lead.post(address, {"action": "test"}, follow=True).status_code == 200
    assert send_messages(now=datetime.now(UTC)) == 1
    assert mail.outbox[0].subject == "Assay: test message"
    assert "Assay: test message" in lead.get(address).content.decode()


def test_the_overview_says_that_a_message_could_not_be_delivered(lead: Client) -> None:
    User.objects.filter(username="bo").update(email="")
    lead.post(reverse("admin:owner_notifications", args=["user/bo"]), {"action": "test"})
    send_messages(now=datetime.now(UTC))
    overview = lead.get(reverse("admin:index")).content.decode()
    assert "1 message about alerts could not be delivered within a day" in overview
    assert reverse("admin:owner_notifications", args=["user/bo"]) in overview


def test_there_is_no_page_for_an_unknown_owner(lead: Client) -> None:
    assert lead.get(reverse("admin:owner_notifications", args=["user/nobody"])).status_code == 404
