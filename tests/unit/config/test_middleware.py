"""Middleware: pages have sessions, users and messages; API requests do not."""

import pytest
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from config.requests.middleware import ApiHeaders, PageMessages, PageSessions, PagesWithoutNul, PageUsers


def request_seen_by_view(path: str) -> HttpRequest:
    """The request as the view receives it."""
    seen: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    PageSessions(PageUsers(PageMessages(view)))(RequestFactory().get(path))
    return seen[0]


@pytest.mark.parametrize(
    ("path", "is_page"),
    [("/api/v1/events", False), ("/api/docs/", True), ("/admin/", True), ("/", True)],
)
def test_only_pages_have_sessions_users_and_messages(path, is_page):
    request = request_seen_by_view(path)
    assert [hasattr(request, name) for name in ("session", "user", "_messages")] == [is_page] * 3


def response_to(path: str) -> HttpResponse:
    return ApiHeaders(PagesWithoutNul(lambda request: HttpResponse()))(RequestFactory().get(path))


def test_api_responses_are_not_cached():
    assert response_to("/api/v1/events/payment/T-1")["Cache-Control"] == "no-store"
    assert "Cache-Control" not in response_to("/api/docs/")


@pytest.mark.parametrize(
    "path",
    ["/api/problems/%00", "/admin/reviews/case/?state__exact=%00", "/admin/%00/", "/?a=b%00"],
)
def test_an_address_with_a_nul_is_not_found(path):
    with pytest.raises(Http404):
        response_to(path)


def test_an_escaped_percent_sign_before_two_zeros_is_not_a_nul():
    assert response_to("/admin/?q=100%2500").status_code == 200


def test_a_form_with_a_nul_is_a_bad_request():
    step = PagesWithoutNul(lambda request: HttpResponse())
    step.process_view(RequestFactory().post("/admin/", {"note": "fine"}))
    with pytest.raises(BadRequest):
        step.process_view(RequestFactory().post("/admin/", {"note": "a\0b"}))


def test_cookies_with_a_nul_are_ignored():
    seen = []
    request = RequestFactory().get("/admin/", headers={"Cookie": 'sessionid="\\000abc"; theme=dark'})
    PagesWithoutNul(seen.append)(request)
    assert seen[0].COOKIES == {}
    request = RequestFactory().get("/admin/", headers={"Cookie": "sessionid=abc"})
    PagesWithoutNul(seen.append)(request)
    assert seen[1].COOKIES == {"sessionid": "abc"}
