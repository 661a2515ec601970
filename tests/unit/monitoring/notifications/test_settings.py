"""Quiet hours and digests in the owner's time zone, and what is not allowed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitoring.notifications.settings import DEFAULTS, DeliverySettings, problems_of, settings_text

BERLIN = DeliverySettings(time_zone="Europe/Berlin")


def at(hour: int, minute: int = 0, *, month: int = 1) -> datetime:
    return datetime(2026, month, 15, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("settings", "now", "quiet"),
    [
        (DEFAULTS, at(21, 59), False),
        (DEFAULTS, at(22), True),
        (DEFAULTS, at(6, 59), True),
        (DEFAULTS, at(7), False),
        (BERLIN, at(21), True),  # 22:00 there in winter
        (BERLIN, at(5, 30, month=7), False),  # 7:30 there in summer
        (replace(DEFAULTS, quiet_from=12, quiet_until=14), at(13), True),
        (replace(DEFAULTS, quiet_from=12, quiet_until=14), at(14), False),
        (replace(DEFAULTS, quiet_from=0, quiet_until=0), at(0), False),
    ],
)
def test_quiet_hours(settings: DeliverySettings, now: datetime, quiet: bool) -> None:
    assert settings.is_quiet(now) is quiet


def test_the_last_digest_was_today_or_yesterday() -> None:
    assert DEFAULTS.last_digest(at(8)) == at(8)
    assert DEFAULTS.last_digest(at(7, 59)) == datetime(2026, 1, 14, 8, tzinfo=UTC)
    assert BERLIN.last_digest(at(7)) == at(7)  # 8:00 there


def test_the_owners_day_begins_at_their_midnight() -> None:
    assert BERLIN.day_start(at(23, 30)) == at(23)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"quiet_from": 24}, "quiet_from"),
        ({"quiet_until": -1}, "quiet_until"),
        ({"digest_hour": 30}, "digest_hour"),
        ({"max_a_day": 0}, "max_a_day"),
        ({"group_minutes": 500}, "group_minutes"),
        ({"webhook_format": "fax"}, "webhook_format"),
    ],
)
def test_what_is_not_allowed_is_named(change: dict[str, object], field: str) -> None:
    assert [name for name, _ in problems_of(replace(DEFAULTS, **change))] == [field]  # type: ignore[arg-type]


def test_defaults_are_allowed_and_survive_the_log() -> None:
    assert list(problems_of(DEFAULTS)) == []
    assert DeliverySettings.of({**BERLIN.as_data(), "reason": "moved"}) == BERLIN


def test_settings_in_words() -> None:
    text = settings_text(BERLIN, webhook_host="hooks.example.org")
    assert text.startswith("e-mail and webhook to hooks.example.org (signed); quiet from 22:00 to 07:00")
    assert settings_text(replace(DEFAULTS, email=False), webhook_host="").startswith("no channel")
