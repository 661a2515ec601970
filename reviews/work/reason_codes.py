"""Reason codes: why a reviewer decided as they did, in a form that can be counted."""

from collections.abc import Mapping
from dataclasses import replace

from scoring.catalog.event_type import EventType
from scoring.catalog.policies import Policy, ReasonCode, VerdictWords, titles_of
from scoring.catalog.registry import event_type, event_types

OTHER = ReasonCode("other", "Other (see note)")
NEEDS_NOTE = frozenset({OTHER.code})

# For labels of which the event type declares no words.
POSITIVE = (
    ReasonCode("evident", "The event itself shows it"),
    ReasonCode("known_pattern", "Matches a known pattern of abuse"),
    ReasonCode("linked_to_abuse", "Shares an account, device or address with confirmed abuse"),
)
NEGATIVE = (
    ReasonCode("usual_behavior", "Matches the usual behavior"),
    ReasonCode("explained_change", "Unusual but explained"),
    ReasonCode("trusted_party", "Trusted counterparty"),
)
_KEYS = ("f", "l")  # of the positive and the negative verdict


def verdict_words(kind: type[EventType], label: str) -> VerdictWords:
    """How reviewers call this label of an event type, its key, its outcome and its reasons, `other` last."""
    is_positive = label == kind.labels.positive
    usual = VerdictWords(
        label.replace("_", " ").capitalize(),
        _KEYS[0 if is_positive else 1],
        POSITIVE if is_positive else NEGATIVE,
    )
    words = kind.verdicts.get(label, usual)
    reasons = () if is_positive and kind.policies else (*words.reasons, OTHER)
    return replace(words, reasons=reasons)


def reasons_for(event_type_name: str, verdict: str) -> list[ReasonCode]:
    """The reasons for a verdict on this event type, in the order to offer them; [] for an unknown label.

    A verdict that policies were broken has none of its own: each policy has. Raises UnknownEventType.
    """
    kind = event_type(event_type_name)
    return [*verdict_words(kind, verdict).reasons] if verdict in kind.labels.values else []


def reasons_of(policy: Policy) -> list[ReasonCode]:
    """The reasons why a policy was broken, in the order to offer them, `other` last."""
    return [*policy.reason_codes, OTHER]


def action_title(kind: type[EventType], outcome: str) -> str:
    """How people call what a verdict does to an event: "Remove" for the outcome `block` of a post."""
    return kind.outcome_title(outcome).capitalize()


def policy_titles(kind: type[EventType]) -> dict[str, str]:
    """How people call each policy of a type, by name."""
    return titles_of(kind.policies)


def broken_policies(kind: type[EventType], policies: Mapping[str, str]) -> list[tuple[str, str]]:
    """The title of each policy that a verdict says was broken, and why, in words."""
    titles = policy_titles(kind)
    return [(titles.get(name, name), words_of(code)) for name, code in policies.items()]


def words_of(code: str) -> str:
    """A reason code in words; a code that is no longer offered is spelled out."""
    return _all_words().get(code, code.replace("_", " "))


def _all_words() -> dict[str, str]:
    """The words of every code, those that event types declare before the neutral ones."""
    declared = [
        reason
        for kind in event_types().values()
        for reasons in (
            *(words.reasons for words in kind.verdicts.values()),
            *(policy.reason_codes for policy in kind.policies),
        )
        for reason in reasons
    ]
    return dict((*POSITIVE, *NEGATIVE)) | dict(declared) | dict((OTHER,))
