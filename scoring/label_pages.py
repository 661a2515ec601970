"""The admin's page that takes a file of labels: chargebacks above all."""

import base64
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget

from scoring.api.models import ApiKey
from scoring.catalog.registry import event_types
from scoring.decisions.label_sources import PRECEDENCE
from scoring.decisions.models import Event
from scoring.errors import UnreadableImport
from scoring.ingest.label_lines import COLUMNS, MOST_LINES, RETRACT, Defaults, allowed_text
from scoring.ingest.label_upload import LabelUpload, rejects_as_csv, upload_labels
from scoring.workspace.pages import Page, actor_of, register_page

MOST_BYTES = 10 * 1024 * 1024
MOST_SHOWN = 100  # rejected lines on the page; the download has all of them
LATEST_EVENTS = 1_000  # of a type, among which senders without an API key are looked for


def labelled_types() -> dict[str, tuple[str, str]]:
    """The labels, positive first, of every event type that takes any."""
    return {name: kind.labels.values for name, kind in event_types().items() if kind.scored}


def known_sources() -> list[str]:
    """Who sends events: the sources of API keys and of each type's latest events."""
    sources = set(ApiKey.objects.values_list("source", flat=True))
    for name in event_types():
        latest = Event.objects.filter(type=name).order_by("-occurred_at")[:LATEST_EVENTS]
        sources |= set(latest.values_list("source", flat=True))
    return sorted(sources)


class LabelFileForm(forms.Form):
    """Whose events, who says it, and the file."""

    source = forms.ChoiceField(label="Events sent by", help_text="The sender whose event ids the file has.")
    label_source = forms.ChoiceField(
        label="Who says so",
        choices=[(source, source) for source in PRECEDENCE],
        initial="chargeback",
        help_text=f"Where sources disagree, the first of these holds: {', '.join(PRECEDENCE)}.",
    )
    event_type = forms.ChoiceField(
        label="Event type", help_text="Of lines that do not name one in the column event_type."
    )
    file = forms.FileField(
        label="CSV file",
        help_text=f"UTF-8, at most {filesizeformat(MOST_BYTES)} and {MOST_LINES:,} lines.",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("source", known_sources())
        self._offer("event_type", list(labelled_types()))

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            size, most = filesizeformat(file.size), filesizeformat(MOST_BYTES)
            raise forms.ValidationError(f"It has {size}; at most {most} are taken. Split it.")
        return file

    def _offer(self, name: str, choices: list[str]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(choice, choice) for choice in choices]


@register_page
class LabelUploadPage(Page):
    """Takes a file of labels and shows, line by line, what was not taken and why."""

    path, name, title = "labels/upload/", "label_upload", "Upload labels"
    permission = "scoring.upload_label"
    template_name = "scoring/label_upload.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{"form": LabelFileForm()} | kwargs,
            columns=COLUMNS,
            types=labelled_types(),
            retract=RETRACT,
            precedence=PRECEDENCE,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        form = LabelFileForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            upload = self._upload(form)
        except UnreadableImport as error:
            form.add_error("file", f"{error}. Nothing was recorded.")
            return self.render_to_response(self.get_context_data(form=form))
        again = LabelFileForm(initial=form.cleaned_data)
        return self.render_to_response(self.get_context_data(form=again, **_result(upload, form)))

    def _upload(self, form: LabelFileForm) -> LabelUpload:
        chosen = form.cleaned_data
        return upload_labels(
            chosen["file"].read(),
            source=chosen["source"],
            defaults=Defaults(chosen["event_type"], chosen["label_source"]),
            actor=actor_of(self.request),
            now=timezone.now(),
        )


def _result(upload: LabelUpload, form: LabelFileForm) -> dict[str, Any]:
    """What the page says of an upload. The download is part of the page: nothing of it is kept here."""
    rejects = base64.b64encode(rejects_as_csv(upload).encode()).decode()
    return {
        "upload": upload,
        "file_name": form.cleaned_data["file"].name,
        "label_source": form.cleaned_data["label_source"],
        "shown": [
            {"line": line, "problem": problem, "allowed": allowed_text(problem)}
            for line in upload.rejected[:MOST_SHOWN]
            for problem in line.problems
        ],
        "left_out": max(0, len(upload.rejected) - MOST_SHOWN),
        "rejects_address": f"data:text/csv;charset=utf-8;base64,{rejects}",
    }
