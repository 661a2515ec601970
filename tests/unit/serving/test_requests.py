"""Requests as clients send them are read and answered."""

import socket
import threading
from io import BytesIO
from typing import Any

import pytest

from serving import limits
from serving.responses import FileWrapper
from tests.unit.serving.conftest import echo, read_all, read_response

HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n\r\n"


def test_a_request_without_a_body_is_answered(serve):
    answer = serve(echo).send(b"GET /a%20b?c=d HTTP/1.1\r\n" + HOST + CLOSE)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\nDate: ")
    assert answer.endswith(b"\r\n\r\nGET /a b 0")


def test_a_connection_is_kept_for_further_requests(serve):
    with serve(echo).connect() as client:
        for length in (3, 0, 70_000):
            head = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % length
            client.sendall(head + b"x" * length)
            assert read_response(client) == (200, b"POST / %d" % length)


def test_pipelined_requests_are_answered_in_order(serve):
    first = b"POST /1 HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\nab"
    answer = serve(echo).send(
        first + b"GET /2 HTTP/1.1\r\n" + HOST + b"\r\n" + b"GET /3 HTTP/1.1\r\n" + HOST + CLOSE
    )
    offsets = [answer.index(part) for part in (b"POST /1 2", b"GET /2 0", b"GET /3 0")]
    assert offsets == sorted(offsets)


def test_too_many_pipelined_requests_end_the_connection(serve):
    request = b"GET /1 HTTP/1.1\r\n" + HOST + b"\r\n"
    answer = serve(echo).send(request * 5_000)
    assert answer.count(b"200 OK") <= limits.MAX_PIPELINED + 1


def test_a_request_may_arrive_byte_by_byte(serve):
    whole = b"POST /api/v1/events HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n" + CLOSE + b"hello"
    assert serve(echo).send(*(whole[i : i + 1] for i in range(len(whole)))).endswith(b"POST /api/v1/events 5")


def test_a_chunked_body_has_a_length_for_the_application(serve):
    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        length = int(environ["CONTENT_LENGTH"])
        return "200 OK", environ["CONTENT_LENGTH"].encode() + b":" + environ["wsgi.input"].read(length)

    head = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n" + CLOSE
    assert serve(respond).send(head, b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n").endswith(b"\r\n\r\n5:abcde")


def test_a_client_that_expects_100_continue_is_told_to_send_its_body(serve):
    with serve(echo).connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"ab")
        assert read_response(client) == (200, b"POST / 2")


def test_too_large_a_body_announced_with_100_continue_is_refused_before_it_is_sent(serve):
    head = b"POST / HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n"
    assert serve(echo).send(head).startswith(b"HTTP/1.1 413 ")


def test_the_response_to_head_has_the_content_length_but_no_body(serve):
    answer = serve(echo).send(b"HEAD /x HTTP/1.1\r\n" + HOST + CLOSE)
    assert b"\r\nContent-Length: 9\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_an_http_1_0_connection_is_closed_after_the_response(serve):
    answer = serve(echo).send(b"GET / HTTP/1.0\r\n\r\n")
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.endswith(b"GET / 0")


def test_a_request_to_upgrade_the_protocol_is_ignored(serve):
    head = b"POST / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    with serve(echo).connect() as client:
        client.sendall(head + b"HTTP2-Settings: AAM\r\nContent-Length: 3\r\n\r\nabc")
        assert read_response(client) == (200, b"POST / 3")
        client.sendall(b"GET /next HTTP/1.1\r\n" + HOST + b"\r\n")
        assert read_response(client) == (200, b"GET /next 0")


def test_a_request_target_may_include_the_origin(serve):
    answer = serve(echo).send(b"GET http://localhost/x HTTP/1.1\r\n" + HOST + CLOSE)
    assert answer.endswith(b"GET /x 0")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 70_000), 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n" % (b"x" * 70_000), 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 300 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 600_000, 431),
    ],
    ids=[
        "no host",
        "two hosts",
        "another version",
        "CONNECT",
        "TLS",
        "length and chunked",
        "two lengths",
        "a negative length",
        "a space in a header's name",
        "an unsupported coding",
        "a long target",
        "a long header",
        "many headers",
        "a header without an end",
    ],
)
def test_a_malformed_request_is_refused_with_a_problem_document(serve, sent: bytes, status: int):
    answer = serve(echo).send(sent)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/problem+json" in answer


def test_a_request_after_a_malformed_one_is_not_read(serve):
    answer = serve(echo).send(b"GET /a HTTP/1.1\r\nHost : a\r\n\r\nGET /b HTTP/1.1\r\n" + HOST + b"\r\n")
    assert b"GET /b" not in answer


def test_a_request_before_a_malformed_one_is_answered(serve):
    answer = serve(echo).send(b"GET /a HTTP/1.1\r\n" + HOST + b"\r\nnonsense\r\n\r\n")
    assert answer.endswith(b"GET /a 0")


def test_a_header_with_an_underscore_cannot_replace_one_with_a_dash(serve):
    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        return "200 OK", environ["HTTP_X_FORWARDED_PROTO"].encode()

    headers = b"X-Forwarded-Proto: http\r\nX_Forwarded_Proto: https\r\n"
    assert serve(respond).send(b"GET / HTTP/1.1\r\n" + HOST + headers + CLOSE).endswith(b"\r\n\r\nhttp")


def test_repeated_headers_are_joined(serve):
    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        return "200 OK", f"{environ['HTTP_ACCEPT']}|{environ['HTTP_COOKIE']}".encode()

    headers = b"Accept: a\r\nAccept: b\r\nCookie: c=1\r\nCookie: d=2\r\n"
    assert serve(respond).send(b"GET / HTTP/1.1\r\n" + HOST + headers + CLOSE).endswith(b"a,b|c=1; d=2")


def test_an_exception_in_the_application_ends_the_connection_but_no_thread(serve):
    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        if environ["PATH_INFO"] == "/bad":
            raise RuntimeError("expected by the test")
        return echo(environ)

    running = serve(respond, threads=1)
    assert running.send(b"GET /bad HTTP/1.1\r\n" + HOST + b"\r\n") == b""
    assert running.send(b"GET /good HTTP/1.1\r\n" + HOST + CLOSE).endswith(b"GET /good 0")


def test_an_application_cannot_inject_a_header_with_a_line_break(serve):
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("X", "a\r\nSet-Cookie: b")])
        return [b""]

    running = serve(echo, application=application)
    assert b"Set-Cookie" not in running.send(b"GET / HTTP/1.1\r\n" + HOST + CLOSE)


def test_a_204_response_has_no_content_length(serve):
    answer = serve(lambda environ: ("204 No Content", b"")).send(b"GET / HTTP/1.1\r\n" + HOST + CLOSE)
    assert b"Content-Length" not in answer


def test_a_file_is_sent_completely_and_then_closed(serve, tmp_path):
    path, opened = tmp_path / "file", []
    path.write_bytes(bytes(range(256)) * 20_000)

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", str(path.stat().st_size))])
        opened.append(path.open("rb"))
        return environ["wsgi.file_wrapper"](opened[-1])

    with serve(echo, application=application).connect() as client:
        for _ in range(2):
            client.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
            assert read_response(client) == (200, path.read_bytes())
    assert all(file.closed for file in opened)


def test_a_partial_file_is_not_sent_as_a_complete_one(serve):
    def application(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("206 Partial Content", [("Content-Length", "2")])
        return FileWrapper(BytesIO(b"ab"))

    assert (
        serve(echo, application=application)
        .send(b"GET / HTTP/1.1\r\n" + HOST + CLOSE)
        .endswith(b"\r\n\r\nab")
    )


def test_a_client_that_closes_its_half_still_gets_the_response(serve):
    go = threading.Event()

    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        go.wait(10)
        return echo(environ)

    with serve(respond).connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        client.shutdown(socket.SHUT_WR)
        go.set()
        assert read_all(client).endswith(b"GET / 0")


def test_the_server_survives_clients_that_disconnect(serve):
    go = threading.Event()

    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        go.wait(10)
        return "200 OK", b"x" * 2_000_000

    running = serve(respond, threads=1)
    for sent in (b"GET / HTTP/1.1\r\n" + HOST + b"\r\n", b"POST / HTTP/1.1\r\n" + HOST + b"Content-Le"):
        with running.connect() as client:
            client.sendall(sent)
    go.set()
    assert len(running.send(b"GET / HTTP/1.1\r\n" + HOST + CLOSE)) > 2_000_000


def test_a_stopping_server_finishes_requests_in_progress(serve):
    began, go = threading.Event(), threading.Event()

    def respond(environ: dict[str, Any]) -> tuple[str, bytes]:
        began.set()
        go.wait(10)
        return echo(environ)

    running = serve(respond)
    with running.connect() as client, running.connect() as idle:
        client.sendall(b"GET /last HTTP/1.1\r\n" + HOST + b"\r\n")
        began.wait(10)
        running.loop.call_soon_threadsafe(running.stop_event.set)
        assert idle.recv(1) == b""
        go.set()
        answer = read_all(client)
    assert answer.endswith(b"GET /last 0")
    assert b"Connection: close" in answer
    running.thread.join(10)
    assert not running.thread.is_alive()
