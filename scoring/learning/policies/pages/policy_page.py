"""The page of an event type's policy: what it does, what others would do, its versions and history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.catalog.event_type import EventType
from scoring.catalog.parsing.reasons import MAX_REASON_LENGTH
from scoring.catalog.registry import event_types
from scoring.errors import ScoringError
from scoring.learning.policies.capacity import CapacityCheck, check_capacity, read_recent_scores
from scoring.learning.policies.heads.state import heads_now
from scoring.learning.policies.pages.actions import ACTIONS, ACTIVATES, BUTTONS, DRAFTS
from scoring.learning.policies.pages.effects import effect_panel
from scoring.learning.policies.state import PolicyState, read_policy_state
from scoring.rules.policies.models import PolicyChange, StoredPolicy
from scoring.rules.policies.policy import Policy
from scoring.rules.policies.stored import policy_from
from scoring.rules.policies.words import (
    Difference,
    differences,
    example_outcomes,
    example_thresholds,
    heads_in_words,
    terms_in_words,
)

MAX_CHANGES = 50
CHANGES_IN_WORDS = {
    "drafted": "drafted",
    "draft": "taken back to draft",
    "shadow": "put in shadow",
    "active": "activated",
    "archived": "archived",
    "activation_requested": "activation requested",
    "activation_rejected": "activation rejected or withdrawn",
}


class VersionRow(NamedTuple):
    """A version, what it does in words, and the actions that the user may take on it."""

    version: StoredPolicy
    sentences: list[str]
    segments: int
    heads: list[str]
    actions: tuple[str, ...]
    is_requested: bool


class HistoryStep(NamedTuple):
    """A change of the policy in words."""

    words: str
    change: PolicyChange


class VersionsDiff(NamedTuple):
    """Two versions and the values that differ between them."""

    before: StoredPolicy
    after: StoredPolicy
    changes: list[Difference]


@register_page
class PolicyPage(AdminPage):
    """Shows a policy and handles the actions on it. `?from=1&to=3` compares two versions; `?compare=3` adds
    one to the effects, `?if_block=42` thresholds, and `?segment=` selects the events of the curve.
    """

    path, name, title = "policies/<str:event_type>/", "policy", "Policy"
    permission = "scoring.view_storedpolicy"
    template_name = "policies/policy.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, state = timezone.now(), read_policy_state(self._kind())
        self.title = f"Policy of {state.kind.name} events"
        deciding = state.deciding()
        return super().get_context_data(
            kind=state.kind,
            state=state,
            deciding=deciding,
            sentences=terms_in_words(deciding.terms, state.kind, of_model=state.of_model),
            deciding_number=str(deciding.number),
            examples=example_thresholds(deciding.terms.costs, state.kind) if deciding.terms.costs else [],
            example_outcomes=example_outcomes(deciding.terms),
            segments=[
                (segment, terms_in_words(segment.terms, state.kind, of_model=state.of_model))
                for segment in deciding.segments
            ],
            heads=heads_now(state, deciding),
            capacity=capacity_of(deciding, state, now=now),
            panel=effect_panel(state, deciding, self.request.GET.dict(), now=now),
            versions=[self._row(state, version) for version in state.versions.values()],
            may=self._permissions(state),
            diff=self._diff(state),
            history=history_of(state.kind.name),
            max_reason_length=MAX_REASON_LENGTH,
            **kwargs,
        )

    def post(self, request: HttpRequest, event_type: str) -> HttpResponse:
        action = ACTIONS.get(request.POST.get("action", ""))
        if action is None:
            raise Http404
        self.require(action.permission)
        state = read_policy_state(self._kind())
        try:
            done = action.act(state, request.POST.dict(), actor_of(request), timezone.now())
            messages.success(request, done)
        except ScoringError as error:
            messages.error(request, f"Nothing changed: {error}.")
        return redirect("admin:policy", event_type=event_type)

    def _kind(self) -> type[EventType]:
        return find_kind(self.kwargs["event_type"])

    def _permissions(self, state: PolicyState) -> dict[str, Any]:
        """What the user may do, and why not approve: "drafted" or "requested" by that user."""
        user, actor = self.request.user, actor_of(self.request)
        requested, in_use = state.requested, state.in_use
        own = "drafted" if requested and requested.drafted_by == actor else ""
        own = own or ("requested" if requested and in_use and in_use.requested_by == actor else "")
        activates = user.has_perm(ACTIVATES)
        return {
            "draft": user.has_perm(DRAFTS),
            "activate": activates,
            "own": own,
            "approve": activates and requested is not None and not own,
            "withdraw": user.has_perm(DRAFTS) and in_use is not None and in_use.requested_by == actor,
        }

    def _row(self, state: PolicyState, version: StoredPolicy) -> VersionRow:
        policy = policy_from(version)
        is_requested = state.in_use is not None and state.in_use.requested == version.number
        return VersionRow(
            version=version,
            sentences=terms_in_words(policy.terms, state.kind, of_model=state.of_model),
            segments=len(policy.segments),
            heads=[title for title, _ in heads_in_words(policy, state.kind)],
            actions=tuple(name for name in BUTTONS[version.stage] if self._offers(name, state, version)),
            is_requested=is_requested,
        )

    def _offers(self, action: str, state: PolicyState, version: StoredPolicy) -> bool:
        if not self.request.user.has_perm(ACTIONS[action].permission):
            return False
        if action == "request":
            return state.requested is None and version.activated_at is None
        if action == "roll_back":
            return version.activated_at is not None
        return True

    def _diff(self, state: PolicyState) -> VersionsDiff | None:
        """The versions of `?from=1&to=3`; by default, what is requested or newest against the active one."""
        if len(state.versions) < 2:
            return None
        newest = state.requested or state.versions[state.newest]
        other = state.active if state.active and state.active is not newest else None
        before = self._asked("from", state) or other or state.versions[max(newest.number - 1, 1)]
        after = self._asked("to", state) or newest
        if before is after:
            return None
        changes = differences(policy_from(before), policy_from(after), state.kind)
        return VersionsDiff(before, after, changes)

    def _asked(self, name: str, state: PolicyState) -> StoredPolicy | None:
        text = self.request.GET.get(name, "")
        return state.versions.get(int(text)) if text.isdecimal() and len(text) < 10 else None


def find_kind(name: str) -> type[EventType]:
    """The scored event type of a page's address. Raises Http404."""
    kind = event_types().get(name)
    if kind is None or not kind.scored:
        raise Http404
    return kind


def capacity_of(policy: Policy, state: PolicyState, *, now: datetime) -> CapacityCheck | None:
    """Whether the thresholds of a policy by capacity still fit; None for other policies or without scores."""
    if policy.terms.capacity is None:
        return None
    recent = read_recent_scores(state.kind.name, now=now)
    return check_capacity(policy.terms, recent, state.kind.outcomes) if recent else None


def history_of(event_type: str) -> Sequence[HistoryStep]:
    """The latest changes of a policy, newest first."""
    changes = PolicyChange.objects.filter(event_type=event_type).order_by("-position")[:MAX_CHANGES]
    return [
        HistoryStep(f"Version {change.number} {CHANGES_IN_WORDS[change.change]}", change)
        for change in changes
    ]
