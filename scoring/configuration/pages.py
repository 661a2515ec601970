"""The admin page of the configuration: download it, compare a file with it, apply the file."""

from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.admin_kit.row_rules.visible import has_limits
from scoring.configuration.applying import Applied, apply_text, compare_text, export_text, read_state
from scoring.configuration.differences import diff_lines
from scoring.configuration.errors import ConfigurationInvalid, Problem, allowed_text
from scoring.configuration.forms import ApplyForm, FileForm
from scoring.configuration.sections.registry import sections
from scoring.errors import ScoringError

EXPORT, APPLY = "scoring.export_configuration", "scoring.apply_configuration"
FILE_NAME = "assay.yaml"
MAX_PROBLEMS_SHOWN = 100
TONES = {"added": "good", "removed": "bad", "changed": "info"}


class DiffLine(NamedTuple):
    """A line of a difference; `mark`: "added", "removed", "gap" or "same"."""

    mark: str
    text: str


class ShownChange(NamedTuple):
    path: str
    what: str
    tone: str
    lines: list[DiffLine]


class ShownProblem(NamedTuple):
    line: int
    path: str
    problem: str
    allowed: str


def may_apply(user: Any) -> bool:
    """Whether a user may apply a file; those with limits may not, for it could lift their own."""
    return bool(user.has_perm(APPLY)) and not has_limits(user)


@register_page
class ConfigurationPage(AdminPage):
    """What is configured, and what a file would change of it."""

    path, name, title = "configuration/", "configuration", "Configuration"
    subtitle = "Lists, rules, policies, gates, guardrails and other settings as one file"
    permission = EXPORT
    needs_all_types = True
    template_name = "configuration/configuration.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        titles = section_titles()
        return super().get_context_data(
            **{"form": FileForm()} | kwargs,
            sections=[(titles[name], len(items)) for name, items in read_state().items()],
            may_apply=may_apply(self.request.user),
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.POST.get("action") == "apply":
            return self._apply(request)
        form = FileForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        return self._compare(request, form.cleaned_data["file"], prune=form.cleaned_data["prune"])

    def _compare(self, request: HttpRequest, text: str, *, prune: bool, **shown: Any) -> HttpResponse:
        try:
            found = compare_text(
                text, actor=actor_of(request), reason="compared", now=timezone.now(), prune=prune
            )
        except ConfigurationInvalid as error:
            return self.render_to_response(self.get_context_data(**shown_problems(error.problems)))
        apply_form = ApplyForm(initial={"text": text, "state": found.state, "prune": prune})
        context = {"found": found, "changes": shown_changes(found), "apply_form": apply_form, **shown}
        return self.render_to_response(self.get_context_data(**context))

    def _apply(self, request: HttpRequest) -> HttpResponse:
        if not may_apply(request.user):
            raise PermissionDenied("you may not apply files, or you have limits, which a file could lift")
        form = ApplyForm(request.POST)
        if not form.is_valid():
            given = form.data.get("text", "")
            return self._compare(request, given, prune=form.cleaned_data.get("prune", False), apply_form=form)
        chosen = form.cleaned_data
        try:
            applied = apply_text(
                chosen["text"],
                actor=actor_of(request),
                reason=chosen["reason"],
                now=timezone.now(),
                prune=chosen["prune"],
                state=chosen["state"],
            )
        except ConfigurationInvalid as error:
            return self.render_to_response(self.get_context_data(**shown_problems(error.problems)))
        except ScoringError as error:
            messages.error(request, f"Nothing was changed: {error}.")
            return self._compare(request, chosen["text"], prune=chosen["prune"])
        messages.success(request, f"Applied: {applied.summary}.")
        for note in applied.notes:
            messages.info(request, note[:1].upper() + note[1:])
        return redirect("admin:configuration")


@register_page
class ConfigurationFile(AdminPage):
    """The download."""

    path, name, title = "configuration/download/", "configuration_file", "Configuration"
    permission = EXPORT
    needs_all_types = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = HttpResponse(export_text(), content_type="application/yaml; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
        return answer


def shown_changes(applied: Applied) -> list[ShownChange]:
    """The changes with their lines, as the page shows them."""
    titles = section_titles()
    return [
        ShownChange(
            " / ".join([titles[each.path[0]], *each.path[1:]]),
            each.what,
            TONES[each.what],
            [_diff_line(line) for line in diff_lines(each)],
        )
        for each in applied.changes
    ]


def section_titles() -> dict[str, str]:
    return {section.name: section.title for section in sections()}


def shown_problems(problems: tuple[Problem, ...]) -> dict[str, Any]:
    shown = [
        ShownProblem(each.line, ".".join(each.path), each.problem, allowed_text(each.allowed or ""))
        for each in problems[:MAX_PROBLEMS_SHOWN]
    ]
    return {"problems": shown, "left_out": len(problems) - len(shown)}


def _diff_line(line: str) -> DiffLine:
    if line == "@@":
        return DiffLine("gap", "…")
    marks = {"+": "added", "-": "removed"}
    return DiffLine(marks.get(line[:1], "same"), line[1:])
