"""A kept database connection: asked little while it is well, replaced before it fails a request."""

import psycopg2
import pytest
from django.db import connection

from config.postgres import base

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """What the server is asked for health alone, at each `begin_request`."""
    said: list[str] = []
    ask = base.base.DatabaseWrapper.is_usable

    def count(wrapper: base.DatabaseWrapper) -> bool:
        said.append("SELECT 1")
        return bool(ask(wrapper))

    monkeypatch.setattr(base.base.DatabaseWrapper, "is_usable", count)
    return said


def begin_request() -> int:
    """As Django begins one; returns the id of the server's process that answers its first query."""
    connection.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def end_backend(process: int) -> None:
    """As a restart of the server ends every connection."""
    with psycopg2.connect(connection.connection.dsn) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
    other.close()


def test_a_connection_that_is_well_is_not_asked_before_each_request(asked):
    first = begin_request()
    assert [begin_request() for _ in range(5)] == [first] * 5
    assert asked == []


def test_a_connection_that_the_server_ended_is_replaced_before_it_fails_a_request(asked):
    first = begin_request()
    end_backend(first)
    assert begin_request() != first


def test_the_server_is_asked_again_after_a_while(asked, monkeypatch):
    begin_request()
    monkeypatch.setattr(base, "ASKED_SECONDS", -1.0)
    begin_request()
    assert asked == ["SELECT 1"]


def test_a_connection_that_failed_is_asked_whatever_its_socket_says(asked):
    begin_request()
    connection.errors_occurred = True
    begin_request()
    assert asked == ["SELECT 1"]
