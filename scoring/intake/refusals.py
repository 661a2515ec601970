"""What is counted of events that are refused, or were received before: names and kinds, never values."""

from collections.abc import Iterable, Iterator
from typing import Final

from scoring.catalog.errors import InvalidEvent, UnknownEventType
from scoring.catalog.registry import event_types
from scoring.errors import ScoringError
from scoring.intake.errors import InvalidRequest, PayloadConflict
from scoring.signals.submissions import Submitted

REFUSED, REPEATED, CONFLICT = "refused", "repeated", "conflict"  # of events; the others are of their fields
MISSING, UNKNOWN_FIELD, IN_THE_FUTURE = "missing", "unknown_field", "in_the_future"
WRONG_TYPE, OUT_OF_RANGE, NOT_ALLOWED = "wrong_type", "out_of_range", "not_allowed"
CARD_NUMBER, MALFORMED, DIFFERS = "card_number", "malformed", "differs"

# Beginnings of problems as the catalog words them. The first that fits counts.
_KINDS: Final = {
    "is missing": MISSING,
    "is not a field": UNKNOWN_FIELD,
    "is computed": UNKNOWN_FIELD,
    "is more than 5 minutes in the future": IN_THE_FUTURE,
    "must be finite": OUT_OF_RANGE,
    "must not be negative": OUT_OF_RANGE,
    "must be": WRONG_TYPE,
    "is less than": OUT_OF_RANGE,
    "is more than": OUT_OF_RANGE,
    "is too large": OUT_OF_RANGE,
    "is out of range": OUT_OF_RANGE,
    "is longer than": OUT_OF_RANGE,
    "is not one of": NOT_ALLOWED,
    "is not an ISO 4217": NOT_ALLOWED,
    "no exchange rate": NOT_ALLOWED,
    "contains a card number": CARD_NUMBER,
}


def kind_of_problem(problem: str) -> str:
    """The kind of a problem with a field, by its words.

    >>> kind_of_problem("is less than 0"), kind_of_problem("has the character U+0007")
    ('out_of_range', 'malformed')
    """
    if problem.endswith("does not have"):  # "has 3 more fields that this event type does not have"
        return UNKNOWN_FIELD
    return next((kind for start, kind in _KINDS.items() if problem.startswith(start)), MALFORMED)


def found_in_error(error: ScoringError, *, source: str) -> Iterator[Submitted]:
    """What is counted of an event that was refused: the event, and each problem of a field once.

    Nothing of errors that say nothing about the event, such as a full queue.
    """
    match error:
        case InvalidEvent():
            yield Submitted(error.event_type, source, "", REFUSED)
            yield from _problems(error.event_type, error.problems, source)
        case UnknownEventType() | InvalidRequest():
            yield Submitted("", source, "", REFUSED)
        case PayloadConflict():
            event_type = error.stream.split("/", 1)[0]
            yield Submitted(event_type, source, "", CONFLICT)
            for name in error.fields:
                yield Submitted(event_type, source, _known(event_type, name), DIFFERS)


def _problems(
    event_type: str, problems: Iterable[tuple[str, str, object]], source: str
) -> Iterable[Submitted]:
    """In order, without repetitions: a field that the catalog lacks has no name here."""
    found = (
        Submitted(event_type, source, _known(event_type, name), kind_of_problem(problem))
        for name, problem, _ in problems
    )
    return dict.fromkeys(found)


def _known(event_type: str, name: str) -> str:
    kind = event_types().get(event_type)
    return name if kind is not None and name in kind.payload_names() else ""
