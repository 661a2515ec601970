"""A new password by e-mail: a link that holds once, sent without telling who has an account."""

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from scoring.log.models import LogEntry

pytestmark = pytest.mark.django_db
NEW = "a fresh passphrase"
RESET = reverse("password_reset")


@pytest.fixture(autouse=True)
def ana(settings: Settings) -> User:
    settings.EMAIL_HOST = "mail.example.org"
    settings.PUBLIC_URL = "https://assay.example.org"
    return User.objects.create_superuser("ana", email="ana@example.org", password="the right passphrase")


def link_in_mail() -> str:
    """The path of the link in the last mail."""
    found = re.search(r"https://assay\.example\.org(\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def types() -> list[str]:
    return list(LogEntry.objects.order_by("position").values_list("type", flat=True))


def test_the_link_sets_a_password_once() -> None:
    client = Client()
    client.post(RESET, {"email": "ana@example.org"})
    link = link_in_mail()
    form = client.get(link, follow=True)
    assert form.status_code == 200
    address = form.redirect_chain[-1][0]
    answer = client.post(address, {"new_password1": NEW, "new_password2": NEW})
    assert answer["Location"] == reverse("admin:login")
    assert client.post(reverse("admin:login"), {"username": "ana", "password": NEW}).status_code == 302
    assert "used before or is too old" in Client().get(link, follow=True).content.decode()
    assert types() == ["password_reset.requested", "password_reset.completed", "sign_in.succeeded"]


def test_an_unknown_address_gets_the_same_answer_and_no_mail() -> None:
    known, unknown = (
        Client().post(RESET, {"email": address}, follow=True).content
        for address in ("ana@example.org", "ben@example.org")
    )
    assert known == unknown
    assert len(mail.outbox) == 1


def test_the_link_leads_to_the_address_of_the_settings(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    Client().post(RESET, {"email": "ana@example.org"}, headers={"host": "evil.example.com"})
    assert "evil" not in str(mail.outbox[0].body)


def test_a_mailbox_is_not_flooded() -> None:
    for _ in range(5):
        Client().post(RESET, {"email": "ana@example.org"})
    assert len(mail.outbox) == 3


def test_without_a_mail_server_there_is_no_such_page(settings: Settings) -> None:
    assert "Forgot your password" in Client().get(reverse("admin:login")).content.decode()
    settings.EMAIL_HOST = ""
    assert Client().get(RESET).status_code == 404
    assert "Forgot your password" not in Client().get(reverse("admin:login")).content.decode()
