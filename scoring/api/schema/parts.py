"""What the schemas of all endpoints are made of: types, lists and pages, problems and responses."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, OpenApiResponse

from scoring.api.pending import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from scoring.log.entries import LAST_POSITION

Schema = dict[str, Any]
JSON, PROBLEM_JSON = "application/json", "application/problem+json"

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
MOMENT: Schema = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}

PROBLEMS = {
    400: "The request cannot be read: it is not HTTP, its body not JSON, or not compressed as it says",
    401: "The API key is missing, unknown, expired or revoked; `type` says which",
    403: "The API key does not allow this; `type` says why: scope, source, event type or address",
    404: "The sender has no such item",
    406: "Only application/json is available",
    408: "The headers or the body came too slowly",
    409: "The id was received with another payload",
    413: "The body is too large",
    415: "Only application/json in UTF-8 is supported, uncompressed or compressed by gzip or deflate",
    422: "Not valid; `errors` name each field, what is wrong with it and what is allowed",
    429: "Too much is queued or held, or too many refused keys came; try again after `Retry-After` seconds",
    431: "The headers are too large",
    500: "Internal error; the server's log has the details",
    501: "The `Transfer-Encoding` is not supported; send `chunked`, or `Content-Length`",
    503: "The server is busy, or the database cannot be reached; send the request again",
}
ALWAYS = (400, 401, 403, 406, 408, 429, 431, 500, 503)
WITH_BODY = (*ALWAYS, 413, 415, 422, 501)


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def object_of(properties: Schema, *, optional: tuple[str, ...] = (), **more: Any) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, **more}


def list_of(schema: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": schema, **more}


def one_or_list(name: str) -> Schema:
    return {"oneOf": [ref(name), list_of(ref(name), minItems=1, maxItems=settings.API_MAX_LIST)]}


def results_of(component: str) -> Schema:
    item = object_of(
        {
            "index": {"type": "integer", "minimum": 0, "description": "Place in the list that was sent"},
            "status": {"type": "integer", "description": "The HTTP status the item would have had alone"},
            "replayed": {"type": "boolean", "description": "It had been received before"},
            "result": ref(component),
            "problem": ref("Problem"),
        },
        optional=("replayed", "result", "problem"),
    )
    return object_of({"results": list_of(item)})


def page_of(properties: Schema) -> Schema:
    following = {"type": ["integer", "null"], "description": "Value of `after` for the next page"}
    return object_of({"results": list_of(object_of(properties)), "next_after": following})


def problem_components() -> dict[str, Schema]:
    field_problem = object_of(
        {"field": TEXT, "problem": TEXT, "allowed": {"description": "What would be right: a text or a list"}}
    )
    problem = object_of(
        {
            "type": {"type": "string", "format": "uri-reference"},
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "errors": list_of(field_problem),
        },
        optional=("errors",),
        description="RFC 9457. Some problems have members of their own, such as `fields` of a conflict.",
    )
    return {"Problem": problem}


def request_of(component: str, examples: list[OpenApiExample]) -> dict[str, OpenApiRequest]:
    return {JSON: OpenApiRequest(one_or_list(component), examples=examples)}


def answers(good: dict[int, tuple[Schema, str]], *, problems: tuple[int, ...]) -> dict[Any, OpenApiResponse]:
    """Responses of an operation: the good ones and the problems it may answer with."""
    responses: dict[Any, OpenApiResponse] = {
        (status, JSON): OpenApiResponse(schema, description=text) for status, (schema, text) in good.items()
    }
    for status in sorted(set(problems)):
        responses[(status, PROBLEM_JSON)] = OpenApiResponse(ref("Problem"), description=PROBLEMS[status])
    return responses


def page_parameters() -> list[OpenApiParameter]:
    after = {"type": "integer", "minimum": 0, "maximum": LAST_POSITION, "default": 0}
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": DEFAULT_PAGE_SIZE}
    return [
        OpenApiParameter("after", after, description="Go on after this position (`next_after`)"),
        OpenApiParameter("limit", limit, description="Rows a page"),
    ]
