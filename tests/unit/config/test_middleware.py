"""Sessions, users and messages: there for a page, not for a call of the API."""

import pytest
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from config.requests.middleware import ApiHeaders, PageMessages, PageSessions, PagesWithoutNul, PageUsers


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


def answered(path: str) -> HttpResponse:
    return ApiHeaders(PagesWithoutNul(lambda request: HttpResponse()))(RequestFactory().get(path))


def test_no_cache_may_keep_an_answer_of_the_api():
    assert answered("/api/v1/events/payment/T-1")["Cache-Control"] == "no-store"
    assert "Cache-Control" not in answered("/api/docs/")


@pytest.mark.parametrize(
    "path",
    ["/api/problems/%00", "/admin/reviews/case/?state__exact=%00", "/admin/%00/", "/?a=b%00"],
)
def test_an_address_with_a_nul_leads_nowhere(path):
    with pytest.raises(Http404):
        answered(path)


def test_a_percent_sign_before_two_zeros_is_no_nul():
    assert answered("/admin/?q=100%2500").status_code == 200


def test_a_form_with_a_nul_is_a_bad_request():
    step = PagesWithoutNul(lambda request: HttpResponse())
    step.process_view(RequestFactory().post("/admin/", {"note": "fine"}))
    with pytest.raises(BadRequest):
        step.process_view(RequestFactory().post("/admin/", {"note": "a\0b"}))


def test_cookies_with_a_nul_are_not_looked_at():
    seen = []
    request = RequestFactory().get("/admin/", headers={"Cookie": 'sessionid="\\000abc"; theme=dark'})
    PagesWithoutNul(seen.append)(request)
    assert seen[0].COOKIES == {}
    request = RequestFactory().get("/admin/", headers={"Cookie": "sessionid=abc"})
    PagesWithoutNul(seen.append)(request)
    assert seen[1].COOKIES == {"sessionid": "abc"}
