"""Breakers with their limits and their history: projections of the log."""

from django.db import models


class StoredBreakerSettings(models.Model):
    """The limits of an event type's breakers, and who set them. Types without a row have the defaults."""

    event_type = models.CharField(max_length=60, primary_key=True)
    max_share = models.FloatField()
    max_blocks = models.IntegerField(null=True)
    min_events = models.IntegerField()
    window_s = models.IntegerField()
    cool_down_s = models.IntegerField()
    reason = models.CharField(max_length=500, blank=True, default="")
    ruleset = models.IntegerField()
    changed_by = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "breaker settings"
        verbose_name_plural = "breaker settings"

    def __str__(self) -> str:
        return f"breaker settings of {self.event_type}"


class BreakerState(models.Model):
    """The breaker of an event type and a source; it has a row once it has opened. `until`: None if closed.

    The key is "{event_type}/{source}". `version`: that of the stream `breaker/{key}`. `counted_from`: the
    position of the last reset, before which decisions do not count. The other columns tell of the last time
    that it opened (`tripped`: as in `breaker.tripped`) and closed.
    """

    key = models.CharField(max_length=130, primary_key=True)
    event_type = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    version = models.IntegerField()
    ruleset = models.IntegerField()  # the version under which it opened
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    counted_from = models.BigIntegerField(default=0)
    tripped = models.JSONField(default=dict)
    closed_at = models.DateTimeField(null=True)
    closed_cause = models.CharField(max_length=20, blank=True, default="")
    closed_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        verbose_name = "breaker"
        permissions = [
            ("set_breaker", "Can change the limits of breakers"),
            ("reset_breaker", "Can reset an open breaker"),
        ]

    def __str__(self) -> str:
        return f"breaker of {self.key}"


class BreakerChange(models.Model):
    """A line of the history of breakers; the key is the entry's position in the log."""

    position = models.BigIntegerField(primary_key=True)
    event_type = models.CharField(max_length=60)
    source = models.CharField(max_length=60, blank=True, default="")  # "" for settings
    change = models.CharField(max_length=20)  # tripped, closed, reset, changed
    data = models.JSONField()
    actor = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.change}: breaker of {self.event_type}"
