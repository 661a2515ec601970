"""Sign-in: wrong passwords are logged and throttled; sessions end."""

import logging
import time

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

pytestmark = pytest.mark.django_db
RIGHT, WRONG = "the right passphrase", "a wrong passphrase"


@pytest.fixture(autouse=True)
def person() -> User:
    return User.objects.create_superuser("ana", password=RIGHT)


class Clock:
    """The clock of the middleware."""

    def __init__(self) -> None:
        self.now = time.time()

    def shift(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("config.requests.middleware.current_time", lambda: clock.now)
    return clock


def sign_in(password: str, *, name: str = "ana", address: str = "192.0.2.1", **meta: str) -> int:
    sent = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address, **meta).post(reverse("admin:login"), sent).status_code


def fail(times: int, **attempt: str) -> list[int]:
    return [sign_in(WRONG, **attempt) for _ in range(times)]


def test_after_ten_wrong_passwords_the_right_one_is_refused_too() -> None:
    assert set(fail(9)) == {200}
    assert fail(1) == [429]
    assert sign_in(RIGHT) == 429


def test_the_refusal_says_when_to_retry() -> None:
    fail(10)
    answer = Client(REMOTE_ADDR="192.0.2.1").post(
        reverse("admin:login"), {"username": "ana", "password": RIGHT}
    )
    assert answer.headers["Retry-After"] == "900"
    assert "15 minutes" in answer.content.decode()


def test_attempts_from_another_address_do_not_lock_out_the_user() -> None:
    fail(12)
    assert sign_in(RIGHT, address="198.51.100.7") == 302


def test_behind_a_proxy_attempts_are_counted_for_the_address_that_the_proxy_added(
    settings: Settings,
) -> None:
    settings.BEHIND_PROXY = True
    fail(12, HTTP_X_FORWARDED_FOR="203.0.113.9, 198.51.100.7")
    assert sign_in(RIGHT, HTTP_X_FORWARDED_FOR="203.0.113.8, 198.51.100.7") == 429
    assert sign_in(RIGHT, HTTP_X_FORWARDED_FOR="198.51.100.8") == 302


def test_attempts_from_unknown_addresses_are_counted_together(settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    for number in range(10):
        fail(1, HTTP_X_FORWARDED_FOR=f"client-{number}")
    assert sign_in(RIGHT, HTTP_X_FORWARDED_FOR="client-11") == 429
    assert sign_in(RIGHT, HTTP_X_FORWARDED_FOR="198.51.100.7") == 302


def test_attempts_over_a_unix_socket_are_counted() -> None:
    fail(10, address="")
    assert sign_in(RIGHT, address="") == 429


def test_a_correct_password_resets_the_count() -> None:
    fail(9)
    assert sign_in(RIGHT) == 302
    assert set(fail(9)) == {200}


def test_each_attempt_is_logged_with_its_address(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="config.people.sign_in"):
        sign_in(WRONG)
        sign_in(RIGHT, address="198.51.100.7")
    assert caplog.messages == ["sign-in of ana from 192.0.2.1 failed", "ana signed in from 198.51.100.7"]


def test_an_unknown_address_is_logged_as_such(caplog: pytest.LogCaptureFixture) -> None:
    sign_in(WRONG, address="")
    assert "sign-in of ana from an unknown address failed" in caplog.messages


def test_an_unknown_name_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    sign_in("ana", name=RIGHT)  # the user mixed up the two fields
    assert RIGHT not in caplog.text
    assert "an unknown name" in caplog.text


def test_an_idle_session_ends(person: User, clock: Clock) -> None:
    client = Client()
    client.force_login(person)
    assert client.get(reverse("admin:index")).status_code == 200
    clock.shift(59 * 60)
    assert client.get(reverse("admin:index")).status_code == 200
    clock.shift(61 * 60)
    assert client.get(reverse("admin:index")).status_code == 302


def test_a_self_refreshing_page_does_not_extend_the_session(person: User, clock: Clock) -> None:
    client = Client()
    client.force_login(person)
    client.get(reverse("admin:index"))
    for _ in range(7):
        clock.shift(9 * 60)
        answer = client.get(reverse("admin:overview_parts"), headers={"X-Background": "1"})
    assert answer.status_code == 302


def test_a_working_day_is_the_longest_session(person: User, clock: Clock) -> None:
    client = Client()
    client.force_login(person)
    answers = []
    for _ in range(25):
        answers.append(client.get(reverse("admin:index")).status_code)
        clock.shift(30 * 60)
    assert answers == [200] * 25
    assert client.get(reverse("admin:index")).status_code == 302
