"""A draft that begins with what is remarkable about an event: the main reasons of its decision."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from scoring.catalog.errors import UnknownEventType
from scoring.catalog.registry import event_type as find_event_type
from scoring.intake.models import Event
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.rules.expressions.operands import FLAG, NUMBER, TEXT, Operand, operands_of
from scoring.rules.rules.drafting import MAX_NAME, MAX_SENTENCE
from scoring.rules.rules.pages.draft_form import DraftForm
from scoring.rules.rules.trial.decided_events import DecidedEvent, FeatureColumns, decided_event
from scoring.rules.rules.trial.trying import stored_value

MAX_CONDITIONS = 3
DIGITS = 3  # significant ones of a suggested limit


class SuggestedDraft(NamedTuple):
    """A form to begin with, and the id of the event that it comes from."""

    form: DraftForm
    event: str


def draft_from_event(position: int) -> SuggestedDraft | None:
    """A draft whose condition the event meets; None if there is no decided event at this position.

    Each of the decision's main reasons that raise the score becomes a condition, with the event's value as
    the limit. Without such reasons, the amount does.
    """
    event = Event.objects.filter(pk=position).first()
    entries = read_stream(event.stream) if event else []
    try:
        if event is None or not find_event_type(event.type).scored:
            return None
    except UnknownEventType:
        return None
    decided = decided_event(entries, columns=FeatureColumns(event.type))
    reasons = list(_raising(entries))
    operands = operands_of(event.type).by_name
    conditions = [
        (name, _condition(operand, decided, _of(reasons, name)))
        for name in dict.fromkeys(reason["feature"] for reason in reasons)
        if (operand := _operand(operands, name))
    ][:MAX_CONDITIONS]
    conditions = conditions or list(_amounts(event.type, decided))[:1]
    form = DraftForm(
        event_type=event.type,
        name=f"like_{conditions[0][0]}"[:MAX_NAME] if conditions else "",
        expression=" &&\n".join(text for _, text in conditions),
        sentence=reasons[0]["text"][:MAX_SENTENCE] if reasons else "",
        description=f"Drafted from {event.stream}.",
    )
    return SuggestedDraft(form, event.external_id)


def _raising(entries: Sequence[Entry]) -> Iterator[dict[str, Any]]:
    """The reasons of the latest decision that raise the score, the strongest first."""
    decisions = [entry for entry in entries if entry.type.startswith("decision.")]
    reasons = decisions[-1].data["reasons"] if decisions else []
    yield from (reason for reason in reasons if reason["contribution"] > 0)


def _operand(operands: Any, feature: str) -> Operand | None:
    """The operand of a feature; a feature of a category has none, but its field does."""
    return next((each for each in operands.values() if each.column == feature), None)


def _of(reasons: Sequence[dict[str, Any]], feature: str) -> dict[str, Any]:
    return next(reason for reason in reasons if reason["feature"] == feature)


def _condition(operand: Operand, event: DecidedEvent, reason: dict[str, Any]) -> str:
    """A condition that the event meets."""
    value = operand.value_of(stored_value(operand, event))
    if value is None:
        return f"!has({operand.name})"
    if operand.personal:
        return f"has({operand.name})"
    if operand.type == FLAG:
        return operand.name if value else f"!{operand.name}"
    if operand.type == TEXT:
        return f"{operand.name} == {_quoted(str(value))}"
    usual = reason.get("usual")
    is_low = isinstance(usual, (int, float)) and float(value) < usual
    sign = "<=" if is_low else ">="
    return f"{operand.name} {sign} {_limit(float(value), up=is_low)}"


def _amounts(event_type: str, event: DecidedEvent) -> Iterator[tuple[str, str]]:
    """A condition on each number that the event's sender gave."""
    for operand in operands_of(event_type):
        if operand.kind == "field" and operand.type == NUMBER and operand.column in event.fields:
            yield operand.name, _condition(operand, event, {})


def _limit(value: float, *, up: bool) -> str:
    """A value with few digits that is not above the given one, or not below it if `up`.

    >>> _limit(1234.5, up=False), _limit(1234.5, up=True), _limit(7.0, up=False), _limit(0.012345, up=False)
    ('1230', '1240', '7', '0.0123')
    """
    if value == 0:
        return "0"
    step = 10.0 ** (math.floor(math.log10(abs(value))) - DIGITS + 1)
    places = max(0, -round(math.log10(step)))
    rounded = (math.ceil if up else math.floor)(round(value / step, 9)) * step
    return f"{rounded:.{places}f}".rstrip("0").rstrip(".") if places else f"{rounded:.0f}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
