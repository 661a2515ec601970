"""Tables of the continuous check: its checkpoint of each lane, sampled states and results by hour."""

from django.db import models

# What a replay compares, in processing order: the first aspect that differs explains the later ones.
OF_RULESET = ("findings", "thresholds", "decided_by", "exploration")  # of decisions that name a ruleset
ASPECTS = ("vector", "margin", "score", "contributions", "policies", *OF_RULESET, "outcome", "reasons")


class LaneCheckpoint(models.Model):
    """The head up to which a lane's sample is folded; `layout`: the states' layout and the share."""

    lane = models.CharField(max_length=60, primary_key=True)
    layout = models.CharField(max_length=80)
    lane_order = models.IntegerField()
    version = models.IntegerField()
    position = models.BigIntegerField()
    seq = models.BigIntegerField()
    clock_us = models.BigIntegerField()
    checked_at = models.DateTimeField()


class SampledState(models.Model):
    """The state of a sampled entity at the checkpoint."""

    lane = models.CharField(max_length=60)
    key = models.CharField(max_length=500)  # "{kind index}:{key}"
    state = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lane", "key"], name="sampledstate_lane_key")]


class FeatureConsistency(models.Model):
    """The numbers of recomputed and of mismatched values of a feature, for the decisions of one hour."""

    event_type = models.CharField(max_length=60)
    hour = models.DateTimeField()
    feature = models.CharField(max_length=120)
    compared = models.IntegerField()
    mismatched = models.IntegerField()

    class Meta:
        verbose_name_plural = "feature consistency"
        constraints = [
            models.UniqueConstraint(
                fields=["event_type", "hour", "feature"], name="consistency_feature_hour"
            ),
        ]
        indexes = [models.Index(fields=["hour"], name="consistency_hour")]

    def __str__(self) -> str:
        return f"{self.feature} of {self.event_type} in {self.hour:%Y-%m-%d %H}h"


class AspectConsistency(models.Model):
    """The numbers of decisions of one hour of which an aspect was recomputed, and of which it differed.

    `example`: the last difference, as `scoring.replay.consistency.counting` describes it.
    """

    event_type = models.CharField(max_length=60)
    hour = models.DateTimeField()
    aspect = models.CharField(max_length=20)  # one of ASPECTS
    compared = models.IntegerField()
    mismatched = models.IntegerField()
    example = models.JSONField(null=True)

    class Meta:
        verbose_name_plural = "aspect consistency"
        constraints = [
            models.UniqueConstraint(fields=["event_type", "hour", "aspect"], name="consistency_aspect_hour"),
        ]
        indexes = [models.Index(fields=["hour"], name="consistency_of_aspects_hour")]

    def __str__(self) -> str:
        return f"{self.aspect} of {self.event_type} in {self.hour:%Y-%m-%d %H}h"
