"""Reading order and the horizon: in any order of commits, a reader gets every entry once."""

from typing import Any

import pytest
from django.db import connection, transaction

from scoring.log import read
from scoring.log.append import append
from scoring.log.entries import START, Cursor
from scoring.log.errors import EntryNotFound
from scoring.log.models import LogEntry
from scoring.log.read import (
    horizon_lag,
    iter_log,
    read_page,
    read_positions,
    read_streams,
)
from scoring.log.writing.bulk import append_bulk
from tests.factories.log import NOW, decided, labeled, open_append, received


@pytest.mark.django_db(transaction=True)
def test_an_entry_committed_after_a_later_position_is_still_read() -> None:
    with open_append([received("slow")]) as [slow]:
        [quick] = append([received("quick")], now=NOW)
        seen_by_position = list(LogEntry.objects.order_by("position").values_list("position", flat=True))
        first_page = read_page(START)
    second_page = read_page(first_page.cursor)

    assert slow.position < quick.position
    # A reader that remembers positions has skipped the slow entry for good.
    assert seen_by_position == [quick.position]
    assert list(LogEntry.objects.filter(position__gt=quick.position)) == []
    # Our reader has waited for it.
    assert first_page.entries == []
    assert second_page.entries == [slow, quick]


@pytest.mark.django_db(transaction=True)
def test_reading_order_follows_transactions_not_positions() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")  # starts writing first and takes its position last
        with open_append([received("late transaction")]) as [late]:
            pass
        [early] = append([received("early transaction")], now=NOW)
    assert early.txid < late.txid
    assert early.position > late.position

    [third] = append([received("third")], now=NOW)
    assert read_page(START).entries == [early, late, third]
    assert read_page(early.cursor).entries == [late, third]
    assert read_page(START, limit=2).entries == [early, late]


@pytest.mark.django_db(transaction=True)
def test_every_entry_of_interleaved_writers_is_read_once() -> None:
    cursor, seen = START, []

    def read_on() -> None:
        nonlocal cursor
        page = read_page(cursor, limit=2)
        while page.entries:
            seen.extend(page.entries)
            page = read_page(page.cursor, limit=2)
        cursor = page.cursor

    written = []
    for round_number in range(5):
        with open_append([received(f"{round_number}-a"), received(f"{round_number}-b")]) as first:
            read_on()
            with open_append([received(f"{round_number}-c")]) as second:
                written += append([received(f"{round_number}-d")], now=NOW)
                read_on()
            read_on()
        written += [*first, *second]
    read_on()

    assert [entry.cursor for entry in seen] == sorted(entry.cursor for entry in written)


@pytest.mark.django_db(transaction=True)
def test_a_long_open_transaction_holds_back_the_horizon_and_shows_as_lag() -> None:
    [before] = append([received("before")], now=NOW)
    assert horizon_lag() == (0, None)

    with open_append([received("held")]):
        append([received(f"after-{i}") for i in range(3)], now=NOW)
        lag = horizon_lag()
        assert read_page(START).entries == [before]
        assert lag.entries == 3  # committed, not yet readable
        assert lag.oldest_transaction_s is not None
        assert lag.oldest_transaction_s > 0

    assert horizon_lag() == (0, None)
    assert len(read_page(before.cursor).entries) == 4


@pytest.mark.django_db(transaction=True)
def test_a_reader_of_some_types_moves_past_the_others() -> None:
    append([received(f"T-{i}") for i in range(10)], now=NOW)
    [label] = append([labeled("payment/shop/T-1")], now=NOW)

    page = read_page(START, types={"label.recorded"}, limit=5)
    nothing = read_page(page.cursor, types={"label.recorded"}, limit=5)

    assert page.entries == [label]
    assert page.cursor > label.cursor  # up to the horizon: nothing before it is searched again
    assert nothing.entries == []
    [another] = append([labeled("payment/shop/T-2")], now=NOW)
    assert read_page(nothing.cursor, types={"label.recorded"}, limit=5).entries == [another]


@pytest.mark.django_db(transaction=True)
def test_reading_uses_the_reading_order_index() -> None:
    for chunk in range(4):
        append_bulk([received(f"{chunk}-{i}") for i in range(2_000)], now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scoring_logentry")
    middle = read_page(START, limit=4_000).entries[-1].cursor

    plan = _plan_of_reading_after(middle, limit=100)

    assert "Index Scan using logentry_reading_order" in plan
    assert 'Index Cond: ((ROW(epoch, txid, "position") > ' in plan
    assert "ROW(epoch, txid) < " in plan
    assert "Sort" not in plan
    assert "Filter" not in plan


def _plan_of_reading_after(cursor: Cursor, *, limit: int) -> str:
    with connection.cursor() as db:
        query = f"EXPLAIN {read._SELECT} WHERE {read.AFTER} {read.IN_READING_ORDER}"
        db.execute(query, [*cursor, *read.read_horizon(), limit])
        return "\n".join(row[0] for row in db.fetchall())


@pytest.mark.django_db
def test_positions_are_read_in_the_given_order_and_a_missing_one_is_named() -> None:
    entries = append([received(f"T-{i}") for i in range(5)], now=NOW)
    wanted = [entry.position for entry in reversed(entries)]

    assert read_positions(wanted) == entries[::-1]
    with pytest.raises(EntryNotFound) as missing:
        read_positions([wanted[0], 999_999])
    assert missing.value.position == 999_999


@pytest.mark.django_db
def test_streams_are_read_whole_or_at_one_version() -> None:
    [event, other] = append([received("T-1"), received("T-2")], now=NOW)
    [decision] = append([decided(event)], now=NOW)
    streams = [event.stream, other.stream, "payment/shop/unknown"]

    assert read_streams(streams) == {event.stream: [event, decision], other.stream: [other]}
    assert read_streams(streams, version=2) == {event.stream: [decision]}


@pytest.mark.django_db
def test_the_whole_log_is_read_in_batches(django_assert_max_num_queries: Any) -> None:
    entries = append([received(f"T-{i}") for i in range(10)], now=NOW)

    with django_assert_max_num_queries(4):
        batches = list(iter_log(batch=4))

    assert [entry for batch in batches for entry in batch] == entries
    assert [len(batch) for batch in batches] == [4, 4, 2]
