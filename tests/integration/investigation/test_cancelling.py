"""A running query ends when it is cancelled, or when the same user starts another one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis

from reviews.investigation.errors import InvestigationError, QueryCancelled
from reviews.investigation.query.running import Run, cancel_run, cancelable, run_of
from reviews.investigation.query.session import open_session
from reviews.investigation.store.following import investigation_store
from scoring.signals import redis_connections as connections
from tests.waiting import TIMEOUT_SECONDS, wait_until

ENDLESS = "SELECT count(*) FROM range(10000000000) a, range(10000000000) b WHERE a.range + b.range < 0"
QUICK = "SELECT 1"


@pytest.fixture(autouse=True)
def own_redis(online_redis: redis.Redis, settings: Any) -> Iterator[None]:
    settings.INVESTIGATION_SECONDS = TIMEOUT_SECONDS  # for the query that must not run so long
    connections.client.cache_clear()
    yield
    connections.client.cache_clear()


@contextmanager
def running(run: Run) -> Iterator[list[str]]:
    """A query of this run that is running; afterwards how it ended."""
    ended: list[str] = []
    begun = threading.Event()

    def work() -> None:
        try:
            with open_session(investigation_store(), run=run) as session:
                session.execute(QUICK)
                begun.set()
                session.execute(ENDLESS)
        except InvestigationError as error:
            ended.append(type(error).__name__)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(TIMEOUT_SECONDS)
    yield ended
    thread.join(TIMEOUT_SECONDS)
    assert not thread.is_alive()


def test_a_cancelled_query_stops(own_store: None) -> None:
    run = Run("ana")
    with running(run) as ended:
        cancel_run(run)
    assert ended == [QueryCancelled.__name__]


def test_the_next_query_of_the_user_takes_its_place(own_store: None) -> None:
    with running(Run("ana")) as ended, open_session(investigation_store(), run=Run("ana")) as session:
        assert session.execute(QUICK) == [(1,)]
    assert ended == [QueryCancelled.__name__]


def test_other_users_and_other_runs_are_not_concerned() -> None:
    stopped: list[str] = []
    ana, bo = Run("ana"), Run("bo")
    cancel_run(Run("ana"))
    cancel_run(Run("bo", ana.token))
    with cancelable(ana, lambda: stopped.append("ana")), cancelable(bo, lambda: stopped.append("bo")):
        cancel_run(bo)
        wait_until(lambda: stopped.count("bo") > 1)
    assert set(stopped) == {"bo"}


@pytest.mark.parametrize("token", ["", "x" * 41, "a:b", "\n"])
def test_a_token_that_cannot_be_used_is_replaced(token: str) -> None:
    assert run_of("ana", token).token not in ("", token)
    assert run_of("ana", "0a1b").token == "0a1b"
