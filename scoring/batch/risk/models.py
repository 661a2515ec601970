"""Risk profiles of entities, and the scores that people set instead of computed ones."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models


class RiskProfile(models.Model):
    """An entity in the newest version of a risk view. Written by the consumer `scoring.risk_profiles` only.

    `score`: what events read; `computed`: from the entity's events, None without any. `weight` and `total`:
    see `scoring.batch.risk.sums`. `events`: [log position, score, microseconds since 1970] of the strongest
    ones. `history_at` and `history_scores`: the scores of the last versions.
    """

    view = models.CharField(max_length=120)  # "{event type}.{name}"
    entity = models.TextField()
    score = models.FloatField()
    computed = models.FloatField(null=True)
    weight = models.FloatField()
    total = models.FloatField()
    events = models.JSONField(default=list)
    version = models.IntegerField()
    as_of = models.DateTimeField()
    history_at = ArrayField(models.DateTimeField(), default=list)
    history_scores = ArrayField(models.FloatField(), default=list)

    class Meta:
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["view", "entity"], name="riskprofile_entity")]
        indexes = [
            models.Index(fields=["view", "-score", "entity"], name="riskprofile_highest"),
            models.Index(
                fields=["view", "entity"],
                name="riskprofile_prefix",
                opclasses=["varchar_pattern_ops", "text_pattern_ops"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.view} of {self.entity}"


class RiskOverrideQuerySet(models.QuerySet["RiskOverride"]):
    def holding(self, now: datetime) -> Self:
        """Those that hold at `now`."""
        return self.filter(ended_at=None, expires_at__gt=now)


class RiskOverride(models.Model):
    """The last override of an entity's risk. Projection of `risk.overridden` and `risk.override_ended`.

    It holds until `expires_at`, unless it ended before.
    """

    key = models.CharField(max_length=64, primary_key=True)  # of its stream
    view = models.CharField(max_length=120)
    entity = models.TextField()
    score = models.FloatField()
    reason = models.CharField(max_length=500)
    set_by = models.CharField(max_length=160)
    set_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_by = models.CharField(max_length=160, blank=True, default="")
    ended_at = models.DateTimeField(null=True)

    objects = RiskOverrideQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["view", "expires_at"], name="riskoverride_holding")]
        permissions = [("override_risk", "Can set the risk of an entity until a time")]

    def __str__(self) -> str:
        return f"{self.view} of {self.entity}: {self.score:g}"

    def holds(self, now: datetime) -> bool:
        return self.ended_at is None and self.expires_at > now
