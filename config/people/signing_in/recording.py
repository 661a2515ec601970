"""Sign-ins, refusals, second factors and ended sessions as entries of the log.

An entry names the user by their number, as other entries about accounts; addresses are in log lines alone.
Attempts with unknown names are no entries, so that a script cannot fill the log.
"""

from collections.abc import Mapping
from typing import Any

from allauth.account.signals import user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import last_version
from scoring.log.retry import append_retrying

PASSWORD, PROVIDER = "password", "identity provider"


def stream_of(user: User) -> str:
    return f"sign_in/{user.pk}"


def record(user: User, type: str, data: Mapping[str, Any], *, actor: str = "") -> None:
    """Append an entry about the sign-ins of `user`, by the user if there is no other actor."""
    stream = stream_of(user)
    metadata = {"actor": actor or f"user/{user.get_username()}"}

    def step() -> None:
        append([NewEntry(stream, last_version(stream), type, data, metadata=metadata)], now=timezone.now())

    append_retrying(step)


@receiver(user_logged_in)
def record_sign_in(sender: object, user: User, sociallogin: Any = None, **_: Any) -> None:
    with_factor = Authenticator.objects.filter(user=user).exists()
    method = PROVIDER if sociallogin is not None else PASSWORD
    record(user, "sign_in.succeeded", {"by": method, "second_factor": with_factor})


@receiver(user_login_failed)
def record_failure(sender: object, credentials: Mapping[str, Any] | None = None, **_: Any) -> None:
    given = credentials or {}
    user = User.objects.filter(username=given.get("username") or "").first()
    if user is not None:
        record(user, "sign_in.failed", {"wrong": "code" if "code" in given else "password"})


@receiver(authentication_failed)
def count_wrong_code(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """A wrong code counts as a wrong password does: django-axes locks out after too many."""
    credentials = {"username": user.get_username(), "code": True}
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)


@receiver(authenticator_added)
def record_added(sender: object, user: User, authenticator: Authenticator, **_: Any) -> None:
    record(user, "second_factor.added", {"kind": authenticator.type})


@receiver(authenticator_removed)
def record_removed(sender: object, user: User, authenticator: Authenticator, **_: Any) -> None:
    record(user, "second_factor.removed", {"kind": authenticator.type})


@receiver(authenticator_reset)
def record_reset(sender: object, user: User, authenticator: Authenticator, **_: Any) -> None:
    record(user, "second_factor.replaced", {"kind": authenticator.type})
