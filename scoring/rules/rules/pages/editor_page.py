"""The editor of rules: a new rule, or the next version of one. It checks and tries while the author types."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property

from scoring.admin_kit.pages import actor_of, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types
from scoring.catalog.errors import EventTypeNotScored, UnknownEventType
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type as find_event_type
from scoring.catalog.registry import scored_type
from scoring.errors import ScoringError
from scoring.rules.expressions.errors import ExpressionInvalid
from scoring.rules.rules.compiling import compile_draft
from scoring.rules.rules.drafting import (
    MAX_CODE,
    MAX_DESCRIPTION,
    MAX_NAME,
    MAX_SENTENCE,
    draft_rule,
    units_of,
)
from scoring.rules.rules.errors import InvalidRule, UnknownRule, UnknownRuleVersion
from scoring.rules.rules.pages.actions import DRAFTS, MAX_NUMBER, based_on_in, whole_number_in
from scoring.rules.rules.pages.draft_form import DraftForm, problems_by_field
from scoring.rules.rules.pages.expression_editor import ExpressionEditor
from scoring.rules.rules.pages.from_event import SuggestedDraft, draft_from_event
from scoring.rules.rules.rule import RuleVersion
from scoring.rules.rules.stored import find_rule, find_rule_version, version_from
from scoring.rules.rules.trial.preview import PERIOD, preview

LIMITS = {
    "name": MAX_NAME,
    "code": MAX_CODE,
    "sentence": MAX_SENTENCE,
    "description": MAX_DESCRIPTION,
}


class RuleEditor(ExpressionEditor):
    """What a new rule and the next version of a rule have in common.

    POST takes `action`: "check" answers with the expression's problems as JSON; "try" and "preview" with a
    part of the page; "save" drafts the version.
    """

    permission: ClassVar[str] = DRAFTS
    template_name = "rules/editor.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        act = ACTIONS.get(request.POST.get("action", ""))
        if act is None:
            raise BadRequest(f"unknown action; use {', '.join(ACTIONS)}")
        return act(self)

    def preview(self) -> HttpResponse:
        try:
            compiled = compile_draft(self.expression, self.kind.name)
        except ExpressionInvalid:
            return self.part("rules/_preview.html", {"invalid": True})
        found = preview(compiled, now=timezone.now())
        return self.part("rules/_preview.html", {"preview": found, "days": PERIOD.days})

    def save(self) -> HttpResponse:
        form = self._sent()
        try:
            version = self._draft(form)
        except InvalidRule as error:
            return self._again(form, problems_by_field(error.problems))
        except ScoringError as error:
            messages.error(self.request, f"Not saved: {error}.")
            return self._again(form, {})
        done = f"Version {version.number} of {version.name} is saved as a draft."
        messages.success(self.request, f"{done} It decides nothing until it is put in shadow or activated.")
        return redirect("admin:rule", event_type=version.event_type, rule_name=version.name)

    def _sent(self) -> DraftForm:
        return DraftForm.sent(self.kind.name, self.request.POST.dict())

    def _draft(self, form: DraftForm) -> RuleVersion:
        raise NotImplementedError

    def _again(self, form: DraftForm, problems: dict[str, list[str]]) -> HttpResponse:
        """The page with what was typed, and what is wrong with it."""
        context = self.get_context_data(**self.kwargs, form=form, problems=problems)
        return self.render_to_response(context, status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        problems = kwargs.setdefault("problems", {})
        return super().get_context_data(
            outcomes=self.kind.outcomes,
            units=units_of(self.kind),
            limits=LIMITS,
            days=PERIOD.days,
            condition=kwargs["form"].expression,
            condition_problems=problems.get("expression", []),
            **kwargs,
        )


ACTIONS: dict[str, Callable[[RuleEditor], HttpResponse]] = {
    "check": RuleEditor.check,
    "try": RuleEditor.try_out,
    "preview": RuleEditor.preview,
    "save": RuleEditor.save,
}


@register_page
class NewRulePage(RuleEditor):
    """A new rule. `?type=` chooses the event type; `?event=` begins with the main reasons of an event."""

    path, name, title = "rules/new/", "rule_new", "Draft a rule"

    @property
    def kind(self) -> type[EventType]:
        types = seen_scored_types(self.request.user)
        name = self.request.POST.get("event_type") or self.request.GET.get("type")
        if not name and self._suggested:
            name = self._suggested.form.event_type
        if not types or (name and name not in types):
            raise Http404(f"There are no decided events of type {name!r}.")
        return find_event_type(name or types[0])

    def shown_types(self) -> Iterable[str]:
        yield from super().shown_types()
        if self._suggested:
            yield self._suggested.form.event_type

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form, event = kwargs.pop("form", None), ""
        if form is None and self._suggested:
            form, event = self._suggested
        form = form or DraftForm(self.kind.name)
        return super().get_context_data(
            form=form, event=event, types=seen_scored_types(self.request.user), is_new=True, **kwargs
        )

    @cached_property
    def _suggested(self) -> SuggestedDraft | None:
        """What the event of the address suggests, if it names one."""
        position = whole_number_in(self.request.GET.get("event", ""))
        return draft_from_event(position) if position else None

    def _draft(self, form: DraftForm) -> RuleVersion:
        return draft_rule(form.as_draft(), actor=actor_of(self.request), now=timezone.now())


@register_page
class NextVersionPage(RuleEditor):
    """The next version of a rule, which begins as the newest one, or as the one in `?version=`."""

    path, name, title = "rules/<str:event_type>/<str:rule_name>/edit/", "rule_edit", "Draft a new version"

    @property
    def kind(self) -> type[EventType]:
        try:
            return scored_type(self.kwargs["event_type"])
        except (UnknownEventType, EventTypeNotScored) as error:
            raise Http404(str(error)) from error

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        event_type, name = self.kwargs["event_type"], self.kwargs["rule_name"]
        try:
            newest = find_rule(event_type, name).newest
            number = self._number or newest
            version = version_from(find_rule_version(event_type, name, number))
        except (UnknownRule, UnknownRuleVersion) as error:
            raise Http404(str(error)) from error
        self.title = f"Draft version {newest + 1} of {name}"
        form = kwargs.pop("form", None) or DraftForm.of(version)
        kwargs = {key: value for key, value in kwargs.items() if key not in self.kwargs}
        based_on = self.request.POST.get("based_on") or newest
        return super().get_context_data(form=form, based_on=based_on, started_from=number, **kwargs)

    def _sent(self) -> DraftForm:
        return replace(super()._sent(), name=self.kwargs["rule_name"])  # the rule is that of the address

    def _draft(self, form: DraftForm) -> RuleVersion:
        based_on = based_on_in(self.request.POST)
        return draft_rule(
            form.as_draft(), based_on=based_on, actor=actor_of(self.request), now=timezone.now()
        )

    @property
    def _number(self) -> int:
        return min(whole_number_in(self.request.GET.get("version", "")) or 0, MAX_NUMBER)
