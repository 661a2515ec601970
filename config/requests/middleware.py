"""Middleware for pages alone; API requests, which authenticate by key, skip it."""

from time import time as current_time
from typing import Any

from allauth.account.middleware import AccountMiddleware
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest
from django.utils import timezone

from config.people.audit import current_actor
from config.people.own_time_zone import SESSION_KEY
from config.people.signing_in.requiring import RequiredFactor
from scoring.admin_kit.pages import actor_of
from scoring.admin_kit.time_zones import zone_named

CALLS = "/api/v1/"
NOTED_EVERY_SECONDS = 60.0  # activity is written to the session at most this often
NOTHING_NEEDED = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class ForPages:
    """Wraps a middleware so that API requests skip it."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(CALLS):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class PageSessions(ForPages, SessionMiddleware):
    pass


class PageUsers(ForPages, AuthenticationMiddleware):
    pass


class Around:
    """The innermost step: gets the response."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)


class SessionLimits(Around):
    """Signs a person out after `SESSION_COOKIE_AGE`, and after `SESSION_IDLE_SECONDS` of inactivity.

    A page that refreshes itself (it says so with `X-Background`) does not count as activity.
    """

    def __call__(self, request: HttpRequest) -> Any:
        if request.user.is_authenticated:
            self._check(request, current_time())
        return super().__call__(request)

    def _check(self, request: HttpRequest, now: float) -> None:
        session = request.session
        began = session.setdefault("began_at", now)
        active = session.setdefault("active_at", now)
        if now - began > settings.SESSION_COOKIE_AGE or now - active > settings.SESSION_IDLE_SECONDS:
            logout(request)
        elif now - active > NOTED_EVERY_SECONDS and "X-Background" not in request.headers:
            session["active_at"] = now


class PageSessionLimits(ForPages, SessionLimits):
    pass


class PageSecondFactors(ForPages, RequiredFactor):
    pass


class PageAccounts(Around):
    """What allauth's views need of a request, for pages alone."""

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self.inner = AccountMiddleware(get_response)
        self.process_exception = self.inner.process_exception

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(CALLS):
            return super().__call__(request)
        return self.inner(request)


class OwnTimeZone(Around):
    """Pages tell times in the zone that the session holds, or else in `PAGES_TIME_ZONE`."""

    def __call__(self, request: HttpRequest) -> Any:
        chosen = zone_named(request.session.get(SESSION_KEY, ""))
        with timezone.override(chosen or settings.PAGES_TIME_ZONE):
            return super().__call__(request)


class PageTimeZones(ForPages, OwnTimeZone):
    pass


class Actors(Around):
    """Changes made during a request are recorded with the signed-in user as their actor."""

    def __call__(self, request: HttpRequest) -> Any:
        if not request.user.is_authenticated:
            return super().__call__(request)
        token = current_actor.set(actor_of(request))
        try:
            return super().__call__(request)
        finally:
            current_actor.reset(token)


class PageActors(ForPages, Actors):
    pass


class Headers(Around):
    """Disables browser features that pages do not use, by `Permissions-Policy`."""

    def __call__(self, request: HttpRequest) -> Any:
        response = super().__call__(request)
        response.headers.setdefault("Permissions-Policy", NOTHING_NEEDED)
        return response


class PageHeaders(ForPages, Headers):
    pass


class ApiHeaders(Around):
    """API responses belong to one caller: no cache may store them."""

    def __call__(self, request: HttpRequest) -> Any:
        response = super().__call__(request)
        if request.path_info.startswith(CALLS):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class WithoutNul(Around):
    """Keeps NUL characters away from PostgreSQL, whose text cannot hold them.

    A URL with one is not found (404), a form with one is a bad request (400), and cookies with one are
    ignored.
    """

    def __call__(self, request: HttpRequest) -> Any:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404
        if any("\0" in value for value in request.COOKIES.values()):  # quoted cookies can hold one: "\000"
            request.COOKIES.clear()
        return super().__call__(request)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        if request.path_info.startswith(CALLS) or request.method != "POST":
            return
        if any("\0" in value for _, values in request.POST.lists() for value in values):
            raise BadRequest("a form field contains a NUL character, which is not allowed")


class PagesWithoutNul(ForPages, WithoutNul):
    """The API checks each value itself and names the field."""


class PageMessages(ForPages, MessageMiddleware):
    pass
