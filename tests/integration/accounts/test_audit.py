"""An administrator's changes are log entries with the actor and without personal values."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config.people.audit import current_actor
from scoring.catalog.exchange_rates.models import ExchangeRate
from scoring.log.read import read_stream
from tests.integration.accounts.test_delegation import account

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def recorded(stream: str) -> list[tuple[str, dict, str]]:
    return [(entry.type, entry.data, entry.metadata["actor"]) for entry in read_stream(stream)]


def test_a_group_given_to_a_user_is_recorded(client: Client) -> None:
    user = User.objects.create_user("ana", email="old@example.org", is_staff=True)
    lead = Group.objects.get(name="lead")
    address = reverse("admin:auth_user_change", args=[user.pk])
    client.post(address, account(user, groups=[lead.pk], is_staff=None, email="new@example.org"))
    assert recorded(f"user/{user.pk}") == [
        (
            "user.changed",
            {"name": "ana", "changes": {"is_staff": [True, False], "email": "changed"}},
            "user/root",
        ),
        ("user.changed", {"name": "ana", "added": {"groups": ["lead"]}}, "user/root"),
    ]


def test_a_password_change_is_recorded_without_the_password(client: Client) -> None:
    user = User.objects.create_user("ana", password="the old passphrase")
    sent = {"password1": "the new passphrase", "password2": "the new passphrase", "usable_password": "true"}
    client.post(reverse("admin:auth_user_password_change", args=[user.pk]), sent)
    assert recorded(f"user/{user.pk}") == [
        ("user.changed", {"name": "ana", "changes": {"password": "changed"}}, "user/root")
    ]


def test_signing_in_is_not_recorded_as_a_change(client: Client) -> None:
    user = User.objects.get(username="root")
    user.set_password("a passphrase of some length")
    user.save()
    Client().post(reverse("admin:login"), {"username": "root", "password": "a passphrase of some length"})
    assert recorded(f"user/{user.pk}") == []


def test_a_rate_is_recorded_with_its_value(client: Client) -> None:
    sent = {
        "currency": "EUR",
        "base": "USD",
        "rate": "1.10",
        "valid_from_0": "2026-01-01",
        "valid_from_1": "00:00:00",
    }
    client.post(reverse("admin:scoring_exchangerate_add"), sent)
    rate = ExchangeRate.objects.get()
    ((kind, data, actor),) = recorded(f"exchange_rate/{rate.pk}")
    assert (kind, actor, data["changes"]["rate"]) == ("exchange_rate.created", "user/root", [None, "1.1"])


def test_disabling_a_schedule_from_the_list_is_recorded(client: Client) -> None:
    interval = IntervalSchedule.objects.create(every=1, period="hours")
    task = PeriodicTask.objects.create(name="mine", task="t", interval=interval)
    sent = {"action": "disable_tasks", "_selected_action": [task.pk]}
    client.post(reverse("admin:django_celery_beat_periodictask_changelist"), sent)
    assert recorded(f"schedule/{task.pk}") == [
        ("schedule.changed", {"name": str(task), "changes": {"enabled": [True, False]}}, "user/root")
    ]


def test_a_run_of_the_scheduler_is_not_recorded_as_a_change() -> None:
    interval = IntervalSchedule.objects.create(every=1, period="hours")
    task = PeriodicTask.objects.create(name="mine", task="t", interval=interval)
    token = current_actor.set("user/root")
    try:
        task.total_run_count = 3
        task.save()
    finally:
        current_actor.reset(token)
    assert recorded(f"schedule/{task.pk}") == []


def test_a_deleted_row_can_be_read_in_the_log(client: Client) -> None:
    group = Group.objects.create(name="temps")
    client.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"})
    assert recorded(f"group/{group.pk}") == [
        ("group.deleted", {"name": "temps", "was": {"name": "temps"}}, "user/root")
    ]


def test_changes_without_an_actor_are_not_recorded() -> None:
    group = Group.objects.create(name="made by a migration")
    assert recorded(f"group/{group.pk}") == []
