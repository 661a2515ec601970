"""Feature sets, model versions with their artifacts, and routes."""

from django.db import models


class Route(models.Model):
    """The model versions that decide an event type. Projection of `route.changed`.

    `arms` is a list of {"name", "model", "role", "share"}; `scoring.registry.routes` says what is allowed.
    """

    event_type = models.CharField(max_length=60, primary_key=True)
    version = models.IntegerField()
    salt = models.CharField(max_length=40)
    unit = models.CharField(max_length=60)
    arms = models.JSONField()
    experiment = models.CharField(max_length=80, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")
    changed_by = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"route of {self.event_type}"


class ModelVersion(models.Model):
    """A trained model, named `{event_type}-{number}`. Projection of `model.trained`, and of the gate's
    `model.checked`, `model.approved` and `model.rejected`.
    """

    class Status(models.TextChoices):
        CANDIDATE = "candidate"
        APPROVED = "approved"
        REJECTED = "rejected"

    name = models.CharField(max_length=80, primary_key=True)
    event_type = models.CharField(max_length=60)
    number = models.IntegerField()
    artifact = models.CharField(max_length=64)  # SHA-256 of the artifact
    feature_set = models.CharField(max_length=64)
    trained_at = models.DateTimeField()
    as_of = models.DateTimeField()
    parameters = models.JSONField()
    metrics = models.JSONField()
    lineage = models.JSONField()
    comparison = models.JSONField(default=dict)  # the champion of the day on the same events; curves of both
    reference = models.JSONField(default=dict)  # distributions of the training rows, for drift
    trained_by = models.CharField(max_length=80, blank=True, default="")
    checks = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.CANDIDATE)
    judged_by = models.CharField(max_length=80, blank=True, default="")
    judged_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_type", "number"], name="modelversion_number")]
        permissions = [
            ("approve_modelversion", "Can approve or reject a model"),
            ("download_modelversion", "Can download the artifact of a model"),
            ("promote_modelversion", "Can promote models, roll back, and start or stop canaries and shadows"),
        ]

    def __str__(self) -> str:
        return self.name


class HeldOutSample(models.Model):
    """Events that a model has not seen, with its scores: a sample, on which policies are tried.

    Projection of `model.trained`; `sample` is {} for versions that were trained before there was one.
    """

    model = models.CharField(max_length=80, primary_key=True)
    sample = models.JSONField()

    def __str__(self) -> str:
        return f"held-out events of {self.model}"


class ModelAnalysis(models.Model):
    """What a version's page shows besides its metrics, computed at training. Projection of `model.trained`.

    `slices`: metrics and fairness by field; `explanation`: what its features do. Both are {} for versions
    that were trained before there was an analysis.
    """

    model = models.CharField(max_length=80, primary_key=True)
    slices = models.JSONField(default=dict)
    explanation = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"analysis of {self.model}"


class ModelArtifact(models.Model):
    """The bytes of a model, identified by their SHA-256, which is verified at load. No pickles."""

    digest = models.CharField(max_length=64, primary_key=True)
    booster = models.BinaryField()  # XGBoost UBJSON
    parts = models.BinaryField(default=b"")  # heads of policies and text models: scoring/registry/artifact.py
    spec = models.TextField()  # canonical JSON: feature set, vocabularies, calibration, thresholds, medians


class FeatureSetVersion(models.Model):
    """An event type's features as declared at some time. Projection of `feature_set.declared`.

    `digest` is the set's hash without frozen vocabularies; `features` is a list of {"name", "kind", "entity",
    "window", "unit", "definition", "owner", "digest"} in set order.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    event_type = models.CharField(max_length=60)
    number = models.IntegerField()
    features = models.JSONField()
    declared_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_type", "number"], name="featuresetversion_number")
        ]

    def __str__(self) -> str:
        return f"{self.event_type} features {self.number}"
