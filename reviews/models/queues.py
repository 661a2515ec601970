"""The definitions of review queues. Projection of the streams `review_queue/{name}`."""

from collections.abc import Iterable
from typing import ClassVar

from django.contrib.auth import get_user_model
from django.db import models

from scoring.configuration.type_settings.models import StoredSettings


class ReviewQueueQuerySet(models.QuerySet["ReviewQueue"]):
    def in_use(self) -> "ReviewQueueQuerySet":
        """Queues that are not retired, in the order in which they take cases."""
        return self.filter(retired=False).order_by("priority", "name")

    def barred_to(self, reviewer: str) -> list[str]:
        """The names of the queues in use whose members the reviewer is not among. At most two queries."""
        return barred_among(list(self.in_use()), reviewer)


def barred_among(queues: Iterable["ReviewQueue"], reviewer: str) -> list[str]:
    """The names of those of these queues that have members without the reviewer. At most one query."""
    closed = [queue for queue in queues if queue.has_members]
    if not closed:
        return []
    users = get_user_model()._default_manager.filter(username=reviewer, is_active=True)
    groups = set(users.values_list("groups__name", flat=True))
    return [queue.name for queue in closed if not queue.admits(reviewer, groups)]


class ReviewQueue(models.Model):
    """A queue by its name, in its latest version (`number`).

    `terms`: the definition as logged (`reviews.queues.definition.QueueDefinition`). The queue with the lowest
    `priority` whose condition an event meets takes its case. A retired queue takes no new cases; those in it
    stay until they are decided or transferred.
    """

    name = models.CharField(max_length=60, primary_key=True)
    event_type = models.CharField(max_length=60)
    number = models.IntegerField()
    priority = models.IntegerField()
    terms = models.JSONField()
    retired = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True, default="")
    changed_by = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField()

    objects = ReviewQueueQuerySet.as_manager()

    class Meta:
        verbose_name = "review queue"
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("set_reviewqueue", "Can define, change and retire review queues"),
            ("assign_case", "Can assign cases to reviewers, and transfer or snooze cases of others"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_members(self) -> bool:
        """Whether only its members may work on it."""
        return bool(self.terms["users"] or self.terms["groups"])

    def admits(self, reviewer: str, groups: set[str]) -> bool:
        """Whether a reviewer in these groups may work on it."""
        if not self.has_members:
            return True
        return reviewer in self.terms["users"] or not groups.isdisjoint(self.terms["groups"])


class StoredReviewSources(StoredSettings):
    """The sources of cases of event types. Projection of `review_sources.changed`."""

    class Meta:
        verbose_name = "sources of cases"
        verbose_name_plural = "sources of cases"
        default_permissions = ()
