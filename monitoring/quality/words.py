"""Readings in words: what changed, of which field and sender, since when, and the likely cause."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from monitoring.quality.bins import Measure
from monitoring.quality.judging import Kind, Reading, State
from monitoring.quality.learning import measure_of
from monitoring.quality.observing import FieldReadings, SenderReadings
from scoring.admin_kit.formatting import NO_VALUE, count_text, duration_text, percent_text
from scoring.admin_kit.time_zones import zoned_text
from scoring.intake import refusals

TONES: Final[Mapping[State, str]] = {
    State.FINE: "good",
    State.CHANGED: "warn",
    State.BAD: "bad",
    State.UNKNOWN: "muted",
}
UNUSUAL: Final[Mapping[Measure, str]] = {
    Measure.RANGE: "outside its usual range",
    Measure.VALUES: "a value that it did not have before",
    Measure.FORMAT: "in a format that it did not have before",
    Measure.NONE: "",
}
PROBLEMS: Final[Mapping[str, str]] = {
    refusals.MISSING: "missing",
    refusals.UNKNOWN_FIELD: "not in the catalog",
    refusals.IN_THE_FUTURE: "more than 5 minutes in the future",
    refusals.WRONG_TYPE: "of the wrong type",
    refusals.OUT_OF_RANGE: "outside the allowed range",
    refusals.NOT_ALLOWED: "not an allowed value",
    refusals.CARD_NUMBER: "a card number",
    refusals.MALFORMED: "malformed",
    refusals.DIFFERS: "different from the first time",
}
_CAUSES: Final[Mapping[Measure, str]] = {
    Measure.RANGE: "A changed unit (euros sent as cents) or swapped fields look like this.",
    Measure.VALUES: "A new value, or swapped fields, look like this.",
    Measure.FORMAT: "Swapped fields, or ids of another system, look like this.",
    Measure.NONE: "",
}


def since_text(reading: Reading) -> str:
    """ "since 2026-11-30 14:00 UTC", or "" if nothing changed."""
    return "" if reading.since is None else f"since {_moment(reading.since)}"


def value_text(reading: Reading) -> str:
    """The value of a reading: a share, a delay, or a number of events in an hour."""
    return _text(reading, reading.value)


def usual_text(reading: Reading) -> str:
    return _text(reading, reading.usual)


def _text(reading: Reading, value: float | None) -> str:
    if value is None:
        return NO_VALUE
    if reading.kind is Kind.DELAY:
        return delay_text(value)
    return count_text(value) if reading.kind is Kind.VOLUME else percent_text(value)


def delay_text(seconds: float) -> str:
    """ "2 h", or "3 min ahead" for events that occur after they are received."""
    text = duration_text(timedelta(seconds=abs(seconds)))
    return f"{text} ahead" if seconds < 0 else text


def field_sentence(found: FieldReadings, reading: Reading) -> str:
    """What changed about a field; "" if nothing did."""
    if not reading.has_left_fine:
        return ""
    field, measure = found.field, measure_of(found.field)
    how = "is missing" if reading.kind is Kind.MISSING else f"is {UNUSUAL[measure]}"
    cause = "The sender leaves it out." if reading.kind is Kind.MISSING else _CAUSES[measure]
    return (
        f"{field.field} of {field.event_type} events from {field.source} {how} in"
        f" {value_text(reading)} of events{_since(reading)}; usual is {usual_text(reading)}. {cause}"
    )


def sender_sentence(found: SenderReadings, reading: Reading) -> str:
    """What changed about a sender; "" if nothing did."""
    if not reading.has_left_fine:
        return ""
    sender = f"{found.sender.source} ({found.sender.event_type or 'no event type'})"
    since = _since(reading)
    value, usual = value_text(reading), usual_text(reading)
    match reading.kind:
        case Kind.VOLUME:
            return _volume_sentence(reading, sender)
        case Kind.DELAY:
            return (
                f"Events from {sender} arrive {value} after they occur{since}; usual is {usual}."
                f" {_delay_cause(reading)}"
            )
        case Kind.REFUSED:
            mostly = _mostly(found, of_repeated=False)
            return f"{value} of the events from {sender} are refused{since}; usual is {usual}.{mostly}"
        case Kind.REPEATED:
            return (
                f"{value} of the events from {sender} were received before{since}; usual is {usual}. The"
                f" sender repeats requests, or two of its processes send the same events."
                f"{_mostly(found, of_repeated=True)}"
            )
    return (
        f"{value} of the events from {sender} arrive more than a day late{since}; usual is {usual}."
        " The sender catches up, or its clock is wrong."
    )


def _volume_sentence(reading: Reading, sender: str) -> str:
    fewer = (reading.value or 0.0) < (reading.usual or 0.0)
    cause = (
        "The sender has stopped or cannot reach Assay, or events are not counted yet."
        if fewer
        else "The sender sends a backlog, repeats itself under new ids, or has more customers."
    )
    start = "" if reading.start is None else f" in the hour from {_moment(reading.start)}"
    return (
        f"{sender} sent {value_text(reading)} events{start}, {'fewer' if fewer else 'more'} than the"
        f" {count_text(reading.low)} to {count_text(reading.high)} to be expected"
        f"{_since(reading)}. {cause}"
    )


def _delay_cause(reading: Reading) -> str:
    moved = (reading.value or 0.0) - (reading.usual or 0.0)
    hours = round(moved / 1_800) / 2
    if hours and abs(moved - hours * 3_600) <= 600:
        return f"The shift of about {hours:g} h suggests a wrong time zone."
    return "The sender holds events back, or its clock is wrong."


def _mostly(found: SenderReadings, *, of_repeated: bool) -> str:
    """The most frequent problem of refused events, or the field in which repeated ones differ most often."""
    problems = [each for each in found.problems if (each[1] == refusals.DIFFERS) is of_repeated]
    if not problems:
        return ""
    field, kind, _ = problems[0]
    return f" Most often {field or 'a field'} is {PROBLEMS.get(kind, kind)}."


def _since(reading: Reading) -> str:
    text = since_text(reading)
    return f" {text}" if text else ""


def _moment(moment: datetime) -> str:
    return zoned_text(moment)
