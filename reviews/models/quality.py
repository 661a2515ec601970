"""Every verdict as it was given, and the settings of quality checks and of four-eyes by event type."""

from typing import ClassVar

from django.db import models

from scoring.configuration.type_settings.models import StoredSettings


class GivenVerdict(models.Model):
    """A verdict as a reviewer gave it, whether it stands or not. Projection of `case.decided`,
    `case.checked` and `case.proposed`.

    `kind`: the case's first verdict, that of a quality check, or one that a second person has to confirm. For
    a check, `standing` is the verdict that stood before it, by `standing_by`, and `agrees` whether label and
    policies are the same. `told`: the reviewer was told that they missed a golden item. `claimed_at`: None
    for verdicts on groups.
    """

    class Kind(models.TextChoices):
        FIRST = "first", "first verdict"
        SECOND = "second", "second review"
        ADJUDICATION = "adjudication", "adjudication"
        GOLDEN = "golden", "golden item"
        PROPOSAL = "proposal", "proposed verdict"

    position = models.BigIntegerField(primary_key=True)
    event_position = models.BigIntegerField()
    event_type = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    reviewer = models.CharField(max_length=150)
    given_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=40)
    reason_code = models.CharField(max_length=40)
    policies = models.JSONField(default=dict)
    action = models.CharField(max_length=10, blank=True, default="")
    standing = models.CharField(max_length=40, blank=True, default="")
    standing_by = models.CharField(max_length=150, blank=True, default="")
    agrees = models.BooleanField(null=True)
    told = models.BooleanField(default=False)
    undone = models.BooleanField(default=False)
    confidence = models.CharField(max_length=10, blank=True, default="")

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["event_position", "kind"], name="given_verdict_case"),
            models.Index(fields=["reviewer", "-given_at"], name="given_verdict_reviewer"),
            models.Index(fields=["event_type", "-given_at"], name="given_verdict_type"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.reviewer}"


class StoredReviewQuality(StoredSettings):
    """The quality checks of event types. Projection of `review_quality.changed`."""

    class Meta:
        verbose_name = "quality checks"
        verbose_name_plural = "quality checks"
        default_permissions = ("view",)
        permissions: ClassVar = [("set_reviewquality", "Can change the quality checks of reviews")]


class StoredFourEyes(StoredSettings):
    """Which verdicts of event types need a second person. Projection of `four_eyes.changed`."""

    class Meta:
        verbose_name = "four-eyes"
        verbose_name_plural = "four-eyes"
        default_permissions = ("view",)
        permissions: ClassVar = [("set_foureyes", "Can change which verdicts need a second person")]
