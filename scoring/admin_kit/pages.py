"""Admin pages other than change lists, such as the queue or the drift page.

A page is a class-based view that is registered with the admin site:

    @register_page
    class DriftPage(AdminPage):
        path, name, title = "drift/", "drift", "Drift"
        permission = "monitoring.view_modelwindow"
        template_name = "monitoring/drift.html"
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.generic import TemplateView

MAX_ACTOR_LENGTH = 80  # characters


class AdminPage(TemplateView):
    """A page at /admin/{path}, named `admin:{name}`, for staff with `permission` (all staff if empty).

    Its template extends "admin_kit/page.html". Pages with actions define `post` and check further permissions
    with `require`.
    """

    path: ClassVar[str]
    name: ClassVar[str]
    title: str
    subtitle: str = ""
    permission: ClassVar[str] = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.permission:
            self.require(self.permission)
        if _has_nul(request, kwargs):
            raise BadRequest("the request contains a NUL character, which is not allowed")
        return super().dispatch(request, *args, **kwargs)

    def require(self, permission: str) -> None:
        """Raises PermissionDenied unless the user holds `permission` ("app.codename")."""
        if not self.request.user.has_perm(permission):
            raise PermissionDenied(permission)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **admin.site.each_context(self.request),
            title=self.title,
            subtitle=self.subtitle,
            **kwargs,
        )


def _has_nul(request: HttpRequest, arguments: Mapping[str, Any]) -> bool:
    sent = (*request.GET.lists(), *request.POST.lists())
    texts = [*map(str, arguments.values()), *(text for _, values in sent for text in values)]
    return any("\x00" in text for text in texts)


P = TypeVar("P", bound=type[AdminPage])

_pages: dict[str, type[AdminPage]] = {}


def register_page(page: P) -> P:
    """Register `page` with the admin site. Raises ValueError if another page has its name."""
    if _pages.setdefault(page.name, page) is not page:
        raise ValueError(f"there are two pages named {page.name!r}")
    return page


def registered_pages() -> Iterator[type[AdminPage]]:
    """All pages, sorted by name."""
    return (_pages[name] for name in sorted(_pages))


def page_urls() -> list[URLPattern]:
    """The URL patterns of all pages, each behind the admin's login.

    Paths with fewer parameters come first, so that "experiments/start/" is not an experiment named "start".
    """
    pages = sorted(registered_pages(), key=lambda page: page.path.count("<"))
    return [path(page.path, admin.site.admin_view(page.as_view()), name=page.name) for page in pages]


def actor_of(request: HttpRequest) -> str:
    """The logged-in user as an actor of the log, cut to the length that projections hold."""
    return f"user/{request.user.get_username()}"[:MAX_ACTOR_LENGTH]
