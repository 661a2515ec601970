"""Actions of an installation's own: their definitions, addresses and requests."""

from typing import ClassVar

from django.contrib.auth import get_user_model
from django.db import models

from scoring.webhooks.outbox import OutboxMessage


class CaseActionQuerySet(models.QuerySet["CaseAction"]):
    def in_use(self) -> "CaseActionQuerySet":
        """Actions that are not retired, by name."""
        return self.filter(retired=False).order_by("name")

    def of_type(self, event_type: str) -> "CaseActionQuerySet":
        """Actions in use for cases of an event type."""
        return self.in_use().filter(terms__event_types__contains=event_type)


class CaseAction(models.Model):
    """An action by its name, in its latest version (`number`). Projection of `case_action/{name}`.

    `terms`: the definition as logged (`reviews.actions.definition.ActionDefinition`). A retired action is no
    longer offered; requests that wait are still sent.
    """

    name = models.CharField(max_length=60, primary_key=True)
    number = models.IntegerField()
    terms = models.JSONField()
    retired = models.BooleanField(default=False)
    changed_by = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField()

    objects = CaseActionQuerySet.as_manager()

    class Meta:
        verbose_name = "case action"
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("set_caseaction", "Can define, test and retire actions of cases"),
            ("request_caseaction", "Can request actions from a case"),
        ]

    def __str__(self) -> str:
        return self.name

    def admits(self, user_name: str) -> bool:
        """Whether a user may request it: all may, or the members of its groups. At most one query."""
        groups = self.terms["groups"]
        users = get_user_model()._default_manager.filter(username=user_name, is_active=True)
        return not groups or users.filter(groups__name__in=groups).exists()


class CaseActionAddress(models.Model):
    """Where the requests of an action go, and the secret that signs them.

    Configuration: the log has the host alone, so a rebuild leaves this table as it is.
    """

    action = models.CharField(max_length=60, primary_key=True)
    url = models.CharField(max_length=500)
    secret = models.CharField(max_length=100)
    changed_by = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"address of {self.action}"


class ActionRequest(OutboxMessage):
    """A request of an action, sent at least once under the same key.

    `event_position`: of the case, None for a test. `requested_by`: a user name, "" if the action followed the
    verdict of `verdict_position`. `content`: the body, with digests in place of the texts that reviewers
    wrote. `status`: the HTTP status of the latest answer.
    """

    key = models.UUIDField(primary_key=True)
    action = models.CharField(max_length=60)
    number = models.IntegerField()
    event_position = models.BigIntegerField(null=True)
    requested_by = models.CharField(max_length=150, blank=True, default="")
    verdict_position = models.BigIntegerField(null=True)
    content = models.JSONField()
    texts = models.JSONField(default=dict)
    status = models.SmallIntegerField(null=True)

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=models.Q(state="pending"), name="action_request_due"),
            models.Index(fields=["event_position"], name="action_request_of_case"),
            models.Index(
                fields=["-created_at"], condition=models.Q(state="failed"), name="action_request_failed"
            ),
            models.Index(fields=["action", "-created_at"], name="action_request_of_action"),
            models.Index(fields=["-created_at"], name="action_request_created"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.key}"
