"""Restrictions that software decided without a person."""

from typing import ClassVar

from django.db import models


class AutomatedAction(models.Model):
    """A restriction of an event of a type with policies that software decided without a person, as its latest
    decision gives it. Written by the consumer `reviews.automated` only.

    `action`: the outcome. `decided_by`: a list, bank, rule, model, or policy. `policies`: those for which it
    did. `reported`: users had reported the event before. `decided_at`: since when the action holds.
    """

    event_position = models.BigIntegerField(primary_key=True)
    event_type = models.CharField(max_length=60)
    action = models.CharField(max_length=10)
    decided_by = models.CharField(max_length=10)
    policies = models.JSONField(default=list)
    reported = models.BooleanField(default=False)
    received_at = models.DateTimeField()
    decided_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["event_type", "decided_at"], name="automated_action_span")]

    def __str__(self) -> str:
        return f"{self.action} of {self.event_type} {self.event_position}"


class AutomatedSum(models.Model):
    """How many automated restrictions began on a UTC day, and their time from receipt, by `bucket` of it.

    `policy`: one of those broken, "" for none; a restriction counts for each of its policies. Kept with
    `AutomatedAction` by the same consumer. Buckets: see `reviews.statements.automated_sums`.
    """

    day = models.DateField()
    event_type = models.CharField(max_length=60)
    policy = models.TextField()
    decided_by = models.CharField(max_length=10)
    reported = models.BooleanField()
    action = models.CharField(max_length=10)
    bucket = models.SmallIntegerField()
    restrictions = models.BigIntegerField()
    microseconds = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["event_type", "day", "policy", "decided_by", "reported", "action", "bucket"],
                name="automated_sum_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} of {self.event_type} on {self.day}"
