"""The pages to import a file of hashes: upload it, see what it would do, add it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.catalog.errors import FieldError
from scoring.rules.banks.errors import BankArchived
from scoring.rules.banks.exporting import export_lines, export_videos
from scoring.rules.banks.importing.columns import COLUMNS
from scoring.rules.banks.importing.target import INTO_BANK
from scoring.rules.banks.pages.definition import bank_or_404
from scoring.rules.banks.pages.permissions import CHANGE, IMPORT, VIEW
from scoring.rules.lists.errors import ImportNotPossible, InvalidListChange
from scoring.rules.lists.importing.files import REJECTS, read_pieces
from scoring.rules.lists.importing.lifecycle import (
    confirm_import,
    continue_import,
    discard_import,
    is_stalled,
    start_import,
)
from scoring.rules.lists.importing.lines import MAX_LINES
from scoring.rules.lists.models import ListImport
from scoring.rules.lists.pages.definition import sentence_of
from scoring.rules.lists.pages.expiries import until_of
from scoring.rules.lists.pages.importing import MAX_BYTES, ListFileForm
from scoring.rules.lists.pages.rejects import first_rejects
from scoring.rules.lists.pages.rows import person

CSV = "text/csv; charset=utf-8"


class BankFileForm(ListFileForm):
    """A file of hashes, and what holds for its lines without a reason or an end of their own."""

    file = forms.FileField(
        label="File",
        help_text=f"ThreatExchange's JSON, CSV, or one hash a line; also compressed with gzip. At most"
        f" {filesizeformat(MAX_BYTES)} and {MAX_LINES:,} lines.",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.tsv,.json,.jsonl,.gz,text/csv"}),
    )
    replace = forms.BooleanField(
        label="Replace quality, source, reason, end and tags of hashes that are there", required=False
    )


@register_page
class BankImportPage(AdminPage):
    """The form for a file; POST stores it and has it checked."""

    path, name, title = "banks/<str:bank_name>/import/", "bank_import", "Import"
    permission = IMPORT
    template_name = "banks/import.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = bank_or_404(kwargs["bank_name"])
        self.title = f"Import into {row.title}"
        return super().get_context_data(
            **{"form": BankFileForm()} | kwargs,
            row=row,
            may_replace=self.request.user.has_perm(CHANGE),
            columns=COLUMNS,
        )

    def post(self, request: HttpRequest, bank_name: str) -> HttpResponse:
        bank_or_404(bank_name)
        form = BankFileForm(request.POST, request.FILES)
        if form.is_valid():
            if form.cleaned_data["replace"]:
                self.require(CHANGE)
            try:
                started = self._start(form, bank_name)
            except BankArchived as error:
                form.add_error(None, f"Nothing was imported: {error}.")
            except FieldError as error:
                form.add_error("days", f"{error.problem}; allowed: {error.allowed}.")
            except InvalidListChange as error:
                for problem in error.problems:
                    field = problem.field if problem.field in form.fields else "days"
                    form.add_error(field, sentence_of(problem))
            else:
                return redirect("admin:bank_import_status", number=started.number)
        return self.render_to_response(self.get_context_data(bank_name=bank_name, form=form), status=422)

    def _start(self, form: BankFileForm, bank: str) -> ListImport:
        given, now = form.cleaned_data, timezone.now()
        return start_import(
            list_name=bank,
            file_name=given["file"].name or "file",
            size=given["file"].size,
            chunks=given["file"].chunks(),
            actor=actor_of(self.request),
            now=now,
            reason=given["reason"],
            expires_at=until_of(given["days"], "", now=now),
            replace=given["replace"],
            target=INTO_BANK,
        )


@register_page
class BankImportStatusPage(AdminPage):
    """What a file would do, or has done, with its rejected lines; POST takes `action`, a key of STEPS."""

    path, name, title = "banks/imports/<int:number>/", "bank_import_status", "Import"
    permission = IMPORT
    template_name = "banks/import_status.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        row = import_or_404(kwargs["number"])
        if "rejects" in request.GET:
            pieces = read_pieces(row.number, REJECTS)
            return _as_file(pieces, f"rejected-{row.list_name}.csv")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = import_or_404(kwargs["number"])
        target = bank_or_404(row.list_name)
        self.title = f"Import into {target.title}"
        return super().get_context_data(
            row=row,
            target=target,
            requested_by=person(row.requested_by),
            adds=row.new + row.replaced,
            there=row.unchanged + row.repeated,
            rejects=first_rejects(row.number) if row.rejected else [],
            stalled=is_stalled(row, now=timezone.now()),
            share=min(1.0, row.done / row.lines) if row.lines else None,
            **kwargs,
        )

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        now, action = timezone.now(), request.POST.get("action", "")
        import_or_404(number)
        try:
            if action == "add":
                confirm_import(number=number, now=now, target=INTO_BANK)
            elif action == "continue":
                continue_import(number=number, now=now, target=INTO_BANK)
            elif action == "discard":
                discard_import(number=number, now=now)
            else:
                raise BadRequest("unknown action; use add, continue, discard")
        except (ImportNotPossible, BankArchived) as error:
            messages.error(request, f"Nothing was changed: {error}.")
        return redirect("admin:bank_import_status", number=number)


@register_page
class BankExportPage(AdminPage):
    """The items that hold, as a file to import again: pictures, or with `?kind=videos` the videos."""

    path, name, title = "banks/<str:bank_name>/export/", "bank_export", "Export"
    permission = VIEW

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        row, now = bank_or_404(kwargs["bank_name"]), timezone.now()
        name = f"{row.name}-{now:%Y-%m-%d}"
        if request.GET.get("kind") == "videos":
            return _as_file(export_videos(row.name, now=now), f"{name}.jsonl", "application/jsonl")
        return _as_file(export_lines(row.name, now=now), f"{name}.csv")


def import_or_404(number: int) -> ListImport:
    row = ListImport.objects.filter(number=number, into=ListImport.Into.BANK).first()
    if row is None:
        raise Http404(f"There is no import {number} into a hash bank.")
    return row


def _as_file(lines: Any, name: str, content_type: str = CSV) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
