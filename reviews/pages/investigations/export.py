"""The download of the events that a query finds."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from reviews.investigation.errors import InvestigationError
from reviews.investigation.query.query import query_from
from reviews.investigation.results.exporting import export_csv, export_parquet, record_export
from reviews.pages.investigations.console import EXPORT
from reviews.quality.blinding import withheld_cases
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types
from scoring.rules.expressions.errors import ExpressionInvalid

CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


@register_page
class ExportPage(AdminPage):
    """The query of the console's address, with `format`: "csv" or "parquet"."""

    path, name, title = "investigate/export/", "investigate_export", "Export"
    permission = EXPORT

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        given, now = request.GET.dict(), timezone.now()
        form = given.get("format", "csv")
        if form not in CONTENT_TYPES:
            raise BadRequest(f"unknown format; use {', '.join(CONTENT_TYPES)}")
        user_name = request.user.get_username()
        withheld = list(withheld_cases(user_name).values_list("event_position", flat=True))
        try:
            query = query_from(given, now=now, types=seen_scored_types(request.user))
            export = export_csv if form == "csv" else export_parquet
            content = export(query, now=now, withheld=withheld)
        except (InvestigationError, ExpressionInvalid) as error:
            messages.error(request, f"Not exported: {error}.")
            return redirect("admin:investigate")
        record_export(query, form=form, user_name=user_name, now=now)
        response = HttpResponse(content, content_type=CONTENT_TYPES[form])
        response["Content-Disposition"] = f'attachment; filename="{query.event_type}-{now:%Y-%m-%d}.{form}"'
        return response
