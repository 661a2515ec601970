"""Admin pages of gates: those of all event types, and one with its requested change and its history."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types
from scoring.admin_kit.settings_pages import EventTypeSettingsPage
from scoring.catalog.parsing.reasons import MAX_REASON_LENGTH
from scoring.errors import ScoringError
from scoring.learning.gates.changing import (
    approve_gate,
    gate_in,
    reject_gate,
    request_gate,
    requested_in,
    stream_version,
)
from scoring.learning.gates.criteria import DEFAULT_CRITERIA, Gate, criterion_text, differences
from scoring.learning.gates.forms import GateForm
from scoring.learning.models import StoredGate
from scoring.log.entries import Entry
from scoring.log.read import read_stream

REQUEST, APPROVE = "scoring.request_gate", "scoring.approve_gate"
MAX_CHANGES = 30


@register_page
class GatesPage(AdminPage):
    """The version of every event type's gate, and requested changes."""

    path, name, title = "gates/", "gates", "Gates"
    subtitle = "What a new model must reach before a person may approve it"
    permission = "scoring.view_storedgate"
    template_name = "gates/gates.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        stored = StoredGate.objects.in_bulk()
        types = seen_scored_types(self.request.user)
        gates = [(name, stored.get(name), _changed_checks(stored.get(name))) for name in types]
        return super().get_context_data(gates=gates, **kwargs)


@register_page
class GatePage(EventTypeSettingsPage):
    """The criteria of an event type's gate. A change is requested by one person and approved by another."""

    path, name, title = "gates/<str:event_type>/", "gate", "Gate"
    permission, set_permission = "scoring.view_storedgate", REQUEST
    template_name = "gates/gate.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        event_type, user = self.event_type, self.request.user
        self.title = f"Gate of {event_type}"
        row = StoredGate.objects.filter(pk=event_type).first()
        gate, requested = gate_in(row), requested_in(row)
        may_request = user.has_perm(REQUEST) and requested is None
        if may_request:
            kwargs.setdefault("form", GateForm.showing(gate))
        return super().get_context_data(
            **kwargs,
            gate=gate,
            stored=row,
            seen=stream_version(event_type),
            criteria=[(each.check, criterion_text(each)) for each in gate.criteria],
            requested=differences(gate, requested) if requested else [],
            own=row is not None and row.requested_by == actor_of(self.request),
            may_request=may_request,
            may_approve=user.has_perm(APPROVE),
            history=list(_history(event_type)),
            max_reason=MAX_REASON_LENGTH,
        )

    def posted_form(self) -> GateForm:
        return GateForm(self.request.POST)

    def change(self, form: GateForm, **by: Any) -> str:
        request_gate(self.event_type, form.gate(), reason=form.cleaned_data["reason"], **by)
        return "The change is requested. Someone else must approve it."

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        event_type = self.event_type
        match request.POST.get("action", ""):
            case "request":
                return super().post(request, **kwargs)
            case "approve":
                done = f"The new gate of {event_type} holds from now on."
                seen = request.POST.get("seen", "")
                return self._judge(request, approve_gate, done, seen=int(seen) if seen.isdecimal() else 0)
            case "reject":
                reason = request.POST.get("reason", "")
                done = f"The gate of {event_type} stays as it is."
                return self._judge(request, reject_gate, done, reason=reason)
        raise Http404

    def _judge(
        self, request: HttpRequest, act: Callable[..., Entry], done: str, **given: Any
    ) -> HttpResponse:
        self.require(APPROVE)
        try:
            act(self.event_type, actor=actor_of(request), now=timezone.now(), **given)
        except ScoringError as error:
            messages.error(request, f"Nothing changed: {error}.")
        else:
            messages.success(request, done)
        return redirect("admin:gate", self.event_type)


def _changed_checks(row: StoredGate | None) -> list[str]:
    """The criteria that differ from the defaults."""
    pairs = zip(gate_in(row).criteria, DEFAULT_CRITERIA, strict=True)
    return [mine.check for mine, default in pairs if mine != default]


def _history(event_type: str) -> Iterator[dict[str, Any]]:
    """The latest changes, newest first, with what each changes."""
    lines, gate, asked = [], Gate(), Gate()
    for entry in read_stream(f"gate/{event_type}"):
        changes: list[tuple[str, str, str]] = []
        if entry.type == "gate.requested":
            asked = Gate.of(entry.data["criteria"], version=gate.version + 1)
            changes = differences(gate, asked)
        elif entry.type == "gate.approved":
            gate = asked
        lines.append({"what": _what(entry), "changes": changes, "entry": entry})
    yield from reversed(lines[-MAX_CHANGES:])


def _what(entry: Entry) -> str:
    actor, data = entry.metadata.get("actor", ""), entry.data
    if entry.type == "gate.approved":
        return f"version {data['version']} approved by {actor}"
    verb = entry.type.removeprefix("gate.")
    return f"{verb} by {actor}: {data['reason']}"
