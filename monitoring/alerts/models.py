"""Alert rules, alerts and their history, which are projections of the log, and what the evaluation needs."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class StoredAlertRule(models.Model):
    """An alert rule that was set. Projection of `alert_rule.changed` and `alert_rule.removed`.

    `rule`: as logged. A rule that a metric suggests has no row until it is changed. `removed`: it holds no
    longer, or is as its metric suggests again.
    """

    name = models.CharField(max_length=60, primary_key=True)
    rule = models.JSONField()
    removed = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True, default="")
    changed_by = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "alert rule"
        permissions = [("set_alerts", "Can change alert rules and silence them")]

    def __str__(self) -> str:
        return f"alert rule {self.name}"


class Alert(models.Model):
    """What a rule found in one scope: the last time that it fired there. Projection of `alert.*` entries.

    The key is "{rule}/{digest of the scope}", the end of its stream. `since`: when the condition began to
    hold. `parent`: the key of the alert of the same cause that fired first, "" for that one itself.
    `acknowledged_*` and `snoozed_until` are about this firing alone.
    """

    class State(models.TextChoices):
        FIRING = "firing"
        RESOLVED = "resolved"

    key = models.CharField(max_length=80, primary_key=True)
    rule = models.CharField(max_length=60)
    metric = models.CharField(max_length=60)
    scope = models.JSONField(default=dict)
    severity = models.CharField(max_length=10)
    owner = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices)
    since = models.DateTimeField()
    fired_at = models.DateTimeField()
    value = models.FloatField()
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    rows = models.BigIntegerField(default=0)
    side = models.CharField(max_length=10)
    threshold = models.FloatField()
    because = models.CharField(max_length=500, blank=True, default="")
    path = models.CharField(max_length=300, blank=True, default="")
    runbook = models.CharField(max_length=300, blank=True, default="")
    flapping = models.BooleanField(default=False)
    parent = models.CharField(max_length=80, blank=True, default="")
    acknowledged_by = models.CharField(max_length=80, blank=True, default="")
    acknowledged_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=80, blank=True, default="")
    resolved_reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["state", "-fired_at"], name="alert_state_latest"),
            models.Index(fields=["state", "-resolved_at"], name="alert_resolved_latest"),
        ]
        permissions = [("handle_alert", "Can acknowledge, snooze and resolve alerts")]

    def __str__(self) -> str:
        return f"alert {self.key}"

    @property
    def digest(self) -> str:
        """The digest of the scope, the last part of the key."""
        return self.key.rpartition("/")[2]


class AlertChange(models.Model):
    """A line of the history of alerts; the key is the entry's position in the log.

    `change`: the last word of the entry's type, such as `fired`. `data`: as logged.
    """

    position = models.BigIntegerField(primary_key=True)
    key = models.CharField(max_length=80)
    rule = models.CharField(max_length=60)
    change = models.CharField(max_length=20)
    data = models.JSONField()
    actor = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["key", "-position"], name="alertchange_of_alert"),
            models.Index(fields=["-changed_at"], name="alertchange_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.change}: alert {self.key}"


class AlertSilence(models.Model):
    """Scopes in which a rule does not fire `until` then. Projection of `alert.silenced`, `alert.unsilenced`.

    The key is "{rule}/{digest of the scope}". `scope`: what an alert's scope must contain; {} is all of them.
    """

    key = models.CharField(max_length=80, primary_key=True)
    rule = models.CharField(max_length=60)
    scope = models.JSONField(default=dict)
    until = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True, default="")
    silenced_by = models.CharField(max_length=80, blank=True, default="")
    silenced_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"silence of {self.key}"


class AlertTimer(models.Model):
    """Since when a condition holds, or no longer holds, before an alert fires or resolves. Not in the log.

    `since`: when the present verdict began; None while nothing is due. `held`: resolved by hand, so that it
    must clear before it fires again. `seen_at`: when the scope was last observed.
    """

    key = models.CharField(max_length=80, primary_key=True)
    since = models.DateTimeField(null=True)
    held = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"timer of {self.key}"


class MetricCheck(models.Model):
    """When a metric was last observed for alerts. Not in the log. `error`: why that failed, or ""."""

    metric = models.CharField(max_length=60, primary_key=True)
    checked_at = models.DateTimeField()
    scopes = models.IntegerField(default=0)
    error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"check of {self.metric}"


class RecentValues(models.Model):
    """The last values of a metric in a scope, for plots. Not in the log.

    The key is "{metric}/{digest of the scope}". `times` and `values` have the same length, oldest first.
    """

    key = models.CharField(max_length=80, primary_key=True)
    metric = models.CharField(max_length=60)
    seen_at = models.DateTimeField()
    times = ArrayField(models.DateTimeField(), default=list)
    values = ArrayField(models.FloatField(null=True), default=list)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"recent values of {self.key}"
