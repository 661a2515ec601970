"""What allauth asks this project: who may sign up, with which groups, and how secrets are stored."""

import base64
import hashlib
import time
from collections.abc import Iterable, Mapping
from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import user_logged_in
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.dispatch import receiver
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from config.identity_provider import IdentityProvider
from scoring.api.client_address import client_address

BACKEND = "config.people.limits.backend.BackendWithLimits"
NO_ADDRESS = "::"


class AccountAdapter(DefaultAccountAdapter):
    """People are added by administrators or by the identity provider; there is no page to sign up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        """After a second request the user no longer says which backend knew the password."""
        if not hasattr(user, "backend"):
            user.backend = BACKEND
        super().login(request, user)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("admin:index")

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """Not in the first minutes of a session: the sign-in says who it is."""
        request = context.request
        records = get_authentication_records(request, request.user)
        since = time.time() - account_settings.REAUTHENTICATION_TIMEOUT
        return not any(each["at"] > since for each in records)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or NO_ADDRESS

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kw: Any
    ) -> None:
        """Not that one is signed in, which is plain to see."""
        if message_template != "account/messages/logged_in.txt":
            super().add_message(request, level, message_template, *args, **kw)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """People of the identity provider become staff, with the groups that its claim maps to."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse people none of whose groups has a counterpart here, if groups are mapped at all."""
        provider: IdentityProvider | None = settings.IDENTITY_PROVIDER
        if provider and provider.groups and not mapped_groups(provider, claims_of(sociallogin)):
            page = render(request, "signing_in/no_group.html", {"provider": provider.name}, status=403)
            raise ImmediateHttpResponse(page)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> Any:
        sociallogin.user.is_staff = True
        return super().save_user(request, sociallogin, form)


@receiver(user_logged_in)
def follow_groups(sender: object, user: User, sociallogin: SocialLogin | None = None, **_: Any) -> None:
    """Whoever signs in by the provider has the groups that it names now, and no others."""
    provider: IdentityProvider | None = settings.IDENTITY_PROVIDER
    if sociallogin is not None and provider is not None and provider.groups:
        user.groups.set(Group.objects.filter(name__in=mapped_groups(provider, claims_of(sociallogin))))


def claims_of(sociallogin: SocialLogin) -> Mapping[str, Any]:
    """The claims of the ID token, and those of the user info, which win."""
    data = sociallogin.account.extra_data
    return {**data.get("id_token", {}), **data.get("userinfo", {})}


def mapped_groups(provider: IdentityProvider, claims: Mapping[str, Any]) -> set[str]:
    """The groups here of the groups in the claim: a list of names, or one name."""
    named = claims.get(provider.groups_claim) or ()
    theirs: Iterable[Any] = [named] if isinstance(named, str) else named
    return {provider.groups[each] for each in theirs if each in provider.groups}


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of second factors are stored encrypted, with a key derived from ASSAY_SECRET_KEY."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> Fernet:
    key = hashlib.sha256(b"second factors:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
