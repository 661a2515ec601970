"""JSON in and out of the API by orjson: a tenth of the standard library's cost."""

from collections.abc import Iterable, Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from scoring.errors import MalformedJson, RequestTooLarge

ANYTHING = "*/*"


class JsonParser(BaseParser):
    """Reads `application/json`; raises `RequestTooLarge` before reading, `MalformedJson` with the place."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        size = int((parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0)
        if size > settings.API_MAX_BODY_BYTES:
            raise RequestTooLarge(size=size, limit=settings.API_MAX_BODY_BYTES)
        return read_json(stream.read())


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
    """DRF's, at once for a client that takes anything or names the media type, as nearly all do."""

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
    """The value that `body` holds.

    >>> read_json(b'{"type": "payment"}')
    {'type': 'payment'}
    >>> read_json(b'{"type": }')
    Traceback (most recent call last):
    scoring.errors.requests.MalformedJson: unexpected character, expected a JSON value at line 1, column 10
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedJson(
            problem=error.msg.split(":")[0], line=error.lineno, column=error.colno, position=error.pos
        ) from None
