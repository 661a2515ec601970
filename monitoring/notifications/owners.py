"""Owners of alerts: users and groups, and their addresses."""

from django.contrib.auth.models import Group, User
from django.db.models import Q

from monitoring.notifications.errors import UnknownOwner

USER, GROUP = "user/", "group/"


def check_owner(owner: str) -> None:
    """Raises UnknownOwner unless there is such an active user or group."""
    if owner.startswith(USER) and User.objects.filter(_named(owner), is_active=True).exists():
        return
    if owner.startswith(GROUP) and Group.objects.filter(name=owner.removeprefix(GROUP)).exists():
        return
    raise UnknownOwner(owner)


def all_owners() -> list[str]:
    """Every group, then every active user of the admin."""
    groups = Group.objects.order_by("name").values_list("name", flat=True)
    users = User.objects.filter(is_active=True, is_staff=True).order_by("username")
    return [
        *(GROUP + name for name in groups),
        *(USER + name for name in users.values_list("username", flat=True)),
    ]


def addresses_of(owner: str) -> list[str]:
    """The e-mail addresses of a user, or of a group's active members; without repeats, in order."""
    of_owner = Q(groups__name=owner.removeprefix(GROUP)) if owner.startswith(GROUP) else _named(owner)
    users = User.objects.filter(of_owner, is_active=True).exclude(email="").order_by("email")
    return list(dict.fromkeys(users.values_list("email", flat=True)))


def _named(owner: str) -> Q:
    return Q(username=owner.removeprefix(USER)) if owner.startswith(USER) else Q(pk__in=[])
