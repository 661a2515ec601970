"""Ids of requests: taken from the client or made, and returned in the response."""

import re
import secrets

from django.http import HttpRequest, HttpResponse

from config.requests.middleware import Around
from scoring.catalog.parsing.card_numbers import has_card_number
from scoring.log.writing.request_ids import request_id

HEADER = "X-Request-Id"
_ALLOWED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


class RequestIds(Around):
    """Middleware: names the request in its response, in its log lines and in the entries that it appends."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request_id_for(request.META.get("HTTP_X_REQUEST_ID", ""))
        token = request_id.set(chosen)
        try:
            response: HttpResponse = super().__call__(request)
        finally:
            request_id.reset(token)
        response.headers[HEADER] = chosen
        return response


def request_id_for(sent: str) -> str:
    """The id that a client sent, if it is one that may be stored; else a new one of 16 hex digits.

    >>> request_id_for("checkout-7f3a")
    'checkout-7f3a'
    >>> len(request_id_for("two words"))
    16
    """
    if _ALLOWED.fullmatch(sent) and not has_card_number(sent):
        return sent
    return secrets.token_hex(8)
