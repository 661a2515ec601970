"""Group commit: each request gets its own receipts, and a request that fails fails alone."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from scoring import deadlines
from scoring.intake import group_commit
from scoring.intake.errors import StorageTimedOut
from scoring.intake.group_commit import GroupCommit, ReceiptBatch, Role
from scoring.intake.models import Event
from scoring.intake.receive import received_entry
from scoring.lanes.models import Pending
from scoring.log.models import VaultItem
from tests.factories.payments import payment_payload, submission

pytestmark = pytest.mark.django_db(transaction=True)


def request(number: int, **changes: str) -> ReceiptBatch:
    entry = received_entry(submission(payment_payload(number, **changes)), source="shop")
    return ReceiptBatch(
        [entry],
        personal=[("ip", f"192.0.2.{number}")],
        now=datetime.now(UTC),
        priority=number % 2,
        wake_token=f"token-{number}",
    )


@pytest.fixture
def together(transactional_db, online_redis, monkeypatch):
    """Write each request on its own thread, all but the first while the first is being written.

    Gives the error of each, and the size of each group.
    """
    sizes: list[int] = []
    write = group_commit.write_batches

    def run(requests: list[ReceiptBatch]) -> tuple[list[Exception | None], list[int]]:
        commits, all_wait = GroupCommit(), threading.Event()

        def slowly(group: list[ReceiptBatch]) -> None:
            if not sizes:
                all_wait.wait(10)
            sizes.append(len(group))
            write(group)

        def one(received: ReceiptBatch) -> None:
            try:
                commits.write(received)
            finally:
                connection.close()

        monkeypatch.setattr(group_commit, "write_batches", slowly)
        with ThreadPoolExecutor(len(requests)) as pool:
            running = [pool.submit(one, requests[0])]
            while not commits._is_writing or commits._waiting:
                time.sleep(0.001)
            running += [pool.submit(one, each) for each in requests[1:]]
            while len(commits._waiting) < len(requests) - 1:
                time.sleep(0.001)
            all_wait.set()
        return [each.exception() for each in running], sizes

    return run


def test_requests_that_arrive_during_a_write_are_written_together(together):
    requests = [request(number) for number in range(6)]
    errors, sizes = together(requests)
    assert errors == [None] * 6
    assert sizes == [1, 5]
    written = [[entry.data["id"] for entry in each.written] for each in requests]
    assert written == [[f"T-{number}"] for number in range(6)]
    queued = {row.event_stream: (row.priority, row.wake_token) for row in Pending.objects.all()}
    assert queued == {f"payment/shop/T-{n}": (n % 2, f"token-{n}") for n in range(6)}
    assert VaultItem.objects.count() == 6


def test_one_event_sent_twice_at_once_is_received_once(together):
    requests = [request(0), request(1), request(1, amount="99.00"), request(1)]
    errors, _ = together(requests)
    assert errors == [None] * 4
    assert sorted(len(each.written) for each in requests) == [0, 0, 1, 1]
    assert Event.objects.count() == 2


def test_a_request_that_cannot_be_written_fails_alone(together):
    requests = [request(number) for number in range(5)]
    requests[3] = request(3)
    requests[3].personal = [("ip", "\x00")]  # PostgreSQL has no such text
    errors, sizes = together(requests)
    assert [error is None for error in errors] == [True, True, True, False, True]
    assert sizes == [1, 4, 1, 1, 1, 1]
    assert Event.objects.count() == 4


def test_when_a_group_fails_its_leader_writes_alone_and_the_others_do_too(online_redis):
    good, bad = request(0), request(1)
    bad.personal = [("ip", "\x00")]  # PostgreSQL has no such text
    commits = GroupCommit()
    commits._waiting, commits._is_writing = [good, bad], True
    commits._lead()
    assert (len(good.written), good.role) == (1, Role.LEADER)
    assert (bad.written, bad.role, bad.called.empty()) == ([], Role.SOLO, False)
    assert not commits._is_writing


def test_an_event_in_two_requests_belongs_to_the_first(online_redis, monkeypatch):
    notified: list[set[str]] = []
    monkeypatch.setattr(
        group_commit.lane_notifications,
        "notify_lanes",
        lambda lanes: notified.append(set(lanes)) or "broker_unavailable",
    )
    first, second = request(1), replace(request(1, amount="99.00"), wake_token="another", priority=0)
    later = second.now = first.now + timedelta(seconds=5)
    group_commit.write_batches([first, second])
    [row], [entry] = Pending.objects.all(), first.written
    assert (row.wake_token, row.priority, second.written) == ("token-1", 1, [])
    assert entry.recorded_at == row.enqueued_at == later  # not before either of them
    assert [first.cause, second.cause] == ["broker_unavailable"] * 2
    group_commit.write_batches([second])
    assert notified == [{"commerce"}, set()]  # nothing new: no lane is notified


def test_bulk_requests_and_those_inside_a_transaction_are_written_alone(online_redis, monkeypatch):
    monkeypatch.setattr(GroupCommit, "_has_to_wait", lambda *given: pytest.fail("it joined a group"))
    monkeypatch.setattr(group_commit, "MAX_ENTRIES", 1)
    both = request(0)
    both.entries = [*both.entries, *request(1).entries]
    GroupCommit().write(both)
    assert len(both.written) == 2
    with transaction.atomic():
        GroupCommit().write(request(2))
        transaction.set_rollback(True)
    assert Event.objects.count() == 2


def test_a_request_waits_for_another_write_no_longer_than_its_deadline(online_redis):
    commits = GroupCommit()
    commits._is_writing = True
    with deadlines.within(0.01), pytest.raises(StorageTimedOut):
        commits.write(request(0))
    assert (commits._waiting, Event.objects.count()) == ([], 0)


def test_only_waiting_clients_slow_bulk_down(online_redis, monkeypatch):
    noted: list[str] = []
    monkeypatch.setattr(group_commit.bulk_admission, "mark_interactive", lambda: noted.append("waits"))
    for number in (0, 1):  # urgent, and not
        GroupCommit().write(request(number))
    assert noted == ["waits"]
