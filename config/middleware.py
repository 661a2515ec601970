"""Sessions, users and messages are for people at a browser: calls of the API pass by, who bring a key."""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest

CALLS = "/api/v1/"


class ForPages:
    """In front of a middleware: what it does is left out for calls of the API."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(CALLS):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class PageSessions(ForPages, SessionMiddleware):
    pass


class PageUsers(ForPages, AuthenticationMiddleware):
    pass


class PageMessages(ForPages, MessageMiddleware):
    pass
