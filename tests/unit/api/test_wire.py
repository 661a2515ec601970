import doctest
import gzip
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.http import Http404, HttpRequest
from django.test import RequestFactory, override_settings
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

from scoring.api import preferences, wire
from scoring.api.errors import MalformedJson, RequestTooLarge, UnsupportedEncoding
from scoring.api.items import read_items, read_object
from scoring.intake.errors import InvalidRequest


@pytest.mark.parametrize("module", [wire, preferences])
def test_the_examples_in_the_docstrings_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [(b"", 1, 1), (b"{", 1, 2), (b'{\n  "a": nope}', 2, 8), (b'{"a": NaN}', 1, 7), (b'"\xff"', 1, 1)],
)
def test_a_malformed_body_is_refused_with_line_and_column(body: bytes, line: int, column: int) -> None:
    with pytest.raises(MalformedJson) as error:
        wire.read_json(body)
    assert (error.value.line, error.value.column) == (line, column)


@override_settings(API_MAX_BODY_BYTES=10)
def test_a_body_that_is_too_large_is_refused_before_it_is_read() -> None:
    class Unreadable(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("read")

    request = SimpleNamespace(META={"CONTENT_LENGTH": "11"})
    with pytest.raises(RequestTooLarge) as error:
        wire.JsonParser().parse(Unreadable(), parser_context={"request": request})
    assert (error.value.size, error.value.limit) == (11, 10)


def test_a_truncated_body_has_an_unknown_size() -> None:
    request = SimpleNamespace(META={"CONTENT_LENGTH": "11", "serving.body_cut_off": True})
    with pytest.raises(RequestTooLarge) as error:
        wire.JsonParser().parse(BytesIO(), parser_context={"request": request})
    assert error.value.size is None


def parse_body(body: bytes, content_type: str = "application/json", **headers: str) -> object:
    request = SimpleNamespace(META={"CONTENT_LENGTH": str(len(body)), **headers})
    return wire.JsonParser().parse(BytesIO(body), content_type, {"request": request})


def test_a_compressed_body_and_one_with_a_byte_order_mark_are_read() -> None:
    assert parse_body(gzip.compress(b'{"a": 1}'), HTTP_CONTENT_ENCODING="gzip") == {"a": 1}
    assert parse_body(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    assert parse_body(gzip.compress(b'\xef\xbb\xbf{"a": 1}'), HTTP_CONTENT_ENCODING="gzip") == {"a": 1}


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "us-ascii"])
def test_a_charset_that_is_utf_8_is_read(charset: str) -> None:
    assert parse_body(b'{"a": 1}', f"application/json; charset={charset}") == {"a": 1}


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "utf-7", "x" * 10_000])
def test_another_charset_is_refused_by_name(charset: str) -> None:
    with pytest.raises(UnsupportedEncoding, match=f"the charset '{charset[:5]}") as refused:
        parse_body(b'{"a": 1}', f"application/json; charset={charset}")
    assert len(str(refused.value)) < 150


@override_settings(API_MAX_BODY_BYTES=10)
def test_a_body_larger_than_its_content_length_is_not_read_to_its_end() -> None:
    request = SimpleNamespace(META={})
    with pytest.raises(RequestTooLarge):
        wire.JsonParser().parse(BytesIO(b" " * 11), parser_context={"request": request})


def test_a_repeated_key_is_named() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_object(wire.read_json(b'{"amount": "10.00", "amount": "999999.00"}'))
    assert refused.value.problems == (("amount", "is given more than once", "once"),)
    items, listed = read_items(wire.read_json(b'{"a": 1, "a": 2}'))
    assert (len(items), listed) == (1, False)


def test_times_are_written_in_utc_with_z() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert wire.JsonRenderer().render({"at": moment}) == b'{"at":"2026-03-01T12:00:00Z"}'


def test_every_answer_round_trips_as_json() -> None:
    value = {"a": [1, None, "ü"], "t": str(datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=1))))}
    assert wire.read_json(wire.JsonRenderer().render(value)) == value


@pytest.mark.parametrize("query", ["", "?format=json", "?format=xml", "?on_timeout=fallback"])
@pytest.mark.parametrize(
    "accept",
    [None, "*/*", "application/json", "application/*", "application/json; indent=2", "text/html", ""],
)
def test_negotiation_chooses_as_drf_does(accept, query):
    headers = {} if accept is None else {"HTTP_ACCEPT": accept}
    sent = RequestFactory().get(f"/api/v1/events{query}", **headers)
    assert chosen(wire.Negotiation(), sent) == chosen(DefaultContentNegotiation(), sent)


def chosen(negotiation: DefaultContentNegotiation, sent: HttpRequest) -> object:
    try:
        renderer, media_type = negotiation.select_renderer(Request(sent), [wire.JsonRenderer()])
    except (NotAcceptable, Http404) as error:
        return type(error)
    return type(renderer), media_type
