"""Two writers of the same rows wait for each other in one direction, whatever the order of their rows.

One writer is blocked midway. Rows that it needs later must still be free for others: otherwise two writers
could each hold what the other needs, and one of them would fail.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from scoring.log import vault
from scoring.log.append import COPY_FROM, append_new
from scoring.log.entries import NewEntry
from scoring.log.read import read_streams
from scoring.log.writing.bulk import append_bulk
from tests.factories.log import NOW, open_transaction, received
from tests.waiting import TIMEOUT_SECONDS, wait_for_blocked_session

pytestmark = pytest.mark.django_db(transaction=True)

Work = Callable[[], Any]


@contextmanager
def blocked_midway(work: Work, *, behind: Work) -> Iterator[None]:
    """`work` runs on another connection until it is blocked by what `behind` locked on a third one."""

    def run() -> None:
        work()
        connection.close()

    thread = threading.Thread(target=run)
    with open_transaction(behind):
        thread.start()
        wait_for_blocked_session()
        yield
    thread.join(TIMEOUT_SECONDS)


def without_lock_waits(work: Work) -> None:
    """Run `work` and roll it back. Raises OperationalError if it has to wait for a lock."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = 500")
        work()
        transaction.set_rollback(True)


def begin(*names: str) -> None:
    append_new([received(name) for name in names], now=NOW)


def begin_and_roll_back(name: str) -> None:
    begin(name)
    transaction.set_rollback(True)


@pytest.mark.parametrize("write", [append_new, append_bulk])
@pytest.mark.parametrize("others", [0, COPY_FROM])
def test_new_streams_are_locked_in_sorted_order(write: Callable[..., Any], others: int) -> None:
    names = ["z", *(f"n-{number}" for number in range(others)), "m", "a"]
    entries: Sequence[NewEntry] = [received(name) for name in names]

    with blocked_midway(lambda: write(entries, now=NOW), behind=lambda: begin_and_roll_back("m")):
        with pytest.raises(OperationalError, match="lock timeout"):
            without_lock_waits(lambda: begin("a"))
        without_lock_waits(lambda: begin("z"))

    assert len(read_streams([f"payment/shop/{name}" for name in names])) == len(names)


def test_personal_values_are_stored_in_digest_order() -> None:
    items = [("ip", f"192.0.2.{number}") for number in range(3)]
    first, middle, last = sorted(items, key=lambda item: vault.digest_of(*item))

    with blocked_midway(lambda: vault.store([last, middle, first]), behind=lambda: vault.store([middle])):
        with pytest.raises(OperationalError, match="lock timeout"):
            without_lock_waits(lambda: vault.store([first]))
        without_lock_waits(lambda: vault.store([last]))

    assert len(vault.reveal(vault.digest_of(*item) for item in items)) == 3
