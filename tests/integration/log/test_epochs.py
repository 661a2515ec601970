"""A writer that waits while a new epoch begins writes in that one."""

import threading
from collections.abc import Callable
from contextlib import nullcontext

import pytest
from django.db import connection, transaction

from scoring.log import epochs
from scoring.log.append import append
from scoring.log.entries import Entry
from scoring.log.epochs import begin_epoch, check_epoch, current_epoch
from scoring.log.errors import LogAheadOfCluster
from scoring.log.writing.bulk import append_bulk
from tests.factories.log import NOW, received
from tests.waiting import TIMEOUT_SECONDS, wait_for_blocked_session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("write", [append, append_bulk])
def test_a_writer_that_waited_for_a_new_epoch_writes_in_it(
    write: Callable[..., list[Entry]],
) -> None:
    written: list[Entry] = []
    ready, go = threading.Event(), threading.Event()

    def run() -> None:
        for number in range(3):  # prepared by then
            write([received(f"before-{number}")], now=NOW)
        ready.set()
        go.wait(TIMEOUT_SECONDS)
        written.extend(write([received("waited")], now=NOW))
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(TIMEOUT_SECONDS)
    with transaction.atomic():
        begun = begin_epoch(now=NOW)
        go.set()
        wait_for_blocked_session()
    thread.join()

    assert begun.number == 2
    assert current_epoch() == 2
    assert [entry.epoch for entry in written] == [2]


@pytest.mark.parametrize(("last", "following", "is_refused"), [(6, 7, False), (7, 7, True), (8, 7, True)])
def test_a_log_is_ahead_of_its_cluster_from_the_next_transaction_id_on(
    monkeypatch: pytest.MonkeyPatch, last: int, following: int, is_refused: bool
) -> None:
    monkeypatch.setattr(epochs, "AHEAD", f"SELECT {last}, {following}")
    with pytest.raises(LogAheadOfCluster) if is_refused else nullcontext():
        check_epoch()


def test_epochs_have_consecutive_numbers_and_a_first_position() -> None:
    [entry] = append([received("old")], now=NOW)

    first, second = begin_epoch(now=NOW), begin_epoch(now=NOW)

    assert (first.number, first.first_position, first.started_at) == (2, entry.position + 1, NOW)
    assert (second.number, current_epoch()) == (3, 3)
