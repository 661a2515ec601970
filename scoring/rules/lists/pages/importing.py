"""The pages to import a file of values: upload it, see what it would do, add it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.rules.lists.changing.values import MAX_REASON_LENGTH
from scoring.rules.lists.definitions import definition_in
from scoring.rules.lists.errors import ImportNotPossible, InvalidListChange, ListArchived
from scoring.rules.lists.importing.files import REJECTS, read_pieces
from scoring.rules.lists.importing.lifecycle import (
    confirm_import,
    continue_import,
    discard_import,
    is_stalled,
    start_import,
)
from scoring.rules.lists.importing.lines import COLUMNS, MAX_LINES
from scoring.rules.lists.models import ListImport, ValueList
from scoring.rules.lists.pages.definition import list_or_404, sentence_of
from scoring.rules.lists.pages.expiries import DAYS, read_until
from scoring.rules.lists.pages.permissions import CHANGE, IMPORT, needed_for
from scoring.rules.lists.pages.rejects import first_rejects
from scoring.rules.lists.pages.rows import person
from scoring.rules.lists.pages.words import examples, holds_words

MAX_BYTES = 48 * 1024 * 1024


class ListFileForm(forms.Form):
    """A file, and what holds for its lines without a reason or an end of their own."""

    file = forms.FileField(
        label="File",
        help_text=f"CSV in UTF-8, also compressed with gzip; at most {filesizeformat(MAX_BYTES)} and"
        f" {MAX_LINES:,} lines.",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.tsv,.gz,text/csv"}),
    )
    reason = forms.CharField(
        label="Reason",
        max_length=MAX_REASON_LENGTH,
        required=False,
        help_text="For lines without one, such as Consortium file of March.",
    )
    days = forms.ChoiceField(
        label="For", choices=list(DAYS.items()), required=False, help_text="For lines without an end."
    )
    replace = forms.BooleanField(
        label="Replace reason, end and tags of values that are there", required=False
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            size, most = filesizeformat(file.size or 0), filesizeformat(MAX_BYTES)
            problem = f"The file has {size}; at most {most} are allowed. Compress it with gzip, or split it."
            raise forms.ValidationError(problem)
        return file


@register_page
class ListImportPage(AdminPage):
    """The form for a file; POST stores it and has it checked."""

    path, name, title = "lists/<str:list_name>/import/", "list_import", "Import"
    permission = IMPORT
    template_name = "lists/import.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = list_or_404(kwargs["list_name"])
        self._require_all(row)
        definition = definition_in(row)
        self.title = f"Import into {row.title}"
        return super().get_context_data(
            **{"form": ListFileForm()} | kwargs,
            row=row,
            may_replace=self.request.user.has_perm(CHANGE),
            columns=COLUMNS,
            holds=holds_words(definition),
            examples=examples(definition),
        )

    def post(self, request: HttpRequest, list_name: str) -> HttpResponse:
        self._require_all(list_or_404(list_name))
        form = ListFileForm(request.POST, request.FILES)
        if form.is_valid():
            if form.cleaned_data["replace"]:
                self.require(CHANGE)
            try:
                started = self._start(form, list_name)
            except ListArchived as error:
                form.add_error(None, f"Nothing was imported: {error}.")
            except InvalidListChange as error:
                for problem in error.problems:
                    field = problem.field if problem.field in form.fields else "days"
                    form.add_error(field, sentence_of(problem))
            else:
                return redirect("admin:list_import_status", number=started.number)
        return self.render_to_response(self.get_context_data(list_name=list_name, form=form), status=422)

    def _require_all(self, row: ValueList) -> None:
        """Raises PermissionDenied for an allow list that the user may not change."""
        for needed in needed_for(IMPORT, row.action):
            self.require(needed)

    def _start(self, form: ListFileForm, list_name: str) -> ListImport:
        given, now = form.cleaned_data, timezone.now()
        return start_import(
            list_name=list_name,
            file_name=given["file"].name or "file",
            size=given["file"].size,
            chunks=given["file"].chunks(),
            actor=actor_of(self.request),
            now=now,
            reason=given["reason"],
            expires_at=read_until(given["days"], "", list_name=list_name, now=now),
            replace=given["replace"],
        )


@register_page
class ListImportStatusPage(AdminPage):
    """What a file would do, or has done, with its rejected lines; POST takes `action`, a key of STEPS."""

    path, name, title = "lists/imports/<int:number>/", "list_import_status", "Import"
    permission = IMPORT
    template_name = "lists/import_status.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        row = import_or_404(kwargs["number"])
        if "rejects" in request.GET:
            response = StreamingHttpResponse(
                read_pieces(row.number, REJECTS), content_type="text/csv; charset=utf-8"
            )
            response["Content-Disposition"] = f'attachment; filename="rejected-{row.list_name}.csv"'
            return response
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = import_or_404(kwargs["number"])
        target = list_or_404(row.list_name)
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
        step = STEPS.get(request.POST.get("action", ""))
        if step is None:
            raise BadRequest(f"unknown action; use {', '.join(STEPS)}")
        target = list_or_404(import_or_404(number).list_name)
        for needed in needed_for(IMPORT, target.action):
            self.require(needed)
        try:
            step(number=number, now=timezone.now())
        except (ImportNotPossible, ListArchived) as error:
            messages.error(request, f"Nothing was changed: {error}.")
        return redirect("admin:list_import_status", number=number)


STEPS = {"add": confirm_import, "discard": discard_import, "continue": continue_import}


def import_or_404(number: int) -> ListImport:
    row = ListImport.objects.filter(number=number, into=ListImport.Into.LIST).first()
    if row is None:
        raise Http404(f"There is no import {number}.")
    return row
