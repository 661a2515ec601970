"""What alerts may be set on: the quality of what senders send, against what is usual of each."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlencode

from monitoring.metrics.metric import Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from monitoring.metrics.shared_reads import read_once
from monitoring.quality.bins import Measure
from monitoring.quality.judging import (
    LARGE_DELAY,
    LARGE_RATIOS,
    LARGE_RISE,
    MIN_EVENTS,
    SMALL_DELAY,
    SMALL_RATIOS,
    SMALL_RISE,
    Kind,
    Reading,
)
from monitoring.quality.learning import Sender, measure_of
from monitoring.quality.observing import FieldReadings, SenderReadings, read_fields, read_senders
from monitoring.quality.words import field_sentence, sender_sentence
from monitoring.windows.hourly import to_hour

FIELD, SENDER = ("event_type", "source", "field"), ("event_type", "source")
EVERY = timedelta(minutes=5)
RUNBOOK = "docs/reference/data-quality.md"


@read_once
def _fields(*, now: datetime) -> tuple[FieldReadings, ...]:
    return tuple(read_fields(now=now))


@read_once
def _senders(*, now: datetime) -> tuple[SenderReadings, ...]:
    return tuple(read_senders(now=now))


def observe_missing(*, now: datetime) -> Iterator[Observation]:
    for found in _fields(now=now):
        yield _of_field(found, found.missing, now)


def observing_unusual(*measures: Measure) -> Callable[..., Iterator[Observation]]:
    """Observes the share of unusual values, of fields of which this is measured."""

    def observe(*, now: datetime) -> Iterator[Observation]:
        for found in _fields(now=now):
            if found.unusual is not None and measure_of(found.field) in measures:
                yield _of_field(found, found.unusual, now)

    return observe


def _of_field(found: FieldReadings, reading: Reading, now: datetime) -> Observation:
    sender = Sender(found.field.event_type, found.field.source)
    because = field_sentence(found, reading)
    return _rise(found.field._asdict(), reading, now, because, path_of(sender))


def observing_share(kind: Kind) -> Callable[..., Iterator[Observation]]:
    """Observes how far a share of a sender's events is above what is usual."""

    def observe(*, now: datetime) -> Iterator[Observation]:
        for found in _senders(now=now):
            reading = next(each for each in found.readings if each.kind is kind)
            because = sender_sentence(found, reading)
            yield _rise(found.sender._asdict(), reading, now, because, path_of(found.sender))

    return observe


def observe_delay(*, now: datetime) -> Iterator[Observation]:
    """The distance of the median delay from what is usual, whichever its direction, in seconds."""
    for found in _senders(now=now):
        reading = found.delay
        value, low, high = distances(reading)
        yield Observation(
            scope=found.sender._asdict(),
            value=value,
            low=low,
            high=high,
            since=reading.start or to_hour(now),
            until=now,
            rows=reading.events,
            because=sender_sentence(found, reading),
            path=path_of(found.sender),
        )


def distances(reading: Reading) -> tuple[float | None, float | None, float | None]:
    """How far the median delay is from what is usual, in seconds, with the interval of that."""
    value, usual, low, high = reading.value, reading.usual, reading.low, reading.high
    if value is None or usual is None or low is None or high is None:
        return None, None, None
    nearest, farthest = (low - usual, high - usual) if value >= usual else (usual - high, usual - low)
    return abs(value - usual), max(nearest, 0.0), max(farthest, 0.0)


def observe_volume(*, now: datetime) -> Iterator[Observation]:
    """The events of an hour relative to the expected number.

    The interval holds 1 unless chance is excluded.
    """
    for found in _senders(now=now):
        reading = found.volume
        value, low, high = ratios(reading)
        yield Observation(
            scope=found.sender._asdict(),
            value=value,
            low=low,
            high=high,
            since=reading.start or to_hour(now),
            until=now,
            rows=reading.events,
            because=sender_sentence(found, reading),
            path=path_of(found.sender),
        )


def ratios(reading: Reading) -> tuple[float | None, float | None, float | None]:
    """A volume relative to the expected one, with an interval that holds 1 if chance may explain it."""
    if reading.value is None or not reading.usual or reading.low is None or reading.high is None:
        return None, None, None
    ratio = reading.value / reading.usual
    if reading.low <= reading.value <= reading.high:
        return ratio, min(ratio, 1.0), max(ratio, 1.0)
    return ratio, ratio, ratio


def _rise(scope: dict[str, str], reading: Reading, now: datetime, because: str, path: str) -> Observation:
    """How far a share is above what is usual; unknown as long as nothing is usual."""
    usual = reading.usual
    rise = None if usual is None or reading.value is None else reading.value - usual
    return Observation(
        scope=scope,
        value=rise,
        low=None if rise is None or reading.low is None else reading.low - (usual or 0.0),
        high=None if rise is None or reading.high is None else reading.high - (usual or 0.0),
        since=reading.start or to_hour(now),
        until=now,
        rows=reading.events,
        because=because,
        path=path,
    )


def path_of(sender: Sender) -> str:
    """The page of a sender."""
    return "data-quality/?" + urlencode({"type": sender.event_type, "source": sender.source})


ABOVE = "how far it is above what is usual of this sender"
TO_EXPECTED = "The events of an hour relative to the number expected of that hour of the week"

for name, title, share, scope, observe in (
    ("missing_share", "Missing values", "events without a value of the field", FIELD, observe_missing),
    (
        "unknown_share",
        "Unknown values",
        "values that the field did not have before, or not in this format",
        FIELD,
        observing_unusual(Measure.VALUES, Measure.FORMAT),
    ),
    (
        "out_of_range_share",
        "Values out of range",
        "values outside the field's usual range",
        FIELD,
        observing_unusual(Measure.RANGE),
    ),
    (
        "refused_share",
        "Refused events",
        "submitted events that are refused with 422",
        SENDER,
        observing_share(Kind.REFUSED),
    ),
    (
        "duplicates",
        "Repeated events",
        "submitted events whose id was received before",
        SENDER,
        observing_share(Kind.REPEATED),
    ),
    (
        "too_late",
        "Events more than a day late",
        "events received more than a day after they occurred",
        SENDER,
        observing_share(Kind.TOO_LATE),
    ),
):
    help = f"The share of {share}: {ABOVE}."
    suggested = SuggestedAlert(LARGE_RISE, clear_at=SMALL_RISE, min_rows=MIN_EVENTS, runbook=RUNBOOK)
    register_metric(
        Metric(f"quality.{name}", title, help, Unit.SHARE, Worse.UP, scope, observe, EVERY, suggested)
    )

register_metric(
    Metric(
        "quality.clock_skew",
        "Clock skew",
        "How far the median time from occurrence to receipt is from that of past days, in either direction.",
        Unit.SECONDS,
        Worse.UP,
        SENDER,
        observe_delay,
        EVERY,
        SuggestedAlert(
            LARGE_DELAY.total_seconds(),
            clear_at=SMALL_DELAY.total_seconds(),
            min_rows=MIN_EVENTS,
            runbook=RUNBOOK,
        ),
    )
)
for name, title, worse, ratio, small in (
    ("low", "Too few events", Worse.DOWN, LARGE_RATIOS[0], SMALL_RATIOS[0]),
    ("high", "Too many events", Worse.UP, LARGE_RATIOS[1], SMALL_RATIOS[1]),
):
    help = f"{TO_EXPECTED}; 1 is as expected."
    suggested = SuggestedAlert(ratio, clear_at=small, runbook=RUNBOOK)
    register_metric(
        Metric(
            f"quality.volume_{name}",
            title,
            help,
            Unit.NUMBER,
            worse,
            SENDER,
            observe_volume,
            EVERY,
            suggested,
        )
    )
