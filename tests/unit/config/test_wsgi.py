"""What the WSGI server is given, and what is left out for calls of the API."""

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
def connections_of_other_tests_are_left_alone():
    """A request looks at open connections first; Django's test client keeps it from that likewise."""
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


def test_a_whole_answer_is_a_list_and_its_request_has_ended(finished):
    said: list[Any] = []
    body = wsgi.application(environ("/healthz"), lambda *given: said.append(given))
    assert body == [b'{"status": "ok"}']
    assert said[0][0] == "200 OK"
    assert finished == [True]


def test_a_streamed_answer_is_left_to_the_server_to_take_and_close(finished, monkeypatch):
    streamed = StreamingHttpResponse(iter([b"a", b"b"]))
    streamed._handler_class = type(None)
    monkeypatch.setattr(wsgi, "django_application", lambda environ, start_response: streamed)
    body = wsgi.application(environ("/anything"), lambda *given: None)
    assert (list(body), finished) == ([b"a", b"b"], [])
    body.close()
    assert finished == [True]


def test_every_answer_of_the_api_has_the_security_headers():
    said: list[Any] = []
    wsgi.application(environ("/api/v1/nothing"), lambda *given: said.append(given))
    status, headers = said[0]
    assert status == "404 Not Found"
    assert {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }.items() <= dict(headers).items()
