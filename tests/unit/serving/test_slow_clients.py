"""A slow or silent client occupies no thread and delays no other client."""

import threading
from typing import Any

import pytest

from serving import limits, server
from serving.environ import CUT_OFF
from tests.unit.serving.conftest import echo, read_all, read_response
from tests.waiting import wait_until

HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n\r\n"
GET = b"GET /quick HTTP/1.1\r\n" + HOST + CLOSE
POST = b"POST /api/v1/events HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
DECLARED = POST + b"Content-Length: 100000\r\n\r\n"


@pytest.fixture
def short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the deadlines so that a test can wait for them."""
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.02)
    for name in (
        "HEAD_SECONDS",
        "FIRST_BYTE_SECONDS",
        "IDLE_SECONDS",
        "GRACE_SECONDS",
        "PROCESSING_WAIT_SECONDS",
    ):
        monkeypatch.setattr(limits, name, 0.2)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST / HT",
        POST,
        DECLARED,
        DECLARED + b"x" * 50,
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
    ids=["nothing", "a request line", "headers", "no body", "some of a body", "some of a chunk"],
)
def test_silent_connections_occupy_no_thread(serve, sent: bytes):
    running = serve(echo, threads=1)
    silent = [running.connect() for _ in range(40)]
    for client in silent:
        client.sendall(sent)
    assert running.send(GET).endswith(b"GET /quick 0")
    for client in silent:
        client.close()


def test_an_incomplete_body_is_answered_with_408(serve, short_deadlines):
    answer = serve(echo).send(DECLARED, b"x" * 100)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"body-too-slow" in answer


def test_incomplete_headers_are_answered_with_408(serve, short_deadlines):
    assert serve(echo).send(POST).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("before", [b"", b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"])
def test_an_idle_connection_is_closed(serve, short_deadlines, before: bytes):
    with serve(echo).connect() as client:
        if before:
            client.sendall(before)
            read_response(client)
        assert client.recv(1) == b""


def test_a_slow_body_above_the_minimum_rate_is_accepted(serve, short_deadlines, monkeypatch):
    monkeypatch.setattr(limits, "MIN_BYTES_PER_SECOND", 1)
    running, pause = serve(echo), threading.Event()
    with running.connect() as client:
        client.sendall(POST + b"Content-Length: 6\r\n" + CLOSE)
        for letter in b"abcdef":
            client.sendall(bytes([letter]))
            pause.wait(0.1)
        assert read_all(client).endswith(b"POST /api/v1/events 6")


def test_a_connection_whose_client_does_not_read_the_response_is_closed(serve, short_deadlines, monkeypatch):
    monkeypatch.setattr(limits, "MIN_BYTES_PER_SECOND", 1e9)
    running = serve(lambda environ: ("200 OK", b"x" * 20_000_000), threads=1)
    with running.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        wait_until(lambda: running.server.connections)
        wait_until(lambda: not running.server.connections)


def test_a_client_that_does_not_read_the_response_occupies_no_thread(serve):
    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        return ("200 OK", b"x" * 20_000_000) if environ["PATH_INFO"] == "/large" else echo(environ)

    running = serve(respond, threads=1)
    with running.connect() as client:
        client.sendall(b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n")
        assert running.send(GET).endswith(b"GET /quick 0")


def test_the_longest_idle_connection_is_closed_for_a_new_one(serve, monkeypatch):
    monkeypatch.setattr(limits, "MAX_CONNECTIONS", 5)
    running = serve(echo)
    silent = [running.connect() for _ in range(8)]
    assert running.send(GET).endswith(b"GET /quick 0")
    for client in silent:
        client.close()


def test_paths_with_a_dedicated_pool_are_answered_while_all_threads_are_busy(serve):
    go = threading.Event()

    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        if environ["PATH_INFO"] not in ("/healthz", "/metrics"):
            go.wait(10)
        return echo(environ)

    running = serve(respond, threads=1, dedicated={"/healthz": "alive", "/metrics": "metrics"})
    with running.connect() as first, running.connect() as second:
        for client in (first, second):
            client.sendall(b"GET /work HTTP/1.1\r\n" + HOST + b"\r\n")
        for path in (b"/healthz", b"/metrics"):
            answer = running.send(b"GET %s HTTP/1.1\r\n" % path + HOST + CLOSE)
            assert answer.endswith(b"GET %s 0" % path)
        go.set()
        assert read_response(second) == (200, b"GET /work 0")


def test_a_request_beyond_the_waiting_limit_is_answered_with_503(serve, monkeypatch):
    monkeypatch.setattr(limits, "MAX_WAITING_REQUESTS", 1)
    go, began = threading.Event(), threading.Event()

    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        began.set()
        go.wait(10)
        return echo(environ)

    running = serve(respond, threads=1)
    with running.connect() as working, running.connect() as waiting:
        working.sendall(GET)
        began.wait(10)
        waiting.sendall(GET)
        wait_until(lambda: running.server.pool.is_full)
        answer = running.send(GET)
        go.set()
        assert read_all(waiting).endswith(b"GET /quick 0")
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: 1\r\n" in answer


# Large bodies


def test_an_application_may_refuse_a_declared_body_over_the_limit_itself(serve):
    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        return "413 Content Too Large", environ["CONTENT_LENGTH"].encode()

    body = b"x" * 3_000_000
    answer = serve(respond).send(POST + b"Content-Length: 3000000\r\n\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b"\r\n\r\n3000000")


def test_the_server_refuses_a_declared_body_over_the_limit_for_pages(serve):
    body = b"x" * 3_000_000
    answer = serve(echo).send(b"POST /page HTTP/1.1\r\n" + HOST + b"Content-Length: 3000000\r\n\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"may have at most 100000" in answer


def test_a_chunked_body_is_refused_once_it_exceeds_the_limit(serve):
    chunk = b"%x\r\n" % 60_000 + b"x" * 60_000 + b"\r\n"
    head = b"POST /page HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = serve(echo).send(head, *[chunk] * 40)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"the body has more than 100000 bytes" in answer


def test_an_application_is_told_that_the_length_of_a_cut_off_body_is_unknown(serve):
    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        return "413 Content Too Large", f"cut off: {environ.get(CUT_OFF, False)}".encode()

    long, chunk = b"Content-Length: 120000\r\n\r\n", b"%x\r\n" % 60_000 + b"x" * 60_000 + b"\r\n"
    post = b"POST /api/v1/events HTTP/1.1\r\n" + HOST
    chunked = serve(respond).send(post + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 3)
    assert chunked.endswith(b"cut off: True")
    assert serve(respond).send(post + long).endswith(b"cut off: False")


def test_draining_a_refused_body_is_bounded(serve, monkeypatch):
    monkeypatch.setattr(limits, "MAX_DRAINED_BYTES", 1_000_000)
    running = serve(echo)
    with running.connect() as client:
        client.sendall(b"POST /page HTTP/1.1\r\n" + HOST + b"Content-Length: 900000000\r\n\r\n")
        with pytest.raises(OSError, match=r"reset|pipe"):
            client.sendall(b"x" * 200_000_000)


def test_large_bodies_wait_for_those_in_processing(serve, monkeypatch):
    monkeypatch.setattr(limits, "MAX_PROCESSING_BYTES", 150_000)
    active, counts, lock, go = [], [], threading.Lock(), threading.Event()

    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        with lock:
            active.append(environ)
            counts.append(len(active))
        go.wait(0.2)
        with lock:
            active.pop()
        return echo(environ)

    running = serve(respond, threads=4)
    clients = [running.connect() for _ in range(4)]
    for client in clients:
        client.sendall(POST + b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000)
    assert [read_response(client) for client in clients] == [(200, b"POST /api/v1/events 100000")] * 4
    assert max(counts) == 1
    for client in clients:
        client.close()
    wait_until(lambda: running.server.received.free == limits.MAX_RECEIVED_BYTES)
    assert running.server.processing.free == 150_000


def test_a_large_body_that_waits_too_long_is_answered_with_503(serve, short_deadlines, monkeypatch):
    monkeypatch.setattr(limits, "MAX_PROCESSING_BYTES", 100_000)
    go = threading.Event()

    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        go.wait(10)
        return echo(environ)

    running = serve(respond, threads=2)
    large = POST + b"Content-Length: 90000\r\n" + CLOSE + b"x" * 90_000
    with running.connect() as first:
        first.sendall(large)
        answer = running.send(large)
        go.set()
        assert read_all(first).endswith(b"POST /api/v1/events 90000")
    assert answer.startswith(b"HTTP/1.1 503 ")


def test_bodies_beyond_the_budget_for_received_bytes_are_answered_with_503(serve, monkeypatch):
    monkeypatch.setattr(limits, "MAX_RECEIVED_BYTES", 150_000)
    running = serve(echo)
    with running.connect() as first:
        first.sendall(DECLARED + b"x" * 90_000)
        wait_until(lambda: running.server.received.free < 150_000)
        answer = running.send(DECLARED + b"x" * 90_000)
    assert answer.startswith(b"HTTP/1.1 503 ")
    wait_until(lambda: running.server.received.free == 150_000)
