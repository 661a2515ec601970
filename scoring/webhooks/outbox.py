"""An outbox: messages that wait in a table, are claimed one by one, and are tried again after failures."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import models, transaction

from scoring.webhooks.errors import DeliveryFailed, WebhookRefused

MAX_A_RUN = 20
LEASE = timedelta(minutes=2)  # far longer than an attempt; then another process may try
FIRST_PAUSE, MAX_ATTEMPTS = timedelta(seconds=30), 8  # pauses double: about an hour in total
MAX_ERROR = 500  # characters


class OutboxMessage(models.Model):
    """A message that is sent at least once. `due_at`: when it is tried next; `error`: of the last attempt."""

    class State(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"

    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=MAX_ERROR, blank=True, default="")

    class Meta:
        abstract = True


Message = TypeVar("Message", bound=OutboxMessage)


def send_due(model: type[Message], attempt: Callable[[Message], bool], *, now: datetime) -> int:
    """Attempt the messages of an outbox that are due, up to MAX_A_RUN; returns how many did not end the run.

    `attempt` returns False to end the run, so that a server that hangs holds the worker for one time-out at
    most.
    """
    sent = 0
    while sent < MAX_A_RUN and (message := claim_due(model, now=now)):
        if not attempt(message):
            break
        sent += 1
    return sent


def claim_due(model: type[Message], *, now: datetime) -> Message | None:
    """The next due message, leased to this process, its attempt counted."""
    with transaction.atomic():
        pending = model._default_manager.filter(state=OutboxMessage.State.PENDING, due_at__lte=now)
        message = pending.order_by("due_at", "pk").select_for_update(skip_locked=True).first()
        if message:
            message.attempts += 1
            message.due_at = now + LEASE
            message.save(update_fields=["attempts", "due_at"])
        return message


def note_sent(message: OutboxMessage, *, now: datetime) -> None:
    """The receiver has it."""
    message.state, message.sent_at, message.error = OutboxMessage.State.SENT, now, ""
    message.save(update_fields=["state", "sent_at", "error"])


def note_failure(message: OutboxMessage, error: DeliveryFailed | WebhookRefused, *, now: datetime) -> bool:
    """Try again later, or give up after the last attempt or where another would not help.

    Returns whether the message has failed for good.
    """
    final = isinstance(error, WebhookRefused) or error.final or message.attempts >= MAX_ATTEMPTS
    message.state = OutboxMessage.State.FAILED if final else OutboxMessage.State.PENDING
    message.due_at = now + pause_after(message.attempts)
    message.error = str(error)[:MAX_ERROR]
    message.save(update_fields=["state", "due_at", "error"])
    return final


def pause_after(attempts: int) -> timedelta:
    """How long to wait after this many failed attempts.

    >>> str(pause_after(1)), str(pause_after(4))
    ('0:00:30', '0:04:00')
    """
    return FIRST_PAUSE * 2 ** (attempts - 1)
