"""Pictures and videos to upload, and the API as a sender of files uses it."""

import hashlib
import struct
import zlib
from io import BytesIO
from typing import Any

from django.http import HttpResponse
from django.test import Client


def png(
    red: int = 200, *, width: int = 64, height: int = 48, claimed: tuple[int, int] | None = None
) -> bytes:
    """A valid PNG with a gradient; `claimed`: the size that its header states instead of its own."""
    rows = b"".join(
        b"\0" + b"".join(bytes((red, (x * 3) % 256, (y * 5 + x) % 256)) for x in range(width))
        for y in range(height)
    )
    head = struct.pack(">IIBBBBB", *(claimed or (width, height)), 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def digest(content: bytes) -> str:
    """The id of a file with this content."""
    return hashlib.sha256(content).hexdigest()


class Uploads:
    """Uploads files with one API key."""

    def __init__(self, key: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {key}"} if key else {})

    def post(self, content: bytes, content_type: str = "application/octet-stream") -> HttpResponse:
        return self.client.post("/api/v1/media", content, content_type=content_type)

    def post_form(self, **parts: Any) -> HttpResponse:
        return self.client.post("/api/v1/media", parts)

    def get(self, media: str) -> HttpResponse:
        return self.client.get(f"/api/v1/media/{media}")


def named(content: bytes, name: str) -> BytesIO:
    """A file as a part of a form, of the type that its name suggests."""
    file = BytesIO(content)
    file.name = name
    return file
