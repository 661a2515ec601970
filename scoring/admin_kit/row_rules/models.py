"""The limits of groups: a row for each group that has any."""

from django.contrib.auth.models import Group
from django.db import models

MAX_REASON, MAX_ACTOR = 500, 80  # characters; the log has all of them


class GroupLimits(models.Model):
    """What the members of a group see and may use. Groups without a row have no limits.

    `event_types`: those whose rows they see, [] for all. `labels`: by event type, the labels and policies
    that their verdicts may use; types that are left out have all. Configuration: audited in the log as
    `group_limits.changed`, and not rebuilt from it.
    """

    group = models.OneToOneField(Group, on_delete=models.CASCADE, primary_key=True, related_name="limits")
    event_types = models.JSONField(default=list)
    labels = models.JSONField(default=dict)
    reason = models.CharField(max_length=MAX_REASON)
    changed_by = models.CharField(max_length=MAX_ACTOR)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "limits of groups"
        default_permissions = ()

    def __str__(self) -> str:
        return f"limits of the group {self.group_id}"
