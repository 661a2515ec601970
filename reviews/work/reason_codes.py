"""Reason codes: why a reviewer decided as they did, in a form that can be counted."""

from typing import Literal, NamedTuple

from scoring.catalog.registry import event_type

Side = Literal["positive", "negative", "either"]


class Reason(NamedTuple):
    """A reason code; `supports` is the verdict it supports: the type's positive or negative label."""

    code: str
    words: str
    supports: Side


REASONS = (
    Reason("denied_by_customer", "The customer says it was not them", "positive"),
    Reason("stolen_card", "Stolen or copied card", "positive"),
    Reason("account_takeover", "Account takeover", "positive"),
    Reason("known_pattern", "Matches a known fraud pattern", "positive"),
    Reason("linked_to_fraud", "Shares a card, device or address with confirmed fraud", "positive"),
    Reason("false_identity", "False identity or address", "positive"),
    Reason("first_party", "First-party fraud: the customer intends to dispute it", "positive"),
    Reason("confirmed_by_customer", "The customer confirms it", "negative"),
    Reason("usual_behaviour", "Matches the customer's usual behavior", "negative"),
    Reason("explained_change", "Unusual but explained (travel, a gift, a new device)", "negative"),
    Reason("trusted_party", "Trusted counterparty", "negative"),
    Reason("other", "Other (see note)", "either"),
)
NEEDS_NOTE = frozenset({"other"})

_WORDS = {reason.code: reason.words for reason in REASONS}


def reasons_for(event_type_name: str, verdict: str) -> list[Reason]:
    """The reasons for a verdict on this event type, in the order to offer them; [] for an unknown label.

    Raises UnknownEventType.
    """
    labels = event_type(event_type_name).labels
    if verdict not in labels.values:
        return []
    side = "positive" if verdict == labels.positive else "negative"
    return [reason for reason in REASONS if reason.supports in (side, "either")]


def words_of(code: str) -> str:
    """A reason code in words; a code that is no longer offered is spelled out."""
    return _WORDS.get(code, code.replace("_", " "))
