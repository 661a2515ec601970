"""Admin pages other than change lists, such as the queue or the drift page.

A page is a class-based view that is registered with the admin site:

    @register_page
    class DriftPage(AdminPage):
        path, name, title = "drift/", "drift", "Drift"
        permission = "monitoring.view_modelwindow"
        template_name = "monitoring/drift.html"
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, TypeVar

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.generic import TemplateView

from scoring.admin_kit.row_rules.visible import is_limited, require_visible
from scoring.catalog.registry import event_types

MAX_ACTOR_LENGTH = 80  # characters
TYPE_PARAMETERS = ("type", "event_type")  # of addresses and forms


class AdminPage(TemplateView):
    """A page at /admin/{path}, named `admin:{name}`, for staff with `permission` (all staff if empty).

    Its template extends "admin_kit/page.html". Pages with actions define `post` and check further permissions
    with `require`.

    Users who see only some event types do not find pages of other types (`shown_types`). With
    `needs_all_types` the page shows all types at once and is closed to them.
    """

    path: ClassVar[str]
    name: ClassVar[str]
    title: str
    subtitle: str = ""
    permission: ClassVar[str] = ""
    needs_all_types: ClassVar[bool] = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.permission:
            self.require(self.permission)
        if _has_nul(request, kwargs):
            raise BadRequest("the request contains a NUL character, which is not allowed")
        if is_limited(request.user):
            self._require_visible()
        return self.respond(request, *args, **kwargs)

    def respond(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The response to a request that may be answered: by the method of its name, such as `post`."""
        return super().dispatch(request, *args, **kwargs)

    def require(self, permission: str) -> None:
        """Raises PermissionDenied unless the user holds `permission` ("app.codename")."""
        if not self.request.user.has_perm(permission):
            raise PermissionDenied(permission)

    def shown_types(self) -> Iterable[str]:
        """The event types that the address names: itself, or as those of an event or of models.

        Pages of other rows, such as a job, give the type of theirs.
        """
        if "event_type" in self.kwargs:
            yield self.kwargs["event_type"]
        if "position" in self.kwargs:
            yield from type_of_event(self.kwargs["position"])
        if "model" in self.kwargs:
            yield from type_of_model(self.kwargs["model"])
        for model in self.request.GET.getlist("model"):
            yield from type_of_model(model)
        for name in TYPE_PARAMETERS:
            yield from event_types().keys() & {
                *self.request.GET.getlist(name),
                *self.request.POST.getlist(name),
            }

    def _require_visible(self) -> None:
        """Raises PermissionDenied for a page of all types, Http404 for one of a type that is not seen."""
        if self.needs_all_types:
            raise PermissionDenied("the page shows all event types, and your groups see only some")
        require_visible(self.request.user, self.shown_types())

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


def type_of_event(position: int) -> list[str]:
    """The event type of the event received at a position; none if there is no entry."""
    entries = apps.get_model("scoring", "LogEntry")  # the site, which is made first, imports this module
    streams = entries.objects.filter(pk=position).values_list("stream", flat=True)
    return [stream.partition("/")[0] for stream in streams]


def type_of_model(name: str) -> list[str]:
    """The event type of a model; none if there is no such model."""
    versions = apps.get_model("scoring", "ModelVersion")
    return list(versions.objects.filter(name=name).values_list("event_type", flat=True))


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
