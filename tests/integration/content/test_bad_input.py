"""What is no picture, too much of one, or no text is refused or failed with its reason, and harms nothing.

The rows are what hostile and broken senders send. After all of them the next picture is processed.
"""

import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
import pytest

from scoring.content.media.models import MediaItem, MediaJob
from scoring.content.media.processing.process import process_next
from scoring.content.media.processing.sandbox import Sandbox
from scoring.log.read import read_stream
from scoring.signals import redis_connections as connections
from scoring.timestamps import to_iso
from tests.factories.media import Uploads, digest, png

pytestmark = pytest.mark.django_db(transaction=True)

SCRIPT = b"<script>alert(1)</script>"
RIGHT_TO_LEFT = "\u202egnp.kcab\u202c and \u2066isolated\u2069"


class BadFile(NamedTuple):
    """A file, the type stated for it, and the status of the answer with words of its reason.

    Of a file that is accepted (201) the reason is the error of its processing.
    """

    content: bytes
    stated: str
    status: int
    words: str


def bomb(width: int, height: int) -> bytes:
    """A PNG of one bit a pixel, all black: a few kilobytes for any size."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    )


def gif(frames: int) -> bytes:
    """A GIF of 4 x 4 pixels."""
    screen = b"GIF89a" + struct.pack("<HHBBB", 4, 4, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    frame = b"\x21\xf9\x04\x00\x01\x00\x00\x00\x2c" + struct.pack("<HHHHB", 0, 0, 4, 4, 0)
    return screen + (frame + b"\x02\x03\x84\x6f\x05\x00") * frames + b"\x3b"


FILES = {
    "its type lies": BadFile(png(), "image/jpeg", 422, "the content is image/png, not 'image/jpeg'"),
    "a page for a browser is stated": BadFile(png(), "text/html", 422, "not 'text/html'"),
    "truncated": BadFile(png()[:300], "image/png", 201, "truncated"),
    "huge": BadFile(png() + bytes(20_000_000), "image/png", 413, "at most 20,000,000"),
    "20,000 x 20,000 pixels": BadFile(bomb(20_000, 20_000), "image/png", 201, "20,000 x 20,000 pixels"),
    "10,000 frames": BadFile(gif(10_000), "image/gif", 201, "more than 1,000 frames"),
    "SVG": BadFile(b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT, "image/svg+xml", 415, "known type"),
    "SVG stated as PNG": BadFile(b"<svg>" + SCRIPT, "image/png", 415, "known type"),
    "HTML": BadFile(b"<!doctype html>" + SCRIPT, "text/html", 415, "known type"),
    "HTML in a GIF": BadFile(gif(1) + SCRIPT * 20, "image/gif", 201, "also an HTML document"),
    "nothing": BadFile(b"", "image/png", 422, "no content"),
}
TEXTS: dict[str, tuple[bytes, int, str]] = {
    "a megabyte": (b'"' + b"x" * 1_000_000 + b'"', 422, "is longer than 50000 characters"),
    "a lone surrogate": (rb'"hello \ud800 there"', 422, "holds a lone surrogate (U+D800) at character 7"),
    "a surrogate in UTF-8": (b'"hello \xed\xa0\x80 there"', 400, "UTF-8"),
    "NUL": (rb'"a\u0000b"', 422, "has the character U+0000"),
    "no text": (b"[1]", 422, "text"),
    "right-to-left overrides": (orjson.dumps(RIGHT_TO_LEFT), 202, ""),
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The real process that reads files."""
    connections.client.cache_clear()
    made = Sandbox()
    yield made
    made.stop()


def test_bad_files_are_refused_or_fail_with_their_reason_and_the_next_is_processed(
    uploads: Uploads, sandbox: Sandbox
) -> None:
    answers = {name: uploads.post(file.content, file.stated) for name, file in FILES.items()}
    good = uploads.post(png(1)).json()["id"]
    while process_next(sandbox, now=lambda: datetime.now(UTC)) is not None:
        pass

    told = {name: (answer.status_code, reason_of(uploads, answer)) for name, answer in answers.items()}
    wanted = {name: (file.status, file.words) for name, file in FILES.items()}
    wrong = {name: told[name] for name in FILES if not is_as(told[name], wanted[name])}
    assert wrong == {}
    assert uploads.get(good).json()["status"] == "done"
    assert not MediaJob.objects.exists()
    assert set(MediaItem.objects.values_list("status", flat=True)) == {"done", "failed"}
    assert all(each["Content-Type"].startswith("application/") for each in answers.values())


def reason_of(uploads: Uploads, answer: Any) -> str:
    """Why a file was refused, or why it could not be processed."""
    told = answer.json()
    return str(told["detail"] if answer.status_code != 201 else uploads.get(told["id"]).json()["error"])


def is_as(told: tuple[int, str], wanted: tuple[int, str]) -> bool:
    return told[0] == wanted[0] and wanted[1] in told[1]


@pytest.mark.parametrize("name", TEXTS)
def test_bad_texts_are_refused_or_accepted_as_text(uploads: Uploads, name: str) -> None:
    text, status, words = TEXTS[name]
    answer = send(uploads, name, b'"text":' + text)
    assert (answer.status_code, words in answer.content.decode()) == (status, True), answer.content
    assert bool(read_stream(f"content/forum/{name}")) == (status == 202)


def test_a_file_that_nobody_uploaded_is_refused_with_its_place(uploads: Uploads) -> None:
    known, unknown = uploads.post(png()).json()["id"], digest(b"never sent")
    answer = send(uploads, "P-1", b'"attachments":' + orjson.dumps([known, unknown]))
    assert answer.status_code == 422
    [problem] = answer.json()["errors"]
    assert problem["field"] == "attachments[1]"
    assert problem["problem"] == f"names no uploaded file: {unknown}"


def send(uploads: Uploads, external_id: str, member: bytes) -> Any:
    """Send a post with one more member, as written."""
    moment = to_iso(datetime.now(UTC))
    event = {"type": "content", "id": external_id, "occurred_at": moment, "kind": "post", "author": "ann"}
    body = orjson.dumps(event)[:-1] + b"," + member + b"}"
    headers = {"Prefer": "respond-async"}
    return uploads.client.post("/api/v1/events", body, content_type="application/json", headers=headers)
