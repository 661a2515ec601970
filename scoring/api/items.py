"""What events and labels share: one item or a list per request; a bad item does not affect the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from scoring.catalog.errors import MAX_NAME_SHOWN
from scoring.errors import ScoringError
from scoring.intake.errors import InvalidRequest, RequestProblem
from scoring.strict_json import WHOLE_CHARACTERS, LoneSurrogate, RepeatedKey

# A request's time limit beyond its client's wait: storing a few items takes milliseconds, a thousand half a
# second, and lists are received one at a time.
FEW_ITEMS, SECONDS_FOR_FEW, SECONDS_FOR_MANY = 32, 0.9, 15.0


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one item: its body, and the status and headers of a response to it alone."""

    status: int
    body: Mapping[str, Any]
    replayed: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def read_items(data: object) -> tuple[list[object], bool]:
    """The items of a request body, and whether it was a list. Raises `InvalidRequest`."""
    if isinstance(data, (dict, RepeatedKey, LoneSurrogate)):
        return [data], False
    allowed = items_allowed()
    if not isinstance(data, list):
        raise InvalidRequest([RequestProblem("", "the body is neither an object nor a list", allowed)])
    if not 1 <= len(data) <= settings.API_MAX_LIST:
        raise InvalidRequest([RequestProblem("", f"the list has {len(data):,} items", allowed)])
    return data, True


def seconds_for(items: int) -> float:
    """The time limit of a request with `count` items, beyond its client's wait for decisions."""
    return SECONDS_FOR_FEW if items <= FEW_ITEMS else SECONDS_FOR_MANY


def items_allowed() -> str:
    return f"one object, or a list of 1 to {settings.API_MAX_LIST:,} objects"


def read_object(item: object, *, field: str = "") -> Mapping[str, Any]:
    """The item. Raises `InvalidRequest` for anything but an object without repeated keys or lone surrogates.

    `field` is its place in the request.
    """
    if isinstance(item, RepeatedKey):
        raise InvalidRequest([RequestProblem(item.key[:MAX_NAME_SHOWN], "is given more than once", "once")])
    if isinstance(item, LoneSurrogate):
        raise InvalidRequest([RequestProblem(item.field[:MAX_NAME_SHOWN], item.problem, WHOLE_CHARACTERS)])
    if not isinstance(item, dict):
        problem = "must be an object" if field else "the item is not an object"
        raise InvalidRequest([RequestProblem(field, problem, "object")])
    return item


class ApiView(APIView):
    """A view of the API. It does not serve OPTIONS, which the OpenAPI document makes superfluous."""

    http_method_names = ["get", "head", "post"]


class ItemsView(ApiView):
    """Answers for one item or a list of them."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises `InvalidRequest` for an empty body, rather than naming every field as missing."""
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and request.META.get("CONTENT_LENGTH") in (None, "", "0"):
            raise InvalidRequest([RequestProblem("", "the body is empty", items_allowed())])

    def respond(
        self, results: Sequence[Result | ScoringError], *, listed: bool, headers: Mapping[str, str]
    ) -> Response:
        """One item: its own status, or its error raised. A list: 200, or 207 if any item was refused."""
        if listed:
            items = [self._render_item(index, result) for index, result in enumerate(results)]
            status = 207 if any(item["status"] >= 400 for item in items) else 200
            return Response({"results": items}, status=status, headers=headers)
        (result,) = results
        if isinstance(result, ScoringError):
            raise result
        replayed = {"Idempotent-Replayed": "true"} if result.replayed else {}
        return Response(result.body, status=result.status, headers={**headers, **result.headers, **replayed})

    def _render_item(self, index: int, result: Result | ScoringError) -> dict[str, Any]:
        if isinstance(result, Result):
            return {
                "index": index,
                "status": result.status,
                "replayed": result.replayed,
                "result": result.body,
            }
        response = self.get_exception_handler()(result, self.get_exception_handler_context())
        return {"index": index, "status": response.status_code, "problem": response.data}
