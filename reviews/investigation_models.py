"""Saved queries of the investigation console."""

from django.db import models

EVERYONE = "*"


class SavedQuery(models.Model):
    """A query under a name. Projection of `saved_query.saved` and `saved_query.deleted`.

    `parameters`: the query as in the address of its page. `shared_with`: the name of a group, EVERYONE, or ""
    for the owner alone.
    """

    name = models.CharField(max_length=80, primary_key=True)
    event_type = models.CharField(max_length=60)
    parameters = models.JSONField()
    description = models.CharField(max_length=200, blank=True, default="")
    owner = models.CharField(max_length=150)
    shared_with = models.CharField(max_length=150, blank=True, default="")
    saved_at = models.DateTimeField()
    deleted = models.BooleanField(default=False)

    class Meta:
        default_permissions = ()
        permissions = [
            ("investigate", "Can query decided events in the investigation console"),
            ("export_investigation", "Can export the events that a query finds"),
        ]

    def __str__(self) -> str:
        return self.name
