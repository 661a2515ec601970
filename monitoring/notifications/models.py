"""Settings of owners, transitions of alerts that are not sent yet, and messages with what became of them."""

from django.db import models

from scoring.webhooks.outbox import OutboxMessage


class NotificationSettings(models.Model):
    """How an owner of alerts ("user/ann", "group/lead") gets messages; without a row, as by default.

    Configuration: `notification.changed` in the log says who changed what, without address and secret of the
    webhook, so a rebuild leaves this table alone.
    """

    owner = models.CharField(max_length=80, primary_key=True)
    settings = models.JSONField()
    webhook_url = models.CharField(max_length=500, blank=True, default="")
    webhook_secret = models.CharField(max_length=100, blank=True, default="")
    changed_by = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "notification settings"
        verbose_name_plural = "notification settings"
        permissions = [("set_notifications", "Can change who is notified of alerts, how and when")]

    def __str__(self) -> str:
        return f"notification settings of {self.owner}"


class AlertNotice(models.Model):
    """A transition of an alert that concerns an owner, by the position of its entry.

    `group`: notices of one group share a message. `state`: it waits, goes into the daily digest, or is done,
    as `outcome` says.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        DIGEST = "digest"
        DONE = "done"

    position = models.BigIntegerField(primary_key=True)
    alert = models.CharField(max_length=80)  # its key
    owner = models.CharField(max_length=80)
    severity = models.CharField(max_length=10)
    transition = models.CharField(max_length=10)  # "fired" or "resolved"
    group = models.CharField(max_length=100, blank=True, default="")
    data = models.JSONField()
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    outcome = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["owner", "position"], condition=~models.Q(state="done"), name="notice_open"),
            models.Index(fields=["alert", "-position"], name="notice_of_alert"),
        ]

    def __str__(self) -> str:
        return f"{self.alert} {self.transition}"


class NotificationMessage(OutboxMessage):
    """A message to an owner by one channel, sent at least once; the webhook's id lets receivers drop repeats.

    `batch`: the position of its first notice; messages of one batch have the same content. `content`: "text",
    and "events" for webhooks. `alerts`: the entries that it is about.
    """

    id = models.BigAutoField(primary_key=True)
    owner = models.CharField(max_length=80)
    channel = models.CharField(max_length=10)  # "email" or "webhook"
    kind = models.CharField(max_length=10)  # "alerts", "digest" or "test"
    batch = models.BigIntegerField(default=0)
    subject = models.CharField(max_length=200)
    content = models.JSONField()
    alerts = models.JSONField(default=list)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="pending"), name="message_due"),
            models.Index(fields=["owner", "-id"], name="message_of_owner"),
        ]

    def __str__(self) -> str:
        return f"message {self.id} to {self.owner} by {self.channel}"
