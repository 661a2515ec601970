"""Sessions, users and messages: there for a page, not for a call of the API."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config.middleware import PageMessages, PageSessions, PageUsers


def passed_through(path: str) -> HttpRequest:
    """The request as a view gets it."""
    seen: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    PageSessions(PageUsers(PageMessages(view)))(RequestFactory().get(path))
    return seen[0]


@pytest.mark.parametrize(
    ("path", "for_a_page"),
    [("/api/v1/events", False), ("/api/docs/", True), ("/admin/", True), ("/", True)],
)
def test_who_gets_a_session(path, for_a_page):
    request = passed_through(path)
    assert [hasattr(request, name) for name in ("session", "user", "_messages")] == [for_a_page] * 3
