"""Change lists of the admin, styled with Unfold and fast at any table size."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.text import capfirst
from unfold.admin import ModelAdmin as UnfoldModelAdmin

from scoring.admin_kit.formatting import NO_VALUE
from scoring.admin_kit.row_rules.visible import has_event_type, is_limited, seen_types, visible_to
from scoring.admin_kit.time_zones import moment_text, with_zone
from scoring.catalog.registry import event_types

MAX_COUNTED = 10_000


class CappedPaginator(Paginator):
    """Counts at most MAX_COUNTED rows, because counting millions would slow every page."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[:MAX_COUNTED].count()

    @property
    def count_text(self) -> str:
        """ "1,234", or "10,000 or more" where counting stopped."""
        return f"{self.count:,}" + (" or more" if self.count == MAX_COUNTED else "")


class ModelAdmin(UnfoldModelAdmin):
    """A list with its own title (`list_title`) and a text for when it is empty (`when_empty`)."""

    paginator: Any = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they would count every row
    list_title: ClassVar[str] = ""  # the model's plural name, if empty
    when_empty: ClassVar[str] = ""

    def _filter_actions_by_permissions(self, request: HttpRequest, actions: Any) -> Any:
        """Actions that declare no permissions, such as those of packages, need the change permission."""
        named = [each for each in actions if hasattr(each[0], "allowed_permissions")]
        unnamed = [each for each in actions if not hasattr(each[0], "allowed_permissions")]
        allowed = super()._filter_actions_by_permissions(request, named)
        return [*allowed, *(unnamed if self.has_change_permission(request) else [])]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = self.list_title or capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})


class ReadOnlyAdmin(ModelAdmin):
    """A list that can only be viewed, of the rows whose event type the user sees.

    With `needs_all_types`, users who see only some types may not view it.
    """

    list_per_page = 50
    actions: Any = None
    needs_all_types: ClassVar[bool] = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return visible_to(rows, request.user) if has_event_type(self.model) else rows

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if self.needs_all_types and is_limited(request.user):
            return False
        return super().has_view_permission(request, obj)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        raise Http404  # it would list manual changes, of which there are none

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LinkedAdmin(ReadOnlyAdmin):
    """Rows with their own page, to which the change URL redirects. `page`: its name and URL argument."""

    page: ClassVar[tuple[str, str]]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        name, argument = self.page
        try:
            return HttpResponseRedirect(reverse(f"admin:{name}", kwargs={argument: object_id}))
        except NoReverseMatch:
            raise Http404 from None


def unbroken(text: str) -> str:
    """Text that does not wrap."""
    return format_html('<span class="ws-num">{}</span>', text)


def two_lines(first: str, second: str) -> str:
    """A cell of two lines, the second one muted; one element, so that it stays together on a phone."""
    return format_html('<span>{}<br><span class="ws-muted">{}</span></span>', first, second)


def moment_column(field: str, title: str) -> Callable[[Any], str]:
    """A column of times to the second. The header names the time zone, so that the cells need not."""

    @admin.display(description=with_zone(title), ordering=field)
    def column(row: Any) -> str:
        moment = getattr(row, field)
        return unbroken(moment_text(moment, "%Y-%m-%d %H:%M:%S")) if moment else NO_VALUE

    return column


class EventTypeFilter(admin.SimpleListFilter):
    """Filters by event types from the catalog; distinct values of the table would need a full scan."""

    title = "event type"
    parameter_name = "event_type"
    field = "event_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in seen_types(request.user)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(**{self.field: chosen}) if chosen in event_types() else queryset
