"""Which notices are sent, wait, or go into the digest: a table of cases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.notifications.planning import Notice, Plan, is_digest_due, plan_messages
from monitoring.notifications.settings import DEFAULTS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NIGHT = datetime(2026, 3, 1, 23, tzinfo=UTC)
OLD, NEW = timedelta(minutes=5), timedelta(seconds=30)


def notice(
    position: int,
    *,
    alert: str = "slow/1",
    transition: str = "fired",
    severity: str = "warning",
    group: str = "event type payment",
    ago: timedelta = OLD,
    now: datetime = NOON,
    parent: str = "",
) -> Notice:
    return Notice(position, alert, transition, severity, group, now - ago, parent)


def plan(
    *notices: Notice, now: datetime = NOON, announced: tuple[str, ...] = (), sent_today: int = 0
) -> tuple[list[list[int]], list[int]]:
    """The positions of each message, and those in the digest."""
    found: Plan = plan_messages(
        notices, announced=announced, sent_today=sent_today, settings=DEFAULTS, now=now
    )
    return [[each.position for each in one] for one in found.messages], [
        each.position for each in found.digest
    ]


def test_an_alert_is_sent_once_its_group_had_time() -> None:
    assert plan(notice(1)) == ([[1]], [])
    assert plan(notice(1, ago=NEW)) == ([], [])


def test_alerts_of_one_group_share_a_message_from_the_first_ones_age_on() -> None:
    drift, slow = notice(1), notice(2, alert="drift/2", ago=NEW)
    other = notice(3, alert="slow/3", group="event type login")
    assert plan(drift, slow, other) == ([[1, 2], [3]], [])


def test_quiet_hours_hold_warnings_back_and_let_critical_alerts_through_with_their_group() -> None:
    warning, critical = (
        notice(1, now=NIGHT),
        notice(2, alert="down/1", severity="critical", now=NIGHT, ago=NEW),
    )
    assert plan(warning, now=NIGHT) == ([], [])
    assert plan(warning, critical, now=NIGHT) == ([[1, 2]], [])


def test_a_critical_alert_does_not_wait_for_its_group() -> None:
    assert plan(notice(1, severity="critical", ago=NEW)) == ([[1]], [])


def test_infos_go_into_the_digest() -> None:
    assert plan(notice(1, severity="info")) == ([], [1])


def test_beyond_the_daily_number_all_but_critical_alerts_go_into_the_digest() -> None:
    other = notice(2, alert="drift/2", group="event type login")
    critical = notice(3, alert="down/1", severity="critical", group="metric operations.heartbeat_age")
    assert plan(notice(1), other, sent_today=DEFAULTS.max_a_day - 1) == ([[1]], [2])
    assert plan(notice(1), critical, sent_today=DEFAULTS.max_a_day) == ([[3]], [1])


def test_what_was_resolved_before_it_was_sent_goes_into_the_digest() -> None:
    assert plan(notice(1), notice(2, transition="resolved")) == ([], [1, 2])


def test_an_alert_whose_parent_was_sent_goes_into_the_digest_unless_it_is_critical() -> None:
    child = notice(2, alert="drift/2", parent="slow/1")
    assert plan(child, announced=("slow/1",)) == ([], [2])
    assert plan(child) == ([[2]], [])
    assert plan(replace(child, severity="critical"), announced=("slow/1",)) == ([[2]], [])


def test_a_resolution_is_sent_if_the_firing_was() -> None:
    resolved = notice(2, transition="resolved")
    assert plan(resolved, announced=("slow/1",)) == ([[2]], [])
    assert plan(resolved) == ([], [2])


def test_a_critical_alert_that_was_resolved_at_once_is_sent_all_the_same() -> None:
    critical, resolved = notice(1, severity="critical"), notice(2, severity="critical", transition="resolved")
    assert plan(critical, resolved) == ([[1, 2]], [])


@pytest.mark.parametrize(
    ("oldest", "now", "due"),
    [
        (NOON, NOON.replace(hour=20), False),  # after this morning's
        (NOON, NOON + timedelta(hours=20), True),  # tomorrow at 8
        (NOON.replace(hour=7), NOON.replace(hour=7, minute=59), False),
        (NOON.replace(hour=7), NOON.replace(hour=8), True),
    ],
)
def test_a_digest_is_sent_at_its_hour(oldest: datetime, now: datetime, due: bool) -> None:
    assert is_digest_due(oldest, DEFAULTS, now=now) is due


def test_the_digests_hour_is_of_the_owners_time_zone() -> None:
    tokyo = replace(DEFAULTS, time_zone="Asia/Tokyo")
    assert is_digest_due(NOON, tokyo, now=NOON.replace(hour=23))  # 8:00 there
