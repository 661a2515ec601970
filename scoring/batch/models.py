"""Published versions of batch views."""

from django.db import models


class BatchVersion(models.Model):
    """A published version of a batch view. Projection of `batch.published`.

    It is computed from events before `as_of` in the log up to `log_position`, and is read by events received
    from `valid_from` on. `digest`: SHA-256 of the values; `definition`: hash of the view's declaration;
    `rows`: the number of entities with values in each table.
    """

    view = models.CharField(max_length=120)  # "{event type}.{name}"
    number = models.IntegerField()
    definition = models.CharField(max_length=64)
    as_of = models.DateTimeField()
    log_position = models.BigIntegerField()
    valid_from = models.DateTimeField()
    published_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    rows = models.JSONField()
    seconds = models.FloatField()  # that computing it took
    inputs = models.JSONField(null=True)  # what the next version continues from, of views that do

    class Meta:
        constraints = [models.UniqueConstraint(fields=["view", "number"], name="batchversion_number")]
        indexes = [models.Index(fields=["view", "-valid_from"], name="batchversion_latest")]

    def __str__(self) -> str:
        return f"{self.view} {self.number}"
