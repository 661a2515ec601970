"""Feature sets as the code declared them over time, for catalogues and comparisons."""

from django.db import models


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
