"""Each user's own time zone: chosen on the account page, kept in the session, activated by a middleware."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from scoring.admin_kit.models import UserTimeZone
from scoring.admin_kit.time_zones import zone_named

SESSION_KEY = "time_zone"


@receiver(user_logged_in)
def remember_zone(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """Put the user's zone into the new session, so that no page has to look it up."""
    stored = UserTimeZone.objects.filter(user=user).first()
    if stored is not None:
        request.session[SESSION_KEY] = stored.name


def choose_zone(request: HttpRequest, name: str) -> None:
    """Store the zone of the signed-in user, and use it in this session from the next page on.

    Other sessions of the user follow when they sign in again. Raises ValueError for an unknown name.
    """
    if zone_named(name) is None:
        raise ValueError(f"{name!r} is not a time zone; choose one such as Europe/Berlin or UTC")
    UserTimeZone.objects.update_or_create(user=request.user, defaults={"name": name})
    request.session[SESSION_KEY] = name
