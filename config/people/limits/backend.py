"""Loads the user of a request together with the limits of their groups, in one query."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from scoring.admin_kit.row_rules.visible import IN_GROUP, STORED

_OF_GROUPS = ArraySubquery(Group.objects.filter(user=OuterRef("pk")).values_list(IN_GROUP))


class BackendWithLimits(ModelBackend):
    """Django's users and permissions."""

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.annotate(**{STORED: _OF_GROUPS}).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
