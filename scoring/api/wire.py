"""JSON parsing and rendering by orjson, at a tenth of the standard library's cost."""

from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping
from email.message import EmailMessage
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from scoring.api.compression import decompress
from scoring.api.errors import MalformedJson, RequestTooLarge, UnsupportedEncoding
from scoring.strict_json import load_json

ANYTHING = "*/*"
CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii")
MAX_CONTENT_TYPE = 200


class JsonParser(BaseParser):
    """Reads `application/json` in UTF-8, compressed or not; the size limit holds for both forms.

    Raises RequestTooLarge (before reading, where the length is known), UnsupportedEncoding,
    MalformedEncoding and MalformedJson with the place.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        headers = (parser_context or {})["request"].META
        if media_type and "charset" in media_type and not media_type.endswith("charset=utf-8"):
            check_charset(media_type)
        if headers.get("serving.body_cut_off"):
            raise RequestTooLarge(size=None, limit=settings.API_MAX_BODY_BYTES)
        body = read_body(stream, size=int(headers.get("CONTENT_LENGTH") or 0))
        if encoding := headers.get("HTTP_CONTENT_ENCODING"):
            body = decompress(body, encoding, limit=settings.API_MAX_BODY_BYTES)
        return read_json(body)


def read_body(stream: IO[Any], *, size: int) -> bytes:
    """The body; `size` is the Content-Length. Raises RequestTooLarge."""
    limit = settings.API_MAX_BODY_BYTES
    if size > limit:
        raise RequestTooLarge(size=size, limit=limit)
    body: bytes = stream.read(limit + 1)
    if len(body) > limit:
        raise RequestTooLarge(size=None, limit=limit)
    return body


def check_charset(content_type: str) -> None:
    """Raise UnsupportedEncoding unless the Content-Type names UTF-8, or ASCII, which is part of it."""
    message = EmailMessage()
    message["Content-Type"] = content_type[:MAX_CONTENT_TYPE]
    charset = str(message["Content-Type"].params.get("charset", "utf-8"))
    if charset.lower() not in CHARSETS:
        raise UnsupportedEncoding(header="the charset", value=charset, allowed=CHARSETS[:1])


class JsonRenderer(BaseRenderer):
    """Writes `application/json`, UTF-8; times as ISO 8601 in UTC with Z."""

    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8 by definition (RFC 8259): the media type has no charset parameter
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, option=orjson.OPT_UTC_Z)


class Negotiation(DefaultContentNegotiation):
    """DRF's negotiation, with a shortcut for clients that accept anything or name the media type."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        accepted = request.META.get("HTTP_ACCEPT", ANYTHING)
        by_format = format_suffix or request.META.get("QUERY_STRING")
        if accepted in (ANYTHING, first.media_type) and not by_format:
            return first, first.media_type
        return super().select_renderer(request, renderers, format_suffix)


def read_json(body: bytes) -> Any:
    """The value that `body` holds; RepeatedKey replaces an object, or an item, that repeats a key.

    >>> read_json(b'{"type": "payment"}')
    {'type': 'payment'}
    >>> read_json(b'{"type": }')
    Traceback (most recent call last):
    scoring.api.errors.MalformedJson: unexpected character, expected a JSON value at line 1, column 10
    """
    try:
        return load_json(body.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise MalformedJson(
            problem=error.msg.split(":")[0], line=error.lineno, column=error.colno, position=error.pos
        ) from None
