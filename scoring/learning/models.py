"""The model registry: versions as a projection of the log, and the artefacts they name."""

from django.db import models


class ModelVersion(models.Model):
    """A trained model. Projection of `model.trained`; immutable. Named `{event_type}-{number}`."""

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

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_type", "number"], name="modelversion_number")]


class ModelArtefact(models.Model):
    """The bytes of a model, named by their SHA-256 and checked against it at load. No pickles."""

    digest = models.CharField(max_length=64, primary_key=True)
    booster = models.BinaryField()  # XGBoost UBJSON
    spec = models.TextField()  # canonical JSON: feature set, vocabularies, calibration, thresholds, medians
