"""Why a reviewer decided as he did, as codes that can be counted."""

from typing import Literal, NamedTuple

from scoring.catalog.registry import event_type

Side = Literal["positive", "negative", "either"]


class Reason(NamedTuple):
    """A reason code; `speaks_for` is the verdict it goes with: the type's positive label or its negative."""

    code: str
    words: str
    speaks_for: Side


REASONS = (
    Reason("denied_by_customer", "The customer says it was not them", "positive"),
    Reason("stolen_card", "Stolen or copied card", "positive"),
    Reason("account_takeover", "Somebody took over the account", "positive"),
    Reason("known_pattern", "Fits a known pattern of fraud", "positive"),
    Reason("linked_to_fraud", "Shares a card, device or address with confirmed fraud", "positive"),
    Reason("false_identity", "Identity or address is made up", "positive"),
    Reason("first_party", "The customer means to dispute it later", "positive"),
    Reason("confirmed_by_customer", "The customer confirms it", "negative"),
    Reason("usual_behaviour", "Fits what this customer always does", "negative"),
    Reason("explained_change", "Unusual, with a good explanation (travel, a gift, a new device)", "negative"),
    Reason("trusted_party", "The other side is well known", "negative"),
    Reason("other", "Something else (say what in the note)", "either"),
)
NEEDS_NOTE = frozenset({"other"})

_WORDS = {reason.code: reason.words for reason in REASONS}


def reasons_for(event_type_name: str, verdict: str) -> list[Reason]:
    """The reasons that go with a verdict on this type of event, in the order in which to offer them.

    None for what is no label of the type. Raises UnknownEventType.
    """
    labels = event_type(event_type_name).labels
    if verdict not in labels.values:
        return []
    side = "positive" if verdict == labels.positive else "negative"
    return [reason for reason in REASONS if reason.speaks_for in (side, "either")]


def words_of(code: str) -> str:
    """A reason code in words; a code that is offered no more stands for itself."""
    return _WORDS.get(code, code.replace("_", " "))
