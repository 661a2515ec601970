"""Sign-in: logs every attempt with its address and locks out repeated failures for a while."""

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from scoring.api.client_address import client_address

logger = logging.getLogger(__name__)

TOO_MANY_REQUESTS = 429
UNSPECIFIED = "::"


def address_to_count(request: HttpRequest) -> str:
    """The address for which wrong passwords are counted; one address stands for all unknown ones.

    It is not "", which axes stores as NULL and then does not find: no name would ever be locked out.
    """
    return client_address(request) or UNSPECIFIED


def refuse_for_now(request: HttpRequest, response: HttpResponse | None, credentials: Any) -> HttpResponse:
    """The response to an attempt beyond the limit, even with the right password."""
    wait = settings.AXES_COOLOFF_TIME
    name, address = _known(credentials), _origin(request)
    logger.warning("sign-in of %s from %s is locked for %s", name, address, wait)
    minutes = round(wait.total_seconds() / 60)
    page = render(request, "429.html", {"minutes": minutes}, status=TOO_MANY_REQUESTS)
    page["Retry-After"] = str(round(wait.total_seconds()))
    return page


@receiver(user_logged_in)
def note_signed_in(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    logger.info("%s signed in from %s", user.get_username(), _origin(request))


@receiver(user_login_failed)
def note_refused(
    sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    address = _origin(request) if request else "a command"
    logger.warning("sign-in of %s from %s failed", _known(credentials), address)


def _origin(request: HttpRequest) -> str:
    return client_address(request) or "an unknown address"


def _known(credentials: Any) -> str:
    """The entered name if a user has it; otherwise it may be a password typed in the wrong field."""
    name = (credentials or {}).get("username") or ""
    return name if User.objects.filter(username=name).exists() else "an unknown name"
