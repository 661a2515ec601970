"""The editor of an action: its terms and parameters, its address, a test, and its latest requests."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.forms.formsets import BaseFormSet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from reviews.actions.changing import action_history, address_of, change_action, define_action, retire_action
from reviews.actions.definition import ActionDefinition
from reviews.actions.errors import ActionInvalid
from reviews.actions.requesting import request_test
from reviews.models import CaseAction
from reviews.pages.actions.forms import ActionForm, ParameterRows, parameters_in, rows_showing
from reviews.pages.actions.list_page import LOOK, SET, latest_requests
from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.errors import ScoringError
from scoring.rules.rules.pages.actions import based_on_in


class ActionEditor(AdminPage):
    """What a new action and the change of one have in common."""

    needs_all_types = True
    template_name = "reviews/actions/editor.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.require(SET)
        act = ACTIONS.get(request.POST.get("action", ""))
        if act is None:
            raise BadRequest(f"unknown action; use {', '.join(ACTIONS)}")
        return act(self)

    def save(self) -> HttpResponse:
        form, rows = ActionForm(self.sent()), ParameterRows(self.request.POST, prefix="row")
        if not (form.is_valid() and rows.is_valid()):
            return self.again(form, rows)
        try:
            action = self.define(form.definition(parameters_in(rows)), form)
        except ActionInvalid as error:
            for name, problem, allowed in error.problems:
                form.add_error(*_placed(name, f"{problem}; allowed: {_listed(allowed)}", form))
            return self.again(form, rows)
        except ScoringError as error:
            form.add_error(None, f"Not saved: {error}.")
            return self.again(form, rows)
        messages.success(self.request, f"The action {action.name} holds from now on.")
        return redirect("admin:case_action_editor", action=action.name)

    def sent(self) -> Any:
        return self.request.POST

    def define(self, definition: ActionDefinition, form: ActionForm) -> CaseAction:
        """Store the definition. Raises ScoringError if it is refused."""
        raise NotImplementedError

    def retire(self) -> HttpResponse:
        raise Http404

    def test(self) -> HttpResponse:
        raise Http404

    def again(self, form: ActionForm, rows: BaseFormSet[Any]) -> HttpResponse:
        """The page with what was typed, and what is wrong with it."""
        return self.render_to_response(self.get_context_data(**self.kwargs, form=form, rows=rows), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"may_set": self.request.user.has_perm(SET), **kwargs})


ACTIONS: dict[str, Callable[[ActionEditor], HttpResponse]] = {
    "save": lambda page: page.save(),
    "retire": lambda page: page.retire(),
    "test": lambda page: page.test(),
}


@register_page
class NewCaseActionPage(ActionEditor):
    """A new action."""

    path, name, title = "case-actions/new/", "case_action_new", "New action"
    permission = SET

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        empty = ActionDefinition("", (), "")
        kwargs.setdefault("form", ActionForm.showing(empty, url=""))
        kwargs.setdefault("rows", rows_showing(empty))
        return super().get_context_data(is_new=True, **kwargs)

    def define(self, definition: ActionDefinition, form: ActionForm) -> CaseAction:
        return define_action(
            definition,
            url=form.cleaned_data["url"].strip(),
            reason=form.cleaned_data["reason"],
            actor=actor_of(self.request),
            now=timezone.now(),
        )


@register_page
class CaseActionEditorPage(ActionEditor):
    """An action, to look at, to change, to test and to retire."""

    path, name, title = "case-actions/<str:action>/", "case_action_editor", "Action"
    permission = LOOK

    @property
    def stored(self) -> CaseAction:
        found = CaseAction.objects.filter(pk=self.kwargs["action"]).first()
        if found is None:
            raise Http404(f"There is no action {self.kwargs['action']!r}.")
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        stored, address = self.stored, address_of(self.kwargs["action"])
        definition = ActionDefinition.of(stored.terms)
        may_set = self.request.user.has_perm(SET)
        self.title = f"Action: {definition.title}"
        shown_url = address.url if address and may_set else ""
        kwargs.setdefault("form", ActionForm.showing(definition, url=shown_url))
        kwargs.setdefault("rows", rows_showing(definition))
        kwargs["form"].fields["name"].disabled = True
        return super().get_context_data(
            stored=stored,
            definition=definition,
            address=address,
            secret=address.secret if address and may_set else "",
            based_on=self.request.POST.get("based_on") or stored.number,
            history=action_history(stored.name),
            requests=latest_requests(stored.name),
            **{name: value for name, value in kwargs.items() if name != "action"},
        )

    def sent(self) -> Any:
        named = self.request.POST.copy()
        named["name"] = self.kwargs["action"]
        return named

    def define(self, definition: ActionDefinition, form: ActionForm) -> CaseAction:
        return change_action(
            definition,
            based_on=based_on_in(self.request.POST),
            url=form.cleaned_data["url"].strip(),
            reason=form.cleaned_data["reason"],
            actor=actor_of(self.request),
            now=timezone.now(),
        )

    def retire(self) -> HttpResponse:
        try:
            retire_action(
                self.stored.name,
                reason=self.request.POST.get("reason", ""),
                actor=actor_of(self.request),
                now=timezone.now(),
            )
        except ScoringError as error:
            messages.error(self.request, f"Not retired: {error}.")
            return redirect("admin:case_action_editor", action=self.kwargs["action"])
        messages.success(self.request, "The action is no longer offered. Requests that wait are still sent.")
        return redirect("admin:case_actions")

    def test(self) -> HttpResponse:
        try:
            request_test(self.stored, actor=actor_of(self.request), now=timezone.now())
        except ScoringError as error:
            messages.error(self.request, f"Not sent: {error}.")
        else:
            messages.success(self.request, "A test is queued; its state appears below within seconds.")
        return redirect("admin:case_action_editor", action=self.kwargs["action"])


def _placed(name: str, problem: str, form: ActionForm) -> tuple[str | None, str]:
    """The field of a problem, and its text; those of parameters are shown above the form."""
    if name in form.fields:
        return name, f"It {problem}."
    return None, f"{name} {problem}."


def _listed(allowed: object) -> str:
    return ", ".join(map(str, allowed)) if isinstance(allowed, tuple) else str(allowed)
