"""Requests whose receipts are written together: each gets its own, and one that fails fails alone."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from scoring import deadlines
from scoring.intake import group_commit as gathering
from scoring.intake.errors import StorageTimedOut
from scoring.intake.group_commit import Gatherer, Received, Turn
from scoring.intake.models import Event
from scoring.intake.receive import received_entry
from scoring.lanes.models import Pending
from scoring.log.models import VaultItem
from tests.factories.payments import payment_payload, submission

pytestmark = pytest.mark.django_db(transaction=True)


def request(number: int, **changes: str) -> Received:
    entry = received_entry(submission(payment_payload(number, **changes)), source="shop")
    return Received(
        [entry],
        personal=[("ip", f"192.0.2.{number}")],
        now=datetime.now(UTC),
        priority=number % 2,
        wake_token=f"token-{number}",
    )


@pytest.fixture
def together(transactional_db, online_redis, monkeypatch):
    """Write requests by threads of their own, all but the first while that is being written.

    Gives the error of each, and how many were written together each time.
    """
    sizes: list[int] = []
    write = gathering.write_together

    def run(requests: list[Received]) -> tuple[list[Exception | None], list[int]]:
        gatherer, all_wait = Gatherer(), threading.Event()

        def slowly(group: list[Received]) -> None:
            if not sizes:
                all_wait.wait(10)
            sizes.append(len(group))
            write(group)

        def one(received: Received) -> None:
            try:
                gatherer.write(received)
            finally:
                connection.close()

        monkeypatch.setattr(gathering, "write_together", slowly)
        with ThreadPoolExecutor(len(requests)) as pool:
            running = [pool.submit(one, requests[0])]
            while not gatherer._is_writing or gatherer._waiting:
                time.sleep(0.001)
            running += [pool.submit(one, each) for each in requests[1:]]
            while len(gatherer._waiting) < len(requests) - 1:
                time.sleep(0.001)
            all_wait.set()
        return [each.exception() for each in running], sizes

    return run


def test_what_comes_while_one_is_written_is_written_together(together):
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


def test_of_two_that_fail_together_the_first_is_written_and_the_other_finds_out_for_itself(online_redis):
    good, bad = request(0), request(1)
    bad.personal = [("ip", "\x00")]  # PostgreSQL has no such text
    gatherer = Gatherer()
    gatherer._waiting, gatherer._is_writing = [good, bad], True
    gatherer._lead()
    assert (len(good.written), good.turn) == (1, Turn.LEAD)
    assert (bad.written, bad.turn, bad.called.empty()) == ([], Turn.ALONE, False)
    assert not gatherer._is_writing


def test_an_event_that_two_requests_bring_is_the_first_ones(online_redis, monkeypatch):
    rung: list[set[str]] = []
    monkeypatch.setattr(
        gathering.lane_notifications,
        "notify_lanes",
        lambda lanes: rung.append(set(lanes)) or "broker_unavailable",
    )
    first, second = request(1), replace(request(1, amount="99.00"), wake_token="another", priority=0)
    later = second.now = first.now + timedelta(seconds=5)
    gathering.write_together([first, second])
    [row], [entry] = Pending.objects.all(), first.written
    assert (row.wake_token, row.priority, second.written) == ("token-1", 1, [])
    assert entry.recorded_at == row.enqueued_at == later  # not before either of them
    assert [first.cause, second.cause] == ["broker_unavailable"] * 2
    gathering.write_together([second])
    assert rung == [{"commerce"}, set()]  # what was there already rings for nobody


def test_long_requests_and_those_inside_a_transaction_are_written_by_themselves(online_redis, monkeypatch):
    monkeypatch.setattr(Gatherer, "_has_to_wait", lambda *given: pytest.fail("it is not to be gathered"))
    monkeypatch.setattr(gathering, "MOST_TOGETHER", 1)
    both = request(0)
    both.entries = [*both.entries, *request(1).entries]
    Gatherer().write(both)
    assert len(both.written) == 2
    with transaction.atomic():
        Gatherer().write(request(2))
        transaction.set_rollback(True)
    assert Event.objects.count() == 2


def test_who_waits_for_another_write_waits_no_longer_than_its_deadline(online_redis):
    gatherer = Gatherer()
    gatherer._is_writing = True
    with deadlines.within(0.01), pytest.raises(StorageTimedOut):
        gatherer.write(request(0))
    assert (gatherer._waiting, Event.objects.count()) == ([], 0)


def test_only_a_client_that_waits_holds_lists_back(online_redis, monkeypatch):
    noted: list[str] = []
    monkeypatch.setattr(gathering.turnstile, "note_waiting", lambda: noted.append("waits"))
    for number in (0, 1):  # urgent, and not
        Gatherer().write(request(number))
    assert noted == ["waits"]
