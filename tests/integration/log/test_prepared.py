"""Prepared statements are replanned from time to time, whatever happens in between."""

import contextlib

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from scoring.sql import statements
from scoring.sql.statements import Sql, execute_often, execute_prepared

pytestmark = pytest.mark.django_db(transaction=True)


def double(number: int) -> int:
    with connection.cursor() as cursor:
        execute_prepared(cursor, "SELECT 2 * $1::int", [number])
        return cursor.fetchone()[0]


def test_a_replanned_statement_gives_the_same_result(monkeypatch):
    monkeypatch.setattr(statements, "PLANNED_SECONDS", 0.0)
    assert [double(number) for number in range(3)] == [0, 2, 4]


def double_in_a_failed_transaction(number: int) -> None:
    with transaction.atomic():
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        double(number)  # no statement runs any more, not even DEALLOCATE


def test_a_statement_whose_replanning_failed_can_be_replanned_later(monkeypatch):
    monkeypatch.setattr(statements, "PLANNED_SECONDS", 0.0)
    assert double(1) == 2
    with pytest.raises(DatabaseError):
        double_in_a_failed_transaction(2)
    assert double(3) == 6


def add(left: int, right: str) -> list[str]:
    """Runs the sum and returns the SQL sent to the server."""
    with CaptureQueriesContext(connection) as sent, connection.cursor() as cursor:
        first = Sql("SELECT set_config('assay.seen', %s, false)", (right,))
        execute_often(cursor, first, Sql("SELECT %s + length(%s)", (left, right)))
        assert cursor.fetchone()[0] == left + len(right)
        cursor.execute("SELECT current_setting('assay.seen')")
        assert cursor.fetchone()[0] == right
    return [query["sql"].split()[0] for query in sent][:-1]


def test_only_statements_that_run_again_soon_are_prepared(monkeypatch):
    assert add(1, "50 % of 'it'") == ["SELECT"]
    assert add(2, "\\ and $1") == ["PREPARE", "PREPARE", "EXECUTE"]
    assert add(3, "") == ["EXECUTE"]
    monkeypatch.setattr(statements, "PLANNED_SECONDS", 0.0)
    assert add(4, "x") == ["DEALLOCATE", "PREPARE", "DEALLOCATE", "PREPARE", "EXECUTE"]
