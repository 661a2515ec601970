"""The page on which a version of a policy is drafted: the form, and what the version would do."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.catalog.event_type import EventType
from scoring.catalog.policies import names_of
from scoring.errors import ScoringError
from scoring.learning.policies.capacity import RecentScores, read_recent_scores, terms_by_capacity
from scoring.learning.policies.heads.events import recent_head_scores
from scoring.learning.policies.pages.actions import DRAFTS
from scoring.learning.policies.pages.draft_form import DraftForm, head_prefix
from scoring.learning.policies.pages.effects import EffectRow, effect_row, source_in_words
from scoring.learning.policies.pages.estimates import estimate_shown
from scoring.learning.policies.pages.form_fields import head_forms, segment_forms, terms_form
from scoring.learning.policies.pages.policy_page import find_kind
from scoring.learning.policies.pages.what_if import read_what_if
from scoring.learning.policies.state import PolicyState, read_policy_state
from scoring.rules.expressions.completion import completion_data
from scoring.rules.policies.checking import MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH, checked_policy
from scoring.rules.policies.drafting import draft_policy
from scoring.rules.policies.errors import InvalidPolicy
from scoring.rules.policies.policy import CAPACITY, FIXED, Policy, Terms
from scoring.rules.policies.segments import condition_problems
from scoring.rules.policies.stored import policy_from
from scoring.rules.policies.words import example_outcomes, example_thresholds, heads_in_words, terms_in_words
from scoring.rules.rules.compiling import operands_now


@register_page
class PolicyDraftPage(AdminPage):
    """Drafts the next version. It starts from the newest one, from `?version=3`, or from thresholds that were
    tried on the policy's page (`?if_block=42`) or on that of a content policy (`?policy=spam&if_block=42`).
    """

    path, name, title = "policies/<str:event_type>/draft/", "policy_draft", "Draft a policy"
    permission = DRAFTS
    template_name = "policies/draft.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        state = kwargs.pop("state", None) or read_policy_state(self._kind())
        form = kwargs.pop("form", None) or start_form(state, self.request.GET.dict())
        self.title = f"Draft a policy of {state.kind.name} events"
        return super().get_context_data(
            kind=state.kind,
            state=state,
            based_on=state.newest,
            form=form,
            terms=terms_form(form),
            segments=segment_forms(form),
            heads=head_forms(form),
            names=[each["name"] for each in completion_data(operands_now(state.kind.name))["names"]],
            limits={"description": MAX_DESCRIPTION_LENGTH, "name": MAX_NAME_LENGTH},
            **kwargs,
        )

    def post(self, request: HttpRequest, event_type: str) -> HttpResponse:
        state, now = read_policy_state(self._kind()), timezone.now()
        form = DraftForm(state.kind, request.POST.dict())
        action, _, number = request.POST.get("action", "").partition(":")
        if action == "add":
            return self._show(state, form.with_segment())
        if action == "remove":
            return self._show(state, form.without_segment(_number(number)))
        data = draft_data(form, state, now=now)
        if action == "try":
            return self._show(state, form, tried=try_draft(form, data, state, now=now))
        return self._save(state, form, data, now=now)

    def _save(
        self, state: PolicyState, form: DraftForm, data: Mapping[str, Any], *, now: datetime
    ) -> HttpResponse:
        if not form.problems:
            try:
                policy = draft_policy(
                    event_type=state.kind.name,
                    data=data,
                    based_on=_number(form.values.get("based_on", "")),
                    actor=actor_of(self.request),
                    now=now,
                )
            except InvalidPolicy as error:
                show_problems(form, error)
            except ScoringError as error:
                messages.error(self.request, f"Nothing was saved: {error}.")
            else:
                messages.success(self.request, f"Version {policy.number} is drafted. It decides nothing yet.")
                return redirect("admin:policy", event_type=state.kind.name)
        return self._show(state, form)

    def _show(self, state: PolicyState, form: DraftForm, **more: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(state=state, form=form, **more))

    def _kind(self) -> type[EventType]:
        return find_kind(self.kwargs["event_type"])


def start_form(state: PolicyState, asked: Mapping[str, str]) -> DraftForm:
    """The form as it is opened: a version, the thresholds that were tried, or those in use."""
    tried = read_what_if(asked, {}, state.kind).policy
    if tried and asked.get("policy") in names_of(state.kind.policies):
        deciding = state.deciding()
        heads = {**deciding.heads, asked["policy"]: tried.terms}
        return DraftForm.of(replace(deciding, heads=heads), state.kind)
    if tried:
        return DraftForm.of(replace(tried, heads=state.deciding().heads), state.kind)
    version = state.versions.get(_number(asked.get("version", ""))) or state.versions.get(state.newest)
    if version:
        return DraftForm.of(policy_from(version), state.kind)
    return DraftForm.of(Policy(state.kind.name, 0, Terms(FIXED, state.of_model)), state.kind)


def draft_data(form: DraftForm, state: PolicyState, *, now: datetime) -> dict[str, Any]:
    """The data of a draft, with the thresholds that follow from a capacity; adds problems to the form."""
    data = form.data()
    for name, terms in data.get("policies", {}).items():
        if terms["mode"] == CAPACITY:
            recent = recent_head_scores(state.kind, name, champion=state.champion, now=now)
            data["policies"][name] = _by_capacity(form, terms, recent, state, at=head_prefix(name))
    if data["mode"] != CAPACITY:
        return data
    return _by_capacity(form, data, read_recent_scores(state.kind.name, now=now), state)


def _by_capacity(
    form: DraftForm, data: dict[str, Any], recent: RecentScores | None, state: PolicyState, *, at: str = ""
) -> dict[str, Any]:
    """Terms by capacity with their thresholds. `at`: what the names of their inputs begin with."""
    cases = form.cases_a_day(at)
    if recent is None:
        form.add_problem(f"{at}mode", "there are no scores yet to compute thresholds from", "another way")
    if cases is None or recent is None:
        return data
    terms = terms_by_capacity(
        recent, cases_a_day=cases, thresholds=data["thresholds"], outcomes=state.kind.outcomes
    )
    return {**data, **terms.as_data()}


class TriedDraft:
    """What a draft would do: in words, for events of a few amounts, and on judged events."""

    def __init__(self, policy: Policy, state: PolicyState, *, now: datetime) -> None:
        kind, costs = state.kind, policy.terms.costs
        self.sentences = terms_in_words(policy.terms, kind, of_model=state.of_model)
        self.heads = heads_in_words(policy, kind)
        self.examples = example_thresholds(costs, kind) if costs else []
        self.example_outcomes = example_outcomes(policy.terms)
        self.has_costs = False
        self.rows: list[EffectRow] = []
        self.source = ""
        self.estimate, self.estimate_source = estimate_shown(state, policy, costs=costs, now=now)
        comparison = state.comparison([state.deciding(), policy], now=now)
        if comparison is not None:
            if comparison.costs is None:
                comparison = replace(comparison, costs=costs)
            self.has_costs = comparison.costs is not None
            compared = comparison.compare(state.deciding(), [("This draft", policy)])
            self.rows = [effect_row(each, kind) for each in compared]
            self.source = source_in_words(comparison.events, kind)


def try_draft(
    form: DraftForm, data: Mapping[str, Any], state: PolicyState, *, now: datetime
) -> TriedDraft | None:
    """What the draft would do; None if it has problems, which are added to the form."""
    if form.problems:
        return None
    try:
        policy = checked_policy(
            {**data, "event_type": state.kind.name, "number": state.newest + 1}, kind=state.kind
        )
        if problems := list(condition_problems(policy)):
            raise InvalidPolicy(problems)
    except InvalidPolicy as error:
        show_problems(form, error)
        return None
    return TriedDraft(policy, state, now=now)


def show_problems(form: DraftForm, error: InvalidPolicy) -> None:
    for name, problem, allowed in error.problems:
        form.add_problem(name, problem, allowed)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
