"""Groups whose members need a second factor see no other page before they have one."""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

EVERYONE = "*"
HAS_FACTOR = "has_second_factor"  # in the session, once it was seen


class RequiredFactor:
    """Leads people who lack a second factor to the page that adds one.

    Not those who signed in by the identity provider, whose policy asks for the factors it wants.
    """

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        if settings.SECOND_FACTOR_GROUPS and _lacks_factor(request):
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return self.get_response(request)


def _lacks_factor(request: HttpRequest) -> bool:
    return request.user.is_authenticated and _is_page(request) and not _is_satisfied(request)


def _is_page(request: HttpRequest) -> bool:
    """Whether the request is for a page other than those that add a factor or end the session."""
    allowed = (reverse("admin:index") + "account/", reverse("admin:logout"), reverse("admin:jsi18n"))
    return not request.path.startswith(allowed)


def _is_satisfied(request: HttpRequest) -> bool:
    if request.session.get(HAS_FACTOR):
        return True
    user: Any = request.user
    records = get_authentication_records(request, user)
    satisfied = (
        any(each["method"] == "socialaccount" for each in records)
        or not is_required_of(user)
        or Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
    )
    if satisfied:
        request.session[HAS_FACTOR] = True
    return satisfied


def is_required_of(user: Any) -> bool:
    groups = set(settings.SECOND_FACTOR_GROUPS)
    return EVERYONE in groups or user.groups.filter(name__in=groups).exists()
