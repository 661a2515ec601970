"""Bodies of the paths that the site names are kept in files, however large they are."""

import errno
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from serving import connection
from tests.unit.serving.conftest import read_response

HOST = b"Host: localhost\r\n"


def kind_of_body(environ: dict[str, Any]) -> tuple[str, bytes]:
    body = environ["wsgi.input"]
    kind = b"memory" if isinstance(body, BytesIO) else b"file"
    return "200 OK", b"%s %d" % (kind, len(body.read()))


@pytest.fixture
def uploads(serve: Any, tmp_path: Path) -> Any:
    """A server that keeps the bodies of /media in files."""
    return serve(
        kind_of_body,
        body_limit=lambda path: 40_000_000,
        spool_directory=lambda path: tmp_path if path == "/media" else None,
    )


def post(path: bytes, size: int) -> bytes:
    return b"POST %s HTTP/1.1\r\n" % path + HOST + b"Content-Length: %d\r\n\r\n" % size + b"x" * size


def test_large_bodies_of_such_a_path_are_files_and_others_stay_in_memory(uploads):
    with uploads.connect() as client:
        for path, size, kind in ((b"/media", 30_000_000, b"file"), (b"/events", 300_000, b"memory")):
            client.sendall(post(path, size))
            assert read_response(client) == (200, b"%s %d" % (kind, size))


def test_a_request_without_a_body_has_no_file(uploads):
    with uploads.connect() as client:
        client.sendall(b"GET /media HTTP/1.1\r\n" + HOST + b"\r\n")
        assert read_response(client) == (200, b"memory 0")


def test_nothing_is_left_in_the_directory_or_counted_afterwards(uploads, tmp_path):
    with uploads.connect() as client:
        client.sendall(post(b"/media", 5_000_000))
        read_response(client)
        client.sendall(post(b"/media", 1_000_000)[:-10])  # and never its end
    uploads.stop()
    assert list(tmp_path.iterdir()) == []
    assert uploads.server.spooled.free == uploads.server.spooled.size
    assert uploads.server.received.free == uploads.server.received.size


def test_bodies_beyond_the_budget_for_files_are_refused(uploads):
    uploads.server.spooled.free = 1_000_000
    with uploads.connect() as client:
        client.sendall(post(b"/media", 2_000_000))
        assert read_response(client)[0] == 503


def test_a_full_disk_is_an_answer(uploads, monkeypatch):
    def full(**_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(connection, "TemporaryFile", full)
    with uploads.connect() as client:
        client.sendall(post(b"/media", 2_000))
        status, body = read_response(client)
    assert (status, b"No space left" in body) == (503, True)
