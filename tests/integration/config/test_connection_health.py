"""A persistent database connection: rarely queried while healthy, replaced before it fails a request."""

import secrets

import psycopg2
import pytest
from django.conf import settings
from django.db import IntegrityError, OperationalError, connection

from config.postgres import base, hung
from config.status.servers import check_statement_logging
from embedded.paths import service_paths
from scoring import deadlines
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """The health queries sent to the server, one list item per query."""
    said: list[str] = []
    ask = base.base.DatabaseWrapper.is_usable

    def count(wrapper: base.DatabaseWrapper) -> bool:
        said.append("SELECT 1")
        return bool(ask(wrapper))

    monkeypatch.setattr(base.base.DatabaseWrapper, "is_usable", count)
    return said


def begin_request() -> int:
    """Begin a request as Django does; returns the id of the server process that answers its first query."""
    connection.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def end_backend(process: int) -> None:
    """End the connection as a restart of the server does."""
    with psycopg2.connect(connection.connection.dsn) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
    other.close()


def test_a_healthy_connection_is_not_queried_before_each_request(asked):
    first = begin_request()
    assert [begin_request() for _ in range(5)] == [first] * 5
    assert asked == []


def test_a_closed_connection_is_replaced_before_it_fails_a_request(asked):
    first = begin_request()
    end_backend(first)
    assert begin_request() != first


def test_the_connection_is_queried_again_after_a_while(asked, monkeypatch):
    begin_request()
    monkeypatch.setattr(base, "ASKED_SECONDS", -1.0)
    begin_request()
    assert asked == ["SELECT 1"]


def test_a_failed_connection_is_queried_whatever_the_state_of_its_socket(asked):
    begin_request()
    connection.errors_occurred = True
    begin_request()
    assert asked == ["SELECT 1"]


def test_values_of_a_failing_statement_stay_out_of_the_servers_log():
    log = service_paths(settings.VAR_DIR).postgres / "server.log"
    secret, before = secrets.token_hex(8), log.stat().st_size
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE kept (value text PRIMARY KEY)")
        cursor.execute("INSERT INTO kept VALUES (%s)", [secret])
        with pytest.raises(IntegrityError, match=secret):
            cursor.execute("INSERT INTO kept VALUES (%s)", [secret])
    said = log.read_bytes()[before:].decode()
    assert "duplicate key value" in said
    assert secret not in said


def test_a_statement_past_its_deadline_ends_and_the_next_request_has_a_connection(monkeypatch):
    first = begin_request()
    with deadlines.within(0.2), pytest.raises(OperationalError):
        connection.cursor().execute("SELECT pg_sleep(60)")
    connection.errors_occurred = True
    wait_until(lambda: not hung.breaker.is_open)
    assert begin_request() != first


def test_a_statement_within_its_deadline_is_not_interrupted():
    first = begin_request()
    with deadlines.within(5.0), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.3)")
    assert begin_request() == first


def test_a_server_that_logs_values_is_reported():
    assert check_statement_logging() == []
    with connection.cursor() as cursor:
        cursor.execute("SET log_min_error_statement = error")
        (problem,) = check_statement_logging()
        cursor.execute("SET log_min_error_statement = panic")
    assert problem.message == "PostgreSQL logs failing statements with their values."
