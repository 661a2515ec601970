"""Sends queued messages by e-mail and webhook, with retries, and records each in the log."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.core.mail import DNS_NAME, EmailMessage
from django.db import transaction

from monitoring.alerts.handling import record_sent
from monitoring.notifications.composing import signed_body, slack_body
from monitoring.notifications.errors import DeliveryFailed, WebhookRefused
from monitoring.notifications.models import AlertNotice, NotificationMessage
from monitoring.notifications.owners import addresses_of
from monitoring.notifications.settings import SLACK
from monitoring.notifications.stored import settings_of
from monitoring.notifications.webhooks import host_of, post

ACTOR = "notifications"
logger = logging.getLogger(__name__)

PENDING, SENT, FAILED = (
    NotificationMessage.State.PENDING,
    NotificationMessage.State.SENT,
    NotificationMessage.State.FAILED,
)
MAX_A_RUN = 20
KEPT = timedelta(days=90)
LEASE = timedelta(minutes=2)  # far longer than an attempt; then another process may try
FIRST_PAUSE, MAX_ATTEMPTS = timedelta(seconds=30), 8  # pauses double: about an hour in total


def send_messages(*, now: datetime) -> int:
    """Send the messages that are due, up to MAX_A_RUN; returns how many were handed over.

    The first failure ends the run, so that a server that hangs holds the worker for one time-out at most.
    """
    sent = 0
    while sent < MAX_A_RUN and (message := _claim(now=now)):
        if not _attempt(message, now=now):
            break
        sent += 1
    return sent


def prune_messages(*, now: datetime) -> int:
    """Delete messages and notices that were done KEPT ago; returns how many messages."""
    AlertNotice.objects.filter(at__lt=now - KEPT, state=AlertNotice.State.DONE).delete()
    deleted, _ = NotificationMessage.objects.filter(created_at__lt=now - KEPT).exclude(state=PENDING).delete()
    return deleted


def pause_after(attempts: int) -> timedelta:
    """How long to wait after this many failed attempts.

    >>> str(pause_after(1)), str(pause_after(4))
    ('0:00:30', '0:04:00')
    """
    return FIRST_PAUSE * 2 ** (attempts - 1)


def _claim(*, now: datetime) -> NotificationMessage | None:
    """The next due message, leased to this process."""
    with transaction.atomic():
        due = NotificationMessage.objects.filter(state=PENDING, due_at__lte=now).order_by("due_at", "id")
        message = due.select_for_update(skip_locked=True).first()
        if message:
            message.attempts += 1
            message.due_at = now + LEASE
            message.save(update_fields=["attempts", "due_at"])
        return message


def _attempt(message: NotificationMessage, *, now: datetime) -> bool:
    try:
        reached = CHANNELS[message.channel](message, now)
    except (DeliveryFailed, WebhookRefused) as error:
        _note_failure(message, error, now=now)
        return False
    with transaction.atomic():
        message.state, message.sent_at, message.error = SENT, now, ""
        message.save(update_fields=["state", "sent_at", "error"])
        _record(message, reached, now=now)
    return True


def _note_failure(
    message: NotificationMessage, error: DeliveryFailed | WebhookRefused, *, now: datetime
) -> None:
    """Try again later, or give up after the last attempt or where another would not help."""
    final = isinstance(error, WebhookRefused) or error.final or message.attempts >= MAX_ATTEMPTS
    message.state = FAILED if final else PENDING
    message.due_at = now + pause_after(message.attempts)
    message.error = str(error)[:500]
    message.save(update_fields=["state", "due_at", "error"])
    logger.warning("message %d to %s by %s: %s", message.id, message.owner, message.channel, error)


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
