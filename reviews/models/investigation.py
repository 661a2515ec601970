"""Saved queries of the investigation console, and bulk actions on what a query found."""

from django.db import models

from scoring.jobs.rows import JobRow, ProgressRow

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


class BulkAction(JobRow):
    """A change of everything that a query found, or its undoing. Projection of `bulk_action/{number}`.

    `terms`: the label, the verdict or the list, by `kind`; of an undoing those of the action that it
    `undoes`. `items`: the `size` things that it was requested for, of those `found` at the preview: positions
    of events, or values as logged. `done`: pairs of an item and what identifies the entries written for it.
    `left_out`: pairs of an item and why. `parameters`: the query as in the address of its page. `result`: how
    many were done and left out; empty until it has finished.
    """

    class Kind(models.TextChoices):
        LABEL = "label"
        VERDICT = "verdict"
        LIST = "list"
        UNDO = "undo"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    terms = models.JSONField()
    parameters = models.JSONField()
    reason = models.CharField(max_length=500)
    items = models.JSONField()
    size = models.IntegerField()
    found = models.IntegerField()
    undoes = models.IntegerField(null=True)
    done = models.JSONField(default=list)
    left_out = models.JSONField(default=list)
    result = models.JSONField(default=dict)

    class Meta:
        verbose_name = "bulk action"
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["undoes"], name="bulkaction_undoes", condition=models.Q(undoes__isnull=False)
            )
        ]
        permissions = [("bulk_act", "Can change everything that a query finds at once, and undo it")]

    def __str__(self) -> str:
        return f"bulk action {self.number}"


class BulkActionProgress(ProgressRow):
    """The progress of a running bulk action."""
