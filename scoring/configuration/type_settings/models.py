"""The table of settings of one kind, a row for each event type."""

from django.db import models


class StoredSettings(models.Model):
    """The settings of one kind for an event type, and who set them. Types without a row have the defaults."""

    event_type = models.CharField(max_length=60, primary_key=True)
    settings = models.JSONField()
    reason = models.CharField(max_length=500, blank=True, default="")
    changed_by = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} of {self.event_type}"
