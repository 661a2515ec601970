"""Requests whose receipts are written together: each gets its own, and one that fails fails alone."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection

from scoring.decisions import gathering
from scoring.decisions.gathering import Gatherer, Received
from scoring.decisions.intake import received_entry
from scoring.decisions.models import Event, Pending
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


def test_long_requests_and_those_inside_a_transaction_are_written_by_themselves(online_redis, monkeypatch):
    monkeypatch.setattr(Gatherer, "_has_to_wait", lambda *given: pytest.fail("it is not to be gathered"))
    monkeypatch.setattr(gathering, "MOST_TOGETHER", 1)
    both = request(0)
    both.entries = [*both.entries, *request(1).entries]
    Gatherer().write(both)
    assert len(both.written) == 2
