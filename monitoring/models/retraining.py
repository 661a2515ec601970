"""Guardrails of deployed models, and triggers of retraining."""

from django.db import models

from scoring.configuration.type_settings.models import StoredSettings


class StoredGuardrails(StoredSettings):
    """Guardrails by event type. Projection of `guardrail.changed`."""

    class Meta:
        verbose_name = "guardrails"
        verbose_name_plural = "guardrails"
        permissions = [("set_guardrails", "Can change the guardrails of models")]


class GuardrailTrip(models.Model):
    """A deployed model that exceeded a guardrail. Projection of `guardrail.tripped`, by its position.

    `since_route`: the route's version since which the model had its `role`. `figures`: as in the entry.
    `action`: `rolled_back`, or `none` with the cause in `why_not`.
    """

    position = models.BigIntegerField(primary_key=True)
    event_type = models.CharField(max_length=60)
    model = models.CharField(max_length=80)
    role = models.CharField(max_length=20)
    since_route = models.IntegerField()
    action = models.CharField(max_length=20)
    why_not = models.CharField(max_length=500, blank=True, default="")
    figures = models.JSONField()
    tripped_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["event_type", "-tripped_at"], name="guardrailtrip_latest")]

    def __str__(self) -> str:
        return f"guardrail of {self.model}: {self.action}"


class StoredTriggers(StoredSettings):
    """Retraining triggers by event type. Projection of `trigger.changed`."""

    class Meta:
        verbose_name = "retraining triggers"
        verbose_name_plural = "retraining triggers"
        permissions = [("set_triggers", "Can change the retraining triggers of models")]


class TriggerCheck(models.Model):
    """The last check of an event type's retraining triggers, for display only; it is not in the log.

    `model`: the champion then. `readings`: one for each trigger. `training`: the number of the training that
    was requested, None if none was, for the reason `why_not`.
    """

    event_type = models.CharField(max_length=60, primary_key=True)
    checked_at = models.DateTimeField()
    model = models.CharField(max_length=80, blank=True, default="")
    readings = models.JSONField(default=list)
    training = models.IntegerField(null=True)
    why_not = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"retraining triggers of {self.event_type} at {self.checked_at:%Y-%m-%d %H:%M}"
