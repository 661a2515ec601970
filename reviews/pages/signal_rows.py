"""The signals of an event as its page shows them: measured of its values, or answered by services."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from reviews.console.event_details import EventDetail
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type
from scoring.declare import Signal
from scoring.declare.spelling import capitalized, words_of
from scoring.intake.external.origins import ABSENT, FETCHED

ORIGINS = {
    "fetched": "fetched in {ms:.0f} ms",
    "cached": "answered before",
    "kept": "kept from the version before",
}


class SignalRow(NamedTuple):
    """A signal in words; `note` says how an external one came about, `help` what it is."""

    name: str
    value: str
    note: str
    help: str
    missing: bool = False


def signal_rows(detail: EventDetail) -> list[SignalRow]:
    """The signals that the event has, and the external ones that it lacks, external ones first."""
    kind = event_type(detail.type)
    return [*_external(kind, detail), *_measured(kind, detail)]


def _external(kind: type[EventType], detail: EventDetail) -> Iterator[SignalRow]:
    for name, answer in detail.external.items():
        external = kind.external_signals.get(name)
        named = (external.verbose_name if external else "") or capitalized(words_of(name))
        about = external.signal.about if external else ""
        if name in detail.signals:
            value = value_text(detail.signals[name], external.signal if external else None)
            yield SignalRow(named, value, _note(answer), about)
        else:
            yield SignalRow(named, _cause(answer), "", about, missing=True)


def _measured(kind: type[EventType], detail: EventDetail) -> Iterator[SignalRow]:
    for column, signal in kind.signals.items():
        field, _, measured = column.partition(".")
        if measured and column in detail.signals:
            declared = kind.fields[field]
            named = f"{declared.verbose_name or capitalized(words_of(field))}: {words_of(measured)}"
            about = capitalized(signal.described(words_of(field)))
            yield SignalRow(named, value_text(detail.signals[column], signal), "", about)


def value_text(value: Any, signal: Signal | None) -> str:
    """A signal's value for people to read: "yes", "25 %", "AT", "12"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        is_share = signal is not None and signal.unit == "share"
        return f"{value * 100:.3g} %" if is_share else f"{value:,.4g}"
    return str(value)


def _note(answer: Mapping[str, Any]) -> str:
    note = ORIGINS.get(answer["origin"], words_of(str(answer["origin"])))
    return note.format(ms=answer.get("ms", 0.0))


def _cause(answer: Mapping[str, Any]) -> str:
    if answer["origin"] in (FETCHED, "cached", "kept"):
        return "the service knew nothing"
    return f"no answer: {words_of(str(answer.get('cause', ABSENT)))}"
