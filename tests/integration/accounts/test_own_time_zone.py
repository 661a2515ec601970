"""Each user's own time zone: chosen, stored, offered again at the next sign-in, and what it changes."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from scoring.admin_kit.models import UserTimeZone
from scoring.log.append import append
from scoring.log.entries import NewEntry

pytestmark = pytest.mark.django_db
ACCOUNT, LOG = reverse("admin:account"), reverse("admin:scoring_logentry_changelist")
LATE = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # the second of March in Tokyo


@pytest.fixture
def ana(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ana"))
    return client


def choose(client: Client, zone: str) -> str:
    answer = client.post(ACCOUNT, {"action": "time_zone", "time_zone": zone}, follow=True)
    return answer.content.decode()


def append_entry() -> None:
    append([NewEntry("test/1", 0, "test.happened", {})], now=LATE)


def test_pages_tell_times_in_utc_until_a_zone_is_chosen(ana: Client) -> None:
    append_entry()
    page = ana.get(LOG).content.decode()
    assert "2026-03-01 23:30:00" in page
    assert "(UTC)" in page


def test_the_chosen_zone_is_stored_and_used_by_every_page(ana: Client) -> None:
    append_entry()
    assert "Pages now tell times in the time zone Asia/Tokyo." in choose(ana, "Asia/Tokyo")
    assert UserTimeZone.objects.get().name == "Asia/Tokyo"
    page = ana.get(LOG).content.decode()
    assert "2026-03-02 08:30:00" in page
    assert "(Asia/Tokyo)" in page
    assert "2026-03-01 23:30:00" not in page


def test_filters_mean_days_of_the_chosen_zone(ana: Client) -> None:
    append_entry()
    choose(ana, "Asia/Tokyo")
    day = {"recorded_at_from": "2026-03-02", "recorded_at_to": "2026-03-02"}
    assert "test.happened" in ana.get(LOG, day).content.decode()
    choose(ana, "UTC")
    assert "test.happened" not in ana.get(LOG, day).content.decode()


def test_the_zone_is_that_of_the_next_session_too(ana: Client) -> None:
    choose(ana, "America/New_York")
    ana.force_login(User.objects.get(username="ana"))
    page = ana.get(ACCOUNT).content.decode()
    assert "<option selected>America/New_York</option>" in page


def test_an_unknown_zone_is_refused_with_a_reason(ana: Client) -> None:
    page = choose(ana, "Mars/Olympus")
    assert "&#x27;Mars/Olympus&#x27; is not a time zone; choose one such as Europe/Berlin or UTC." in page
    assert not UserTimeZone.objects.exists()


def test_users_without_a_choice_get_the_installations_zone(ana: Client, settings: Settings) -> None:
    settings.PAGES_TIME_ZONE = "Europe/Berlin"
    append_entry()
    assert "2026-03-02 00:30:00" in ana.get(LOG).content.decode()


def test_the_zone_does_not_outlive_the_request(ana: Client) -> None:
    choose(ana, "Asia/Tokyo")
    ana.get(ACCOUNT)
    assert timezone.get_current_timezone_name() == "UTC"
