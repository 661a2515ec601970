"""A second factor: added, asked for, throttled, required by group, and removed; sessions listed and ended."""

from typing import Any

import orjson
import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from scoring.log.models import LogEntry
from tests.factories.second_factors import totp

pytestmark = pytest.mark.django_db
RIGHT = "the right passphrase"
ADD, CODE, ACCOUNT = reverse("mfa_activate_totp"), reverse("mfa_authenticate"), reverse("admin:account")


@pytest.fixture
def ana(db: None) -> User:
    return User.objects.create_superuser("ana", password=RIGHT)


def sign_in(password: str = RIGHT, *, name: str = "ana") -> tuple[Client, HttpResponse]:
    client = Client(REMOTE_ADDR="192.0.2.1", HTTP_USER_AGENT="Firefox")
    return client, client.post(reverse("admin:login"), {"username": name, "password": password})


def add_factor(client: Client) -> str:
    """Add an app to the signed-in account; returns its secret."""
    secret: str = client.get(ADD).context["form"].secret
    answer = client.post(ADD, {"code": totp(secret)})
    assert answer.status_code == 302, answer.content
    return secret


def types() -> list[str]:
    return list(LogEntry.objects.order_by("position").values_list("type", flat=True))


def test_without_a_factor_the_password_alone_signs_in(ana: User) -> None:
    client, answer = sign_in()
    assert answer["Location"] == reverse("admin:index")
    assert client.get(reverse("admin:index")).status_code == 200
    assert types()[-1] == "sign_in.succeeded"


def test_the_code_is_asked_for_before_the_session_begins(ana: User) -> None:
    secret = add_factor(sign_in()[0])
    client, answer = sign_in()
    assert answer["Location"] == CODE
    assert client.get(reverse("admin:index")).status_code == 302
    assert "Enter your code" in client.get(CODE).content.decode()
    # a code counts once: that of the step after the one that was used to add the app
    assert client.post(CODE, {"code": totp(secret, steps=1)}).status_code == 302
    assert client.get(reverse("admin:index")).status_code == 200
    entry = LogEntry.objects.filter(type="sign_in.succeeded").latest("position")
    assert orjson.loads(entry.data) == {"by": "password", "second_factor": True}


def test_a_recovery_code_signs_in_once(ana: User) -> None:
    add_factor(sign_in()[0])
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    client, _ = sign_in()
    client.post(CODE, {"code": codes[0]})
    assert client.get(reverse("admin:index")).status_code == 200
    again, _ = sign_in()
    again.post(CODE, {"code": codes[0]})
    assert again.get(reverse("admin:index")).status_code == 302


def test_wrong_codes_lock_out_as_wrong_passwords_do(ana: User) -> None:
    secret = add_factor(sign_in()[0])
    client, _ = sign_in()
    answers = [client.post(CODE, {"code": "000000"}).status_code for _ in range(10)]
    assert answers[-1] == 429
    assert client.post(CODE, {"code": totp(secret, steps=1)}).status_code == 429
    assert client.get(reverse("admin:index")).status_code == 302
    failed = LogEntry.objects.filter(type="sign_in.failed").first()
    assert failed is not None
    assert orjson.loads(failed.data) == {"wrong": "code"}


def test_a_wrong_password_of_a_known_name_is_in_the_log(ana: User) -> None:
    sign_in("a wrong passphrase")
    sign_in(RIGHT, name="a wrong passphrase")
    entries = list(LogEntry.objects.filter(type="sign_in.failed"))
    assert [(each.stream, orjson.loads(each.data)) for each in entries] == [
        (f"sign_in/{ana.pk}", {"wrong": "password"})
    ]


def test_the_secret_is_stored_encrypted(ana: User) -> None:
    secret = add_factor(sign_in()[0])
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in stored


def test_adding_and_removing_are_in_the_log(
    ana: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client, _ = sign_in()
    with django_capture_on_commit_callbacks(execute=True):
        add_factor(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()
    assert [each for each in types() if each.startswith("second_factor")] == [
        "second_factor.added",
        "second_factor.added",
        "second_factor.removed",
        "second_factor.removed",
    ]


def test_a_later_change_asks_for_the_password_again(ana: User, settings: Settings) -> None:
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    client, _ = sign_in()
    asked = client.get(ADD)["Location"]
    assert asked.startswith(reverse("account_reauthenticate"))
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
    assert client.post(asked, {"password": "a wrong passphrase"}).status_code == 200
    assert client.post(asked, {"password": RIGHT})["Location"] == ADD


def test_a_group_that_needs_a_factor_sees_no_other_page_before(ana: User, settings: Settings) -> None:
    settings.SECOND_FACTOR_GROUPS = ["lead"]
    client, _ = sign_in()
    assert client.get(reverse("admin:index")).status_code == 200  # not in the group
    ana.groups.add(Group.objects.get(name="lead"))
    client, _ = sign_in()
    assert client.get(reverse("admin:index"))["Location"] == ADD
    assert client.get(ACCOUNT).status_code == 200
    add_factor(client)
    assert client.get(reverse("admin:index")).status_code == 200


def test_an_administrator_removes_the_factor_of_a_lost_phone(ana: User, capsys: Any) -> None:
    add_factor(sign_in()[0])
    call_command("reset_second_factor", "ana")
    assert sign_in()[1]["Location"] == reverse("admin:index")
    entry = LogEntry.objects.filter(type="second_factor.removed").latest("position")
    assert orjson.loads(entry.metadata)["actor"] == "command/reset_second_factor"


def test_sessions_are_listed_and_ended(ana: User) -> None:
    first, _ = sign_in()
    second, _ = sign_in()
    page = second.get(ACCOUNT).content.decode()
    assert "this session" in page
    assert page.count("192.0.2.1") == 2
    other = next(each for each in second.get(ACCOUNT).context["sessions"] if not each["is_current"])
    assert second.post(ACCOUNT, {"action": "end", "session": str(other["number"])}).status_code == 302
    assert first.get(reverse("admin:index")).status_code == 302
    assert second.get(reverse("admin:index")).status_code == 200
    assert types()[-1] == "session.ended"


def test_nobody_ends_the_session_of_another(ana: User) -> None:
    first, _ = sign_in()
    number = first.get(ACCOUNT).context["sessions"][0]["number"]
    User.objects.create_user("ben", password=RIGHT, is_staff=True)
    other, _ = sign_in(name="ben")
    assert other.post(ACCOUNT, {"action": "end", "session": str(number)}).status_code == 404
    assert first.get(reverse("admin:index")).status_code == 200


def test_all_other_sessions_end_at_once(ana: User) -> None:
    first, second, third = sign_in()[0], sign_in()[0], sign_in()[0]
    third.post(ACCOUNT, {"action": "end_others"})
    assert [client.get(reverse("admin:index")).status_code for client in (first, second, third)] == [
        302,
        302,
        200,
    ]
