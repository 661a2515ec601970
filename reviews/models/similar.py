"""The explanations of decided cases, as vectors that can be compared."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models


class SmallFloatField(models.FloatField):
    """A number of 4 bytes."""

    def db_type(self, connection: object) -> str:
        return "real"


class CaseExplanation(models.Model):
    """Why the event of a case with a verdict got its score. Written by the consumer `reviews.similar` only.

    `event_position`: that of the case. `vector`: see `reviews.similar.vectors`. `main`: the largest
    contributions as [feature, log-odds], the largest first.
    """

    event_position = models.BigIntegerField(primary_key=True)
    event_type = models.CharField(max_length=60)
    vector = ArrayField(SmallFloatField())
    main = models.JSONField()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(fields=["event_type", "-event_position"], name="caseexplanation_type"),
        ]

    def __str__(self) -> str:
        return f"explanation of {self.event_type} {self.event_position}"
