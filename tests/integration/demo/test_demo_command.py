"""`manage.py demo` before and while its processes run."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from demo import demo_data
from demo.community.traffic import LABEL_SOURCE
from demo.management.commands import demo
from embedded import services
from scoring.api.keys.issue import find_sender, revoke_key
from scoring.batch.declared import batch_views
from scoring.batch.models import BatchVersion
from scoring.batch.views import BatchView
from tests.factories.batch_versions import store_version

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def var(tmp_path: Path, settings: Any) -> Path:
    settings.VAR_DIR = tmp_path
    settings.API_KEY_CACHE_SECONDS = 0.0
    (tmp_path / "secrets").mkdir()
    return tmp_path


@pytest.mark.parametrize("command", ["demo", "up"])
@pytest.mark.parametrize("shares", [False, True], ids=["exclusive port", "SO_REUSEPORT"])
def test_a_taken_port_is_an_error_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, var: Path, command: str, shares: bool
) -> None:
    monkeypatch.setattr(services, "start", lambda *_, **__: pytest.fail("services were started"))
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shares)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("ASSAY_PORT", str(port))
        with pytest.raises(CommandError, match=rf"127\.0\.0\.1:{port} .*ASSAY_PORT={port + 1}"):
            call_command(command)


@pytest.mark.django_db
def test_the_administrator_is_created_once_with_a_generated_password(var: Path) -> None:
    password = demo.demo_password()
    assert len(password) >= 16
    assert demo.demo_password() == password
    user = User.objects.get(username="admin")
    assert (user.is_superuser, user.check_password(password)) == (True, True)


@pytest.mark.django_db
def test_each_group_has_a_user(var: Path) -> None:
    password = demo.demo_password()
    groups = {
        person.username: [group.name for group in person.groups.all()]
        for person in User.objects.filter(is_superuser=False)
        if person.check_password(password) and person.is_staff
    }
    assert groups == {name: [group] for name, group in demo_data.USERS.items()}


@pytest.mark.django_db
def test_a_changed_password_is_not_overwritten(var: Path) -> None:
    demo.demo_password()
    user = User.objects.get(username="admin")
    user.set_password("of my own")
    user.save()
    assert demo.demo_password() == "(as you set it)"
    user.refresh_from_db()
    assert user.check_password("of my own")


@pytest.mark.django_db
def test_the_key_is_kept_and_replaced_if_revoked(var: Path) -> None:
    key = demo.demo_key()
    assert demo.demo_key() == key
    assert (var / "secrets" / "demo_api_key").stat().st_mode & 0o077 == 0
    sender = find_sender(key)
    assert sender is not None
    assert LABEL_SOURCE in sender.label_sources
    revoke_key(prefix=sender.prefix, now=timezone.now(), actor="test")
    assert demo.demo_key() != key


def version_of(view: BatchView, number: int, *, age: timedelta, valid_in: timedelta) -> None:
    store_version(view, number, as_of=NOW - age, valid_from=NOW + valid_in, published_at=NOW)


@pytest.mark.django_db
def test_traffic_waits_for_fresh_batch_values_if_the_earlier_ones_are_stale() -> None:
    trend = batch_views()["payment.merchant_trend"]
    assert demo.seconds_until_fresh(now=NOW) == 0
    version_of(trend, 1, age=timedelta(minutes=44), valid_in=-timedelta(minutes=40))
    version_of(trend, 2, age=timedelta(minutes=4), valid_in=timedelta(seconds=30))
    assert demo.seconds_until_fresh(now=NOW) == 0
    late = NOW + timedelta(minutes=2)
    version_of(trend, 3, age=timedelta(0), valid_in=timedelta(seconds=150))
    BatchVersion.objects.filter(number=2).update(as_of=NOW - timedelta(hours=2))
    assert demo.seconds_until_fresh(now=late) == 30
    assert demo.seconds_until_fresh(now=late + timedelta(seconds=30)) == 0
    assert demo.seconds_until_fresh(now=late + timedelta(hours=3)) == 0  # none is on its way
