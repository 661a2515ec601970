"""PostgreSQL or Redis hangs, which is worse than being down, and every request is still answered.

Whatever hangs, a request is answered within a second after the wait that it asked for.
"""

import http.client
import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
import redis
from django.conf import settings
from django.db import connection

from scoring.api.keys.issue import create_key
from scoring.intake.models import Event
from tests.factories.payments import payment_payload
from tests.faults.deployment import Deployment
from tests.faults.freezing import frozen, postgres_processes, redis_processes
from tests.faults.sender import Sender
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

MARGIN_SECONDS = 1.0  # the promise
SLACK_SECONDS = 1.0  # allows for a busy test machine
RECOVERED_WITHIN_SECONDS = 30

FALLBACK, USUAL, ASYNC = "wait=1, on_timeout=fallback", "", "respond-async"
WAITS = {FALLBACK: 1.0, USUAL: 0.5, ASYNC: 0.0}


class Answer(NamedTuple):
    status: int
    body: Any
    headers: http.client.HTTPMessage
    seconds: float


class Client:
    """Sends each request once and measures the time to the response."""

    def __init__(self, deployment: Deployment, key: str) -> None:
        self.sender, self.numbers = Sender(deployment.url, key), iter(range(10_000))

    def post(self, *, prefer: str, number: int | None = None) -> Answer:
        payload = payment_payload(next(self.numbers) if number is None else number)
        return self.request("POST", "/api/v1/events", json.dumps(payload), {"Prefer": prefer})

    def get(self, path: str) -> Answer:
        return self.request("GET", path, None, {})

    def request(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        connection, began = http.client.HTTPConnection(self.sender.address, timeout=60), time.monotonic()
        try:
            connection.request(method, path, body=body, headers=self.sender.headers | headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        seconds = time.monotonic() - began
        return Answer(response.status, json.loads(text), response.headers, seconds)


@pytest.fixture(scope="module")
def client_of_all(shared_deployment: Deployment) -> Client:
    """A client of a deployment with only a web process."""
    scopes = ["events:write", "events:read"]
    key = create_key(name="faults", source="shop", scopes=scopes, now=datetime.now(UTC), actor="test")[1]
    shared_deployment.start("web")
    return Client(shared_deployment, key)


@pytest.fixture
def client(client_of_all: Client) -> Client:
    """Of a web process that is ready, and whose threads are already connected."""
    client = client_of_all
    wait_until(lambda: client.get("/readyz").status == 200, seconds=RECOVERED_WITHIN_SECONDS)
    threads = [threading.Thread(target=client.post, kwargs={"prefer": ""}) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return client


def assert_in_time(answer: Answer, prefer: str) -> None:
    assert answer.seconds < WAITS[prefer] + MARGIN_SECONDS + SLACK_SECONDS, answer


@pytest.fixture(params=["stopped", "paused"])
def hung_redis(request: pytest.FixtureRequest, client: Client) -> Iterator[None]:
    """Redis answers no command, or no write command."""
    if request.param == "stopped":
        with frozen(redis_processes()):
            yield
        return
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        server.execute_command("CLIENT", "PAUSE", 60_000, "WRITE")
        yield
        server.execute_command("CLIENT", "UNPAUSE")


def test_with_a_hung_redis_the_fallback_answers_in_time(client: Client, hung_redis: None) -> None:
    for prefer in (FALLBACK, USUAL, FALLBACK):
        answer = client.post(prefer=prefer)
        assert answer.status == 201, answer
        assert answer.body["decision"]["basis"] == "fallback"
        assert answer.body["decision"]["cause"] == "online_store_unavailable"
        assert_in_time(answer, prefer)


def test_a_hung_redis_does_not_delay_requests_without_a_wait(client: Client, hung_redis: None) -> None:
    for _ in range(3):
        answer = client.post(prefer=ASYNC)
        assert answer.status == 202, answer
        assert_in_time(answer, ASYNC)


def test_a_hung_postgres_is_a_503_in_time_and_the_event_is_accepted_when_it_resumes(client: Client) -> None:
    with frozen(postgres_processes()):
        for number, prefer in enumerate((FALLBACK, USUAL, ASYNC, FALLBACK), start=5_000):
            answer = client.post(prefer=prefer, number=number)
            assert (answer.status, answer.body["type"]) == (503, "/api/problems/storage-unavailable")
            assert answer.headers["Retry-After"] == "1"
            assert_in_time(answer, prefer)

    wait_until(
        lambda: client.post(prefer=ASYNC, number=5_001).status in (200, 202), seconds=RECOVERED_WITHIN_SECONDS
    )
    assert Event.objects.filter(external_id="T-5001").count() == 1


def test_many_clients_are_answered_in_time_while_postgres_hangs(client: Client) -> None:
    answers: list[Answer] = []
    with frozen(postgres_processes()):
        threads = [
            threading.Thread(target=lambda: answers.append(client.post(prefer=FALLBACK))) for _ in range(24)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {answer.status for answer in answers} == {503}
    # There are more clients than threads, so some wait for a free thread.
    assert max(answer.seconds for answer in answers) < 2 * (WAITS[FALLBACK] + MARGIN_SECONDS) + SLACK_SECONDS
    wait_until(lambda: client.post(prefer=ASYNC).status == 202, seconds=RECOVERED_WITHIN_SECONDS)


def test_a_table_lock_held_by_another_session_is_a_503_in_time(client: Client) -> None:
    holder = connection.copy()
    try:
        holder.set_autocommit(False)
        holder.cursor().execute("LOCK TABLE scoring_logentry IN ACCESS EXCLUSIVE MODE")
        for prefer in (FALLBACK, USUAL, ASYNC):
            answer = client.post(prefer=prefer, number=6_000)
            assert answer.status == 503, answer
            assert_in_time(answer, prefer)
    finally:
        holder.close()
    wait_until(
        lambda: client.post(prefer=ASYNC, number=6_000).status in (200, 202), seconds=RECOVERED_WITHIN_SECONDS
    )
    assert Event.objects.filter(external_id="T-6000").count() == 1


def test_an_event_is_pending_if_postgres_hangs_after_storing_it(client: Client) -> None:
    stored = Event.objects.count()
    answers: list[Answer] = []
    waiting = threading.Thread(
        target=lambda: answers.append(client.post(prefer="wait=3, on_timeout=fallback", number=7_000))
    )
    waiting.start()
    wait_until(lambda: Event.objects.count() > stored)
    with frozen(postgres_processes()):
        waiting.join()
    assert (answers[0].status, answers[0].body["status"]) == (202, "pending")
    assert answers[0].seconds < 3 + MARGIN_SECONDS + SLACK_SECONDS


def test_health_probes_answer_at_once_whatever_hangs(client: Client) -> None:
    for processes, check in ((postgres_processes(), "postgres"), (redis_processes(), "redis")):
        with frozen(processes):
            wait_until(lambda: client.get("/readyz").status == 503)  # results are cached for a second
            for _ in range(3):
                alive, ready = client.get("/healthz"), client.get("/readyz")
                assert (alive.status, ready.status) == (200, 503), ready
                assert re.search("does not answer|cannot be reached", ready.body["checks"][check])
                assert max(alive.seconds, ready.seconds) < MARGIN_SECONDS + SLACK_SECONDS
        wait_until(lambda: client.get("/readyz").status == 200, seconds=RECOVERED_WITHIN_SECONDS)
