"""What reviewers have looked at, and the limits that protect them."""

from typing import ClassVar

from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class ReviewerAction(models.Model):
    """A case claimed, viewed, decided or released by a reviewer, or media shown. Projection of these entries.

    `event_position`: 0 for media shown without an event. Breaks and limits of viewing are counted from it.
    """

    position = models.BigIntegerField(primary_key=True)
    reviewer = models.CharField(max_length=150)
    at = models.DateTimeField()
    event_position = models.BigIntegerField()
    sensitive = models.BooleanField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["reviewer", "-at"], name="reviewer_action")]


class WellnessLimit(models.Model):
    """What the reviewers of a group are spared: configuration, not rebuilt from the log. Empty: no limit.

    A reviewer in several groups gets the strictest limit of each kind.
    """

    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="wellness_limit")
    sensitive_per_hour = models.PositiveSmallIntegerField(
        "sensitive cases an hour",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="How many cases with sensitive content a reviewer may open in any 60 minutes.",
    )
    work_minutes = models.PositiveSmallIntegerField(
        "break after (minutes)",
        null=True,
        blank=True,
        validators=[MinValueValidator(5)],
        help_text="How long a reviewer may work before the next case waits for a break.",
    )
    break_minutes = models.PositiveSmallIntegerField(
        "length of a break (minutes)",
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
        help_text="A pause of this length counts as a break.",
    )

    class Meta:
        verbose_name = "wellness limit"

    def __str__(self) -> str:
        return f"Limits of {self.group}"
