"""The exploration of each event type: a projection of the ruleset."""

from django.db import models


class StoredExploration(models.Model):
    """The settings that hold for an event type, and who set them. `ruleset`: the version that did."""

    event_type = models.CharField(max_length=60, primary_key=True)
    share = models.FloatField()
    amount_cap = models.BigIntegerField()  # minor units of the type's base currency, as daily_cap
    daily_cap = models.BigIntegerField()
    salt = models.CharField(max_length=40)
    reason = models.CharField(max_length=500, blank=True, default="")
    ruleset = models.IntegerField()
    changed_by = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "exploration"
        verbose_name_plural = "exploration"
        permissions = [("set_exploration", "Can switch exploration on and off and change its caps")]

    def __str__(self) -> str:
        return f"exploration of {self.event_type}"
