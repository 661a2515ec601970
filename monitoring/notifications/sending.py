"""Sends queued messages by e-mail and webhook, with retries, and records each in the log."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.core.mail import DNS_NAME, EmailMessage
from django.db import transaction

from monitoring.alerts.handling import record_sent
from monitoring.notifications.composing import signed_body, slack_body
from monitoring.notifications.models import AlertNotice, NotificationMessage
from monitoring.notifications.owners import addresses_of
from monitoring.notifications.settings import SLACK
from monitoring.notifications.stored import settings_of
from scoring.webhooks.errors import DeliveryFailed, WebhookRefused
from scoring.webhooks.outbox import note_failure, note_sent, send_due
from scoring.webhooks.posting import host_of, post

ACTOR = "notifications"
logger = logging.getLogger(__name__)

KEPT = timedelta(days=90)


def send_messages(*, now: datetime) -> int:
    """Send the messages that are due; returns how many were handed over. The first failure ends the run."""
    return send_due(NotificationMessage, lambda message: _attempt(message, now=now), now=now)


def prune_messages(*, now: datetime) -> int:
    """Delete messages and notices that were done KEPT ago; returns how many messages."""
    AlertNotice.objects.filter(at__lt=now - KEPT, state=AlertNotice.State.DONE).delete()
    done = NotificationMessage.objects.exclude(state=NotificationMessage.State.PENDING)
    deleted, _ = done.filter(created_at__lt=now - KEPT).delete()
    return deleted


def _attempt(message: NotificationMessage, *, now: datetime) -> bool:
    try:
        reached = CHANNELS[message.channel](message, now)
    except (DeliveryFailed, WebhookRefused) as error:
        note_failure(message, error, now=now)
        logger.warning("message %d to %s by %s: %s", message.id, message.owner, message.channel, error)
        return False
    with transaction.atomic():
        note_sent(message, now=now)
        _record(message, reached, now=now)
    return True


def _send_email(message: NotificationMessage, now: datetime) -> str:
    """Hand an e-mail over; returns to how many addresses."""
    addresses = addresses_of(message.owner)
    if not addresses:
        raise DeliveryFailed(f"{message.owner} has no e-mail address", final=True)
    email = EmailMessage(
        message.subject,
        message.content["text"],
        bcc=addresses,
        headers={"Message-ID": f"<assay-{message.id}@{DNS_NAME}>", "Auto-Submitted": "auto-generated"},
    )
    try:
        email.send()
    except (SMTPException, OSError) as error:
        raise DeliveryFailed(f"the mail server did not take it: {type(error).__name__}") from error
    return f"{len(addresses)} address{'' if len(addresses) == 1 else 'es'}"


def _send_webhook(message: NotificationMessage, now: datetime) -> str:
    """Post a message to the owner's webhook; returns its host."""
    owner = settings_of(message.owner)
    if not owner.webhook_url:
        raise DeliveryFailed(f"{message.owner} has no webhook any more", final=True)
    events = message.content["events"]
    if owner.delivery.webhook_format == SLACK:
        body = slack_body(subject=message.subject, events=events)
    else:
        body = signed_body(kind=message.kind, subject=message.subject, events=events)
    post(owner.webhook_url, body, secret=owner.webhook_secret, message=f"msg_{message.id}", now=now)
    return host_of(owner.webhook_url)


CHANNELS: dict[str, Callable[[NotificationMessage, datetime], str]] = {
    "email": _send_email,
    "webhook": _send_webhook,
}


def _record(message: NotificationMessage, reached: str, *, now: datetime) -> None:
    """An `alert.sent` for each alert that the message is about."""
    told = {
        "owner": message.owner,
        "channel": message.channel,
        "to": reached,
        "kind": message.kind,
        "message": message.id,
    }
    for each in message.alerts:
        record_sent(each["alert"], {**told, "transition": each["transition"]}, actor=ACTOR, now=now)
