"""The WSGI application's responses."""

import io
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.http import StreamingHttpResponse

from config import wsgi


def environ(path: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }


@pytest.fixture(autouse=True)
def keep_connections_of_other_tests():
    """Keep requests from closing database connections, as Django's test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def finished():
    ended: list[object] = []

    def note(**_: object) -> None:
        ended.append(True)

    request_finished.connect(note)
    yield ended
    request_finished.disconnect(note)


def test_a_complete_response_is_a_list_and_its_request_has_finished(finished):
    started: list[Any] = []
    body = wsgi.application(environ("/healthz"), lambda *given: started.append(given))
    assert body == [b'{"status": "ok"}']
    assert started[0][0] == "200 OK"
    assert finished == [True]


def test_a_streamed_response_is_read_and_closed_by_the_server(finished, monkeypatch):
    streamed = StreamingHttpResponse(iter([b"a", b"b"]))
    streamed._handler_class = type(None)
    monkeypatch.setattr(wsgi, "django_application", lambda environ, start_response: streamed)
    body = wsgi.application(environ("/anything"), lambda *given: None)
    assert (list(body), finished) == ([b"a", b"b"], [])
    body.close()
    assert finished == [True]


def test_every_api_response_has_the_security_headers():
    started: list[Any] = []
    wsgi.application(environ("/api/v1/nothing"), lambda *given: started.append(given))
    status, headers = started[0]
    assert status == "404 Not Found"
    assert {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }.items() <= dict(headers).items()
