"""Sign-in by OpenID Connect, against a provider that checks state, client, code and PKCE."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from django.contrib.auth.models import Group, User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from config.identity_provider import IdentityProvider
from scoring.log.models import LogEntry
from tests.factories.identity_provider import CLIENT_ID, SECRET, FakeProvider, serving

pytestmark = pytest.mark.django_db
LOGIN = reverse("openid_connect_login", args=["oidc"])


@pytest.fixture
def provider(settings: Settings) -> Iterator[FakeProvider]:
    with serving() as fake:
        known = IdentityProvider("Example", fake.issuer, CLIENT_ID, SECRET, "groups", {"fraud": "analyst"})
        settings.IDENTITY_PROVIDER = known
        settings.SOCIALACCOUNT_PROVIDERS = known.as_setting
        fake.claims["groups"] = ["fraud", "everyone"]
        yield fake


def sign_in(client: Client, provider: FakeProvider) -> HttpResponse:
    """The answer to the callback, with which the browser comes back from the provider."""
    away = client.post(LOGIN)
    assert away.status_code == 302
    parts = urlsplit(away["Location"])
    back = urlsplit(provider.authorize(dict(parse_qsl(parts.query))))
    answer: HttpResponse = client.get(f"{back.path}?{back.query}")
    return answer


def test_without_a_provider_the_login_page_is_as_before_and_the_address_is_not_found() -> None:
    client = Client()
    page = client.get(reverse("admin:login"))
    assert "Sign in with" not in page.content.decode()
    assert client.post(LOGIN).status_code == 404


def test_the_login_page_offers_the_provider(provider: FakeProvider) -> None:
    assert "Sign in with Example" in Client().get(reverse("admin:login")).content.decode()


def test_a_person_of_the_provider_becomes_staff_with_mapped_groups(provider: FakeProvider) -> None:
    client = Client()
    assert sign_in(client, provider)["Location"] == reverse("admin:index")
    user = User.objects.get()
    assert (user.username, user.is_staff, user.is_superuser) == ("olga", True, False)
    assert not user.has_usable_password()
    assert [group.name for group in user.groups.all()] == ["analyst"]
    assert client.get(reverse("admin:queue")).status_code == 200
    entry = LogEntry.objects.get(type="sign_in.succeeded")
    assert orjson.loads(entry.data)["by"] == "identity provider"


def test_groups_follow_the_provider_at_every_sign_in(provider: FakeProvider) -> None:
    sign_in(Client(), provider)
    user = User.objects.get()
    user.groups.set(Group.objects.filter(name__in=("admin", "lead")))
    sign_in(Client(), provider)
    assert [group.name for group in User.objects.get().groups.all()] == ["analyst"]


def test_people_without_a_mapped_group_get_no_account(provider: FakeProvider) -> None:
    provider.claims["groups"] = ["everyone"]
    answer = sign_in(Client(), provider)
    assert answer.status_code == 403
    assert not User.objects.exists()


def test_an_account_here_is_not_taken_over_by_a_name_of_the_provider(provider: FakeProvider) -> None:
    own = User.objects.create_superuser("olga", email="o@example.org", password="the right passphrase")
    client = Client()
    sign_in(client, provider)
    assert str(own.pk) != client.session.get("_auth_user_id")


def test_an_inactive_account_stays_out(provider: FakeProvider) -> None:
    sign_in(Client(), provider)
    User.objects.update(is_active=False)
    client = Client()
    assert sign_in(client, provider)["Location"] == reverse("account_inactive")
    assert client.get(reverse("admin:index")).status_code == 302


def test_a_token_for_another_client_is_refused(provider: FakeProvider) -> None:
    provider.audience = "another client"
    answer = sign_in(Client(), provider)
    assert "The sign-in failed" in answer.content.decode()
    assert not User.objects.exists()


def test_a_forged_state_is_refused(provider: FakeProvider) -> None:
    client = Client()
    client.post(LOGIN)
    answer = client.get(reverse("openid_connect_callback", args=["oidc"]), {"code": "a-code", "state": "x"})
    assert "The sign-in failed" in answer.content.decode()
    assert not User.objects.exists()
