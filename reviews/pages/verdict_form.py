"""The form of a verdict: what it offers, what it was filled with, and what was sent."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.http import QueryDict

from reviews.models import Case
from reviews.work.allowed_labels import allows
from reviews.work.reason_codes import action_title, policy_titles, reasons_of, verdict_words
from reviews.work.verdict_rules import ALLOW, Verdict, actions_of, milder_actions
from scoring.catalog.event_type import EventType
from scoring.catalog.policies import ACTION_KEYS, ReasonCode
from scoring.catalog.registry import event_type, event_types


class DraftVerdict(NamedTuple):
    """What the verdict form is filled with: an undone verdict, or one that was refused."""

    value: str = ""
    reason_code: str = ""
    note: str = ""
    policies: Mapping[str, str] = {}
    action: str = ""
    strike: bool = False
    confidence: str = ""

    @classmethod
    def proposed(cls, case: Case) -> "DraftVerdict":
        """The verdict that is proposed for a case, without its note; empty without one."""
        data = case.proposal
        return cls(
            data.get("verdict", ""),
            data.get("reason_code", ""),
            policies=data.get("policies", {}),
            action=data.get("action", ""),
            strike=data.get("strike", False),
        )

    @classmethod
    def sent(cls, fields: QueryDict) -> "DraftVerdict":
        """The verdict in a submitted form. An action is meant only with a policy: one is always chosen."""
        policies = {name: fields.get(f"reason_{name}", "") for name in fields.getlist("policy")}
        return cls(
            fields.get("verdict", ""),
            fields.get("reason_code", ""),
            fields.get("note", ""),
            policies,
            fields.get("outcome", "") if policies else fields.get("remains", ""),
            bool(fields.get("strike")),
            fields.get("confidence", ""),
        )

    @property
    def verdict(self) -> Verdict:
        """The verdict that it states, unchecked."""
        return Verdict(*self)


class PolicyOption(NamedTuple):
    """A policy to tick, with its key, its reasons and the model's score for it, None without one."""

    name: str
    title: str
    about: str
    key: str
    reasons: list[ReasonCode]
    chosen: str  # reason code; "" if the policy is not ticked
    score: float | None


class ActionOption(NamedTuple):
    """An action to choose, and its key."""

    outcome: str
    title: str
    key: str
    chosen: bool


class VerdictOption(NamedTuple):
    """One of the two verdicts, its key, and the reasons that support it, or the policies and actions."""

    value: str
    key: str
    tone: str
    title: str
    reasons: tuple[ReasonCode, ...]
    contradicts: str  # sources with another label; "" for none
    policies: Sequence[PolicyOption] = ()
    actions: Sequence[ActionOption] = ()
    strikes: bool = False


def verdict_options(
    case: Case,
    draft: DraftVerdict,
    *,
    others: Mapping[str, str],
    heads: Mapping[str, Any],
    allowed: Collection[str] | None = None,
) -> list[VerdictOption]:
    """The possible verdicts, the positive label first.

    `others`: the current labels of other sources; `heads`: what the decision says of each policy. `allowed`:
    the labels and policies that the reviewer's groups may use, None for all; the others are left out.
    """
    kind = event_type(case.event_type)
    positive, negative = kind.labels.values
    is_appeal = case.why == Case.Why.APPEAL
    tones = ("good", "bad") if is_appeal else ("bad", "good")
    first = _option(kind, positive, tones[0], others=others)._replace(
        policies=[each for each in _policies(kind, draft, heads) if allowed is None or each.name in allowed],
        actions=list(_remaining(case, draft) if is_appeal else _actions(kind, draft)),
        strikes=bool(kind.policies and kind.strikes),
    )
    options = [first, _option(kind, negative, tones[1], others=others)]
    return [each for each in options if allows(kind, each.value, allowed)]


def _option(kind: type[EventType], value: str, tone: str, *, others: Mapping[str, str]) -> VerdictOption:
    words = verdict_words(kind, value)
    against = ", ".join(source for source, label in others.items() if label != value)
    return VerdictOption(value, words.key, tone, words.title, words.reasons, contradicts=against)


def _policies(kind: type[EventType], draft: DraftVerdict, heads: Mapping[str, Any]) -> Iterator[PolicyOption]:
    titles = policy_titles(kind)
    for number, policy in enumerate(kind.policies, start=1):
        yield PolicyOption(
            name=policy.name,
            title=titles[policy.name],
            about=policy.description,
            key=str(number) if number < 10 else "",
            reasons=reasons_of(policy),
            chosen=draft.policies.get(policy.name, ""),
            score=heads.get(policy.name, {}).get("score"),
        )


def _remaining(case: Case, draft: DraftVerdict) -> Iterator[ActionOption]:
    """What a granted appeal may leave of the decision: nothing, or a milder action; none if only nothing."""
    milder = milder_actions(case.event_type, case.outcome)
    kind = next((each for each in event_types().values() if each.appeals == case.event_type), None)
    if kind and milder:
        titles = {ALLOW: "Restore"} | {name: f"Only {action_title(kind, name).lower()}" for name in milder}
        yield from _action_options(titles, chosen=draft.action or ALLOW)


def _actions(kind: type[EventType], draft: DraftVerdict) -> Iterator[ActionOption]:
    actions = actions_of(kind)
    chosen = draft.action if draft.action in actions else next(iter(actions), "")
    yield from _action_options({name: action_title(kind, name) for name in actions}, chosen=chosen)


def _action_options(titles: Mapping[str, str], *, chosen: str) -> Iterator[ActionOption]:
    for place, (outcome, title) in enumerate(titles.items()):
        key = ACTION_KEYS[place] if place < len(ACTION_KEYS) else ""
        yield ActionOption(outcome, title, key, outcome == chosen)
