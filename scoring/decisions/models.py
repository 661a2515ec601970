"""Decisions, and the scores of shadow models."""

from django.db import models

from scoring.catalog.outcomes import MAX_OUTCOME_LENGTH

DECIDERS = ("list", "bank", "rule", "model", "policy")


class Decision(models.Model):
    """A decision (revision 0) or a later one. Projection of `decision.made` and `decision.revised`.

    `decided_by`: one of DECIDERS. `initial`: the outcome before a breaker or exploration changed it, "" if
    neither did. `propensity`: the probability with which exploration let the event through, None if it did
    not.
    """

    class Basis(models.TextChoices):
        MODEL = "model"
        NO_MODEL = "no_model"
        FALLBACK = "fallback"

    position = models.BigIntegerField(primary_key=True)
    event_position = models.BigIntegerField()
    event_type = models.CharField(max_length=60)
    revision = models.SmallIntegerField()
    seq = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=MAX_OUTCOME_LENGTH)  # one of the event type's outcomes
    score = models.FloatField(null=True)
    basis = models.CharField(max_length=10, choices=Basis.choices)
    cause = models.CharField(max_length=60, blank=True, default="")
    model = models.CharField(max_length=80, blank=True, default="")
    arm = models.CharField(max_length=40, blank=True, default="")  # of the route
    decided_by = models.CharField(max_length=10, default="model")
    initial = models.CharField(max_length=MAX_OUTCOME_LENGTH, blank=True, default="")
    propensity = models.FloatField(null=True)
    stake = models.BigIntegerField(null=True)  # minor units of the type's base currency
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_position", "revision"], name="decision_event_revision"),
        ]
        indexes = [
            models.Index(
                fields=["event_type", "decided_at"],
                name="decision_explored",
                condition=models.Q(propensity__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} of {self.event_type} {self.event_position}"


class ShadowScore(models.Model):
    """The score and outcome of a shadow model. Written only by the consumer `scoring.shadow`."""

    model = models.CharField(max_length=80)
    event_position = models.BigIntegerField()
    event_type = models.CharField(max_length=60)
    score = models.FloatField()
    outcome = models.CharField(max_length=MAX_OUTCOME_LENGTH)
    decided = models.CharField(max_length=MAX_OUTCOME_LENGTH)  # the actual outcome
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "event_position"], name="shadowscore_model_event"),
        ]
        indexes = [models.Index(fields=["model", "decided_at"], name="shadowscore_latest")]
