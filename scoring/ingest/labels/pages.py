"""The admin page for uploading a file of labels, such as chargebacks."""

import base64
from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.admin_kit.row_rules.limits import Limits
from scoring.admin_kit.row_rules.visible import limits_of, seen_scored_types
from scoring.catalog.registry import event_type
from scoring.ingest.errors import UnreadableImport
from scoring.ingest.labels.columns import LabelColumns, id_candidates, suggest_columns
from scoring.ingest.labels.lines import (
    LabelDefaults,
    LabelLine,
    RejectedLine,
    SkippedLine,
    allowed_text,
    meaning_of,
    read_lines,
)
from scoring.ingest.labels.mapping_form import ColumnsForm, columns_in, counted_meaning
from scoring.ingest.labels.table import MAX_LINES, LabelTable, read_table
from scoring.ingest.labels.upload import LabelUpload, count_known, rejects_as_csv, upload_labels
from scoring.intake.label_sources import PEOPLE, PRECEDENCE
from scoring.intake.senders import known_senders

MAX_BYTES = 10 * 1024 * 1024
MAX_REJECTED_SHOWN = 100  # on the page; the download has all of them
PREVIEW_LINES = 5  # lines
MAX_IDS_CHECKED = 200  # of a column, to see whether they are event ids

REVIEW, HISTORY = "scoring.upload_review", "scoring.upload_label_history"


def labeled_types(user: AbstractUser | AnonymousUser) -> dict[str, tuple[str, str]]:
    """The labels, positive first, of every scored event type that the user sees."""
    return {name: event_type(name).labels.values for name in seen_scored_types(user)}


class LabelFileForm(forms.Form):
    """The file, the sender of its events, the source of its labels and the event type."""

    file = forms.FileField(
        label="File",
        help_text=f"CSV from an acquirer or a spreadsheet, at most {filesizeformat(MAX_BYTES)} and"
        f" {MAX_LINES:,} lines.",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )
    source = forms.ChoiceField(label="Sender", help_text="The sender whose event ids are in the file.")
    label_source = forms.ChoiceField(
        label="Label source",
        initial="chargeback",
        help_text=f"If sources disagree, the first of these wins: {', '.join(PRECEDENCE)}. A chargeback that"
        " became known after the review outranks it.",
    )
    event_type = forms.ChoiceField(label="Event type", help_text="For lines without an event type.")

    def __init__(self, *args: Any, user: AbstractUser | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stated = [name for name in PRECEDENCE if name != PEOPLE or user.has_perm(REVIEW)]
        self._offer("source", known_senders())
        self._offer("label_source", stated)
        self._offer("event_type", list(labeled_types(user)))

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            size, most = filesizeformat(file.size), filesizeformat(MAX_BYTES)
            raise forms.ValidationError(f"The file has {size}; at most {most} are allowed. Split it.")
        return file

    def _offer(self, name: str, choices: list[str]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(choice, choice) for choice in choices]


@register_page
class LabelUploadPage(AdminPage):
    """Previews a label file, then records its valid lines and returns the rejected ones.

    The browser sends the file with each step, so the server keeps nothing of it in between.
    """

    path, name, title = "labels/upload/", "label_upload", "Upload labels"
    permission = "scoring.upload_label"
    template_name = "scoring/label_upload.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{"form": LabelFileForm(user=self.request.user)} | kwargs,
            types=labeled_types(self.request.user),
            precedence=PRECEDENCE,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        form = LabelFileForm(request.POST, request.FILES, user=request.user)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            return self._take(request, form, read_table(form.cleaned_data["file"].read()))
        except UnreadableImport as error:
            form.add_error("file", f"{error}. Nothing was recorded.")
            return self.render_to_response(self.get_context_data(form=form))

    def _take(self, request: HttpRequest, form: LabelFileForm, table: LabelTable) -> HttpResponse:
        chosen = form.cleaned_data
        kind = event_type(chosen["event_type"])
        if "event_id" in request.POST:
            columns = columns_in(request.POST, table, kind)
        else:
            columns = _with_known_ids(suggest_columns(table, kind), table, chosen)
        mapping = ColumnsForm(columns, table, kind)
        history = bool(request.POST.get("history"))
        if history:
            self.require(HISTORY)
        if request.POST.get("action") != "record" or mapping.problems:
            shown = {"mapping": mapping, "told": request.POST.get("action") == "record", "history": history}
            preview = _preview(table, mapping, form, limits_of(request.user)) if not mapping.unusable else {}
            return self.render_to_response(self.get_context_data(form=form, **shown, **preview))
        upload = upload_labels(
            table,
            columns=columns,
            source=chosen["source"],
            defaults=LabelDefaults(chosen["event_type"], chosen["label_source"]),
            actor=actor_of(request),
            now=timezone.now(),
            history=history,
            limits=limits_of(request.user),
        )
        again = LabelFileForm(initial=chosen, user=request.user)
        return self.render_to_response(self.get_context_data(form=again, **_result(upload, form)))


def _with_known_ids(columns: LabelColumns, table: LabelTable, chosen: dict[str, Any]) -> LabelColumns:
    """The suggestion with the id column that contains the most ids of received events."""
    candidates = id_candidates(table.header)
    known = {name: _known_ids(table, name, chosen) for name in candidates[:6]}
    best = max(candidates, key=lambda name: known.get(name, 0), default="")
    return replace(columns, event_id=best) if known.get(best) else columns


def _known_ids(table: LabelTable, column: str, chosen: dict[str, Any]) -> int:
    ids = list(islice((each for each in table.values(column) if each), MAX_IDS_CHECKED))
    return count_known(ids, source=chosen["source"], event_type=chosen["event_type"])


def _preview(table: LabelTable, mapping: ColumnsForm, form: LabelFileForm, limits: Limits) -> dict[str, Any]:
    """The first lines as they are read, the counts of meanings, and the number of known events."""
    chosen, columns = form.cleaned_data, mapping.columns
    defaults = LabelDefaults(chosen["event_type"], chosen["label_source"])
    first = LabelTable(table.header, table.rows[:PREVIEW_LINES], table.delimiter)
    lines = read_lines(first, columns=columns, defaults=defaults, now=timezone.now(), limits=limits)
    width = len(table.header)
    meanings = Counter(
        meaning_of(dict(zip(table.header, row.cells, strict=True)), columns)
        for row in table.rows
        if len(row.cells) == width
    )
    ids = min(len([each for each in table.values(columns.event_id) if each]), MAX_IDS_CHECKED)
    id_place = table.header.index(columns.event_id)
    return {
        "lines": [_shown(line, id_place) for line in lines],
        "meanings": [(counted_meaning(meaning), count) for meaning, count in meanings.most_common()],
        "ids": ids,
        "known": _known_ids(table, columns.event_id, chosen),
        "row_count": len(table.rows),
        "delimiter": table.delimiter,
    }


def _shown(line: LabelLine | SkippedLine | RejectedLine, id_place: int) -> dict[str, Any]:
    """A line as the preview shows it."""
    if isinstance(line, LabelLine):
        said = line.statement
        return {"line": line, "said": said, "meaning": said.value or "retracted"}
    if isinstance(line, RejectedLine):
        return {"line": line, "problem": line.reason}
    return {"line": line, "id": line.cells[id_place]}


def _result(upload: LabelUpload, form: LabelFileForm) -> dict[str, Any]:
    """The result of an upload for the page. The download is a data URL, so the server keeps nothing."""
    rejects = base64.b64encode(rejects_as_csv(upload).encode()).decode()
    return {
        "upload": upload,
        "file_name": form.cleaned_data["file"].name,
        "label_source": form.cleaned_data["label_source"],
        "shown": [
            {"line": line, "problem": problem, "allowed": allowed_text(problem)}
            for line in upload.rejected[:MAX_REJECTED_SHOWN]
            for problem in line.problems
        ],
        "left_out": max(0, len(upload.rejected) - MAX_REJECTED_SHOWN),
        "rejects_address": f"data:text/csv;charset=utf-8;base64,{rejects}",
    }
