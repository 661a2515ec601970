"""The model registry: versions as a projection of the log, and the artefacts they name."""

from django.db import models


class ModelVersion(models.Model):
    """A trained model, named `{event_type}-{number}`. Projection of `model.trained`, which never changes, and
    of what the gate said of it: `model.checked`, `model.approved`, `model.rejected`.
    """

    class Status(models.TextChoices):
        CANDIDATE = "candidate"
        APPROVED = "approved"
        REJECTED = "rejected"

    name = models.CharField(max_length=80, primary_key=True)
    event_type = models.CharField(max_length=60)
    number = models.IntegerField()
    artefact = models.CharField(max_length=64)  # SHA-256 of the artefact
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
            ("promote_modelversion", "Can promote a model, give it a share, roll back"),
        ]

    def __str__(self) -> str:
        return self.name


class ModelArtefact(models.Model):
    """The bytes of a model, named by their SHA-256 and checked against it at load. No pickles."""

    digest = models.CharField(max_length=64, primary_key=True)
    booster = models.BinaryField()  # XGBoost UBJSON
    spec = models.TextField()  # canonical JSON: feature set, vocabularies, calibration, thresholds, medians


class TrainingJob(models.Model):
    """A training, asked for by a person or a schedule. Projection of the stream `training/{number}`."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"
        CANCELLED = "cancelled"

    number = models.IntegerField(primary_key=True)
    event_type = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    requested_by = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    options = models.JSONField(default=dict)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=80, blank=True, default="")
    model = models.CharField(max_length=80, blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = "training"
        permissions = [("cancel_trainingjob", "Can cancel a training")]

    def __str__(self) -> str:
        return f"training {self.number}"


class TrainingProgress(models.Model):
    """How far a running job is: a note to whoever watches, not part of the truth."""

    job = models.IntegerField(primary_key=True)
    step = models.CharField(max_length=80)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    updated_at = models.DateTimeField()
