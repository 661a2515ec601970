"""Parts of the operations of all endpoints: requests, responses with their problems, pages."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    PolymorphicProxySerializer,
)
from rest_framework.serializers import Serializer

from scoring.api.pending import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from scoring.api.schema.serializers.problems import ProblemSerializer
from scoring.log.entries import LAST_POSITION

Shape = Serializer | type[Serializer]
JSON, PROBLEM_JSON = "application/json", "application/problem+json"

PROBLEMS = {
    400: "The request cannot be read: it is not HTTP, or its body is not JSON or not decompressible",
    401: "The API key is missing, unknown, expired or revoked; `type` says which",
    403: "The API key does not allow this; `type` says why: scope, source, event type or address",
    404: "The sender has no such item",
    406: "Only application/json is available",
    408: "The headers or the body arrived too slowly",
    409: "The id was received with another payload",
    413: "The body is too large",
    415: "Only application/json in UTF-8 is supported, uncompressed or compressed with gzip or deflate",
    422: "Invalid; `errors` lists each invalid field, its problem and what is allowed",
    429: "Too much is queued or held, or too many invalid keys were sent; retry after `Retry-After` seconds",
    431: "The headers are too large",
    500: "Internal error; details are in the server's log",
    501: "The `Transfer-Encoding` is not supported; use `chunked`, or send `Content-Length`",
    503: "The server is busy or cannot reach the database; retry the request",
}
ALWAYS = (400, 401, 403, 406, 408, 429, 431, 500, 503)
WITH_BODY = (*ALWAYS, 413, 415, 422, 501)


def answers(
    good: dict[int, tuple[Shape, str]], *, problems: tuple[int, ...]
) -> dict[tuple[int, str], OpenApiResponse]:
    """Responses of an operation: the good ones and the problems it may answer with."""
    responses = {
        (status, JSON): OpenApiResponse(shape, description=text) for status, (shape, text) in good.items()
    }
    for status in sorted(set(problems)):
        responses[status, PROBLEM_JSON] = OpenApiResponse(ProblemSerializer, description=PROBLEMS[status])
    return responses


def either(name: str, *shapes: type[Serializer]) -> PolymorphicProxySerializer:
    """One of several shapes, as a component of this name."""
    return PolymorphicProxySerializer(name, shapes, resource_type_field_name=None)


def request_of(
    shape: Shape | dict[str, Any], examples: Sequence[OpenApiExample]
) -> dict[str, OpenApiRequest]:
    return {JSON: OpenApiRequest(shape, examples=examples)}


def page_parameters() -> list[OpenApiParameter]:
    after = {"type": "integer", "minimum": 0, "maximum": LAST_POSITION, "default": 0}
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": DEFAULT_PAGE_SIZE}
    return [
        OpenApiParameter("after", after, description="Continue after this position (`next_after`)"),
        OpenApiParameter("limit", limit, description="Items per page"),
    ]
