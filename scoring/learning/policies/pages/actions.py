"""The actions on the page of a policy, each with its permission."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied

from scoring.learning.policies.state import PolicyState
from scoring.rules.policies import staging
from scoring.rules.policies.errors import UnknownPolicy
from scoring.rules.policies.models import StoredPolicy
from scoring.rules.ruleset.life_cycle import ACTIVE, ARCHIVED, DRAFT, SHADOW

DRAFTS, ACTIVATES = "scoring.draft_policy", "scoring.activate_policy"

# The actions offered for a version in each stage, in order.
BUTTONS = {
    DRAFT: ("shadow", "request", "archive"),
    SHADOW: ("request", "draft", "archive"),
    ACTIVE: ("retire",),
    ARCHIVED: ("roll_back", "draft"),
}

Given = Mapping[str, str]  # what the form sent


@dataclass(frozen=True)
class PolicyAction:
    """`act(state, given, actor, now)` does it and returns a sentence that says what was done."""

    permission: str
    act: Callable[[PolicyState, Given, str, datetime], str]


def _shadow(state: PolicyState, given: Given, actor: str, now: datetime) -> str:
    number = _stage_unused(state, given, SHADOW, actor, now)
    return f"Version {number} runs in shadow: the page shows what it would have decided. It decides nothing."


def _draft(state: PolicyState, given: Given, actor: str, now: datetime) -> str:
    return f"Version {_stage_unused(state, given, DRAFT, actor, now)} is a draft."


def _archive(state: PolicyState, given: Given, actor: str, now: datetime) -> str:
    return f"Version {_stage_unused(state, given, ARCHIVED, actor, now)} is archived."


def _request(state: PolicyState, given: Given, actor: str, now: datetime) -> str:
    number = number_in(state, given)
    staging.request_activation(
        event_type=state.kind.name, number=number, actor=actor, now=now, reason=_reason(given)
    )
    return f"You requested the activation of version {number}. Someone else must approve it."


def _approve(state: PolicyState, given: Given, actor: str, now: datetime) -> str:
    number = number_in(state, given)
    staging.approve_activation(
        event_type=state.kind.name, number=number, actor=actor, now=now, reason=_reason(given)
    )
    return f"Version {number} decides from the next batch of events on."


def _reject(state: PolicyState, given: Given, actor: str, now: datetime) -> str:
    number = _refuse(state, given, actor, now)
    return f"The activation of version {number} was rejected."


def _withdraw(state: PolicyState, given: Given, actor: str, now: datetime) -> str:
    if state.in_use is None or state.in_use.requested_by != actor:
        raise PermissionDenied("only the person who requested an activation can withdraw the request")
    return f"You withdrew the request to activate version {_refuse(state, given, actor, now)}."


def _roll_back(state: PolicyState, given: Given, actor: str, now: datetime) -> str:
    number = number_in(state, given)
    _stage(state, number, ACTIVE, actor=actor, now=now, given=given)
    return f"Version {number} decides again, from the next batch of events on."


def _retire(state: PolicyState, given: Given, actor: str, now: datetime) -> str:
    number = number_in(state, given)
    _stage(state, number, ARCHIVED, actor=actor, now=now, given=given)
    return f"Version {number} is archived. From the next batch of events on, the models' thresholds decide."


def _refuse(state: PolicyState, given: Given, actor: str, now: datetime) -> int:
    number = number_in(state, given)
    staging.reject_activation(
        event_type=state.kind.name, number=number, actor=actor, now=now, reason=_reason(given)
    )
    return number


def _stage_unused(state: PolicyState, given: Given, stage: str, actor: str, now: datetime) -> int:
    """Move a version that does not decide, which needs no approval. Raises PermissionDenied for the active
    one: taking it out of use is another permission's.
    """
    version = find_version(state, number_in(state, given))
    if version.stage == ACTIVE:
        raise PermissionDenied("the active version is taken out of use by those who activate policies")
    _stage(state, version.number, stage, actor=actor, now=now, given=given)
    return version.number


def _stage(state: PolicyState, number: int, stage: str, *, actor: str, now: datetime, given: Given) -> None:
    staging.stage_policy(
        event_type=state.kind.name, number=number, stage=stage, actor=actor, now=now, reason=_reason(given)
    )


def find_version(state: PolicyState, number: int) -> StoredPolicy:
    """A version of the policy. Raises UnknownPolicy."""
    if number not in state.versions:
        raise UnknownPolicy(event_type=state.kind.name, number=number, newest=state.newest)
    return state.versions[number]


def number_in(state: PolicyState, given: Given) -> int:
    """The version's number that a form sent. Raises UnknownPolicy."""
    text = given.get("number", "")
    return find_version(state, int(text) if text.isdecimal() and len(text) < 10 else 0).number


def _reason(given: Given) -> str:
    return given.get("reason", "")


ACTIONS = {
    "shadow": PolicyAction(DRAFTS, _shadow),
    "draft": PolicyAction(DRAFTS, _draft),
    "archive": PolicyAction(DRAFTS, _archive),
    "request": PolicyAction(DRAFTS, _request),
    "withdraw": PolicyAction(DRAFTS, _withdraw),
    "approve": PolicyAction(ACTIVATES, _approve),
    "reject": PolicyAction(ACTIVATES, _reject),
    "roll_back": PolicyAction(ACTIVATES, _roll_back),
    "retire": PolicyAction(ACTIVATES, _retire),
}
