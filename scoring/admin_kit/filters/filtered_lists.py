"""Lists with filter forms: the active filters as chips that can be removed, and an export of what is left."""

from typing import Any, ClassVar, NamedTuple

from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from scoring.admin_kit.change_lists import ReadOnlyAdmin
from scoring.admin_kit.filters.exporting import MAX_ROWS, Columns, export_lines, record_export
from scoring.admin_kit.filters.form_filters import FormFilter
from scoring.admin_kit.pages import actor_of

EXPORT = "scoring.export_list"


class Chip(NamedTuple):
    """An active filter, the query string of the list without it, and whether its input is invalid."""

    title: str
    text: str
    without: str
    is_invalid: bool


class FilteredAdmin(ReadOnlyAdmin):
    """A list whose filters are forms, with chips and CSV.

    `export_columns`: the columns of the file, each with what it holds of a row; a list without them has none.
    """

    list_filter_submit = True
    change_list_template = "admin_kit/filtered_list.html"
    export_columns: ClassVar[Columns] = {}

    def get_sortable_by(self, request: HttpRequest) -> list[Any]:
        """The columns named in `sortable_by`, by themselves or by the field that orders them."""
        columns = self.get_list_display(request)
        names = set(self.sortable_by or ())
        return [each for each in columns if {each, getattr(each, "admin_order_field", "")} & names]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        changelist.chips = chips_of(changelist)
        # Django counts an empty field of the form as a filter.
        changelist.has_active_filters = bool(changelist.chips)
        return changelist

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        may = bool(self.export_columns) and request.user.has_perm(EXPORT)
        return super().changelist_view(
            request, {"may_export": may, "max_exported": MAX_ROWS, **(extra_context or {})}
        )

    def get_urls(self) -> list[URLPattern]:
        if not self.export_columns:
            return super().get_urls()
        view = self.admin_site.admin_view(self.export_view)
        export = path("export/", view, name=f"{self.opts.app_label}_{self.opts.model_name}_export")
        return [export, *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The filtered rows as CSV, the newest MAX_ROWS. The log records the export with the filters."""
        if not (self.has_view_permission(request) and request.user.has_perm(EXPORT)):
            raise PermissionDenied(EXPORT)
        changelist = self.get_changelist_instance(request)
        now, name = timezone.now(), str(self.opts.model_name)
        filters = {chip.title: chip.text for chip in changelist.chips}
        record_export(name, filters=filters, search=changelist.query, actor=actor_of(request), now=now)
        lines = export_lines(changelist.get_queryset(request), self.export_columns)
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{name}-{now:%Y-%m-%d-%H%M}.csv"'
        return response


def chips_of(changelist: ChangeList) -> list[Chip]:
    """A chip for each active filter of the list, in their order."""
    active = [each for each in changelist.filter_specs if isinstance(each, FormFilter) and each.is_active]
    return [
        Chip(
            title=str(each.title),
            text=each.chip_text,
            without=changelist.get_query_string(remove=[str(name) for name in each.expected_parameters()]),
            is_invalid=bool(each.problem),
        )
        for each in active
    ]
