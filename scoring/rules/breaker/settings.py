"""The limits of an event type's breakers."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from scoring.rules.breaker.errors import BreakerInvalid, FieldProblem

MIN_EVENTS_RANGE = (10, 1_000)
MAX_BLOCKS_RANGE = (1, 100_000)
SECONDS_RANGE = (10, 86_400)


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When the breaker of a type and a source opens, and for how long. The defaults hold until changed.

    It opens when more than `max_share` of the latest `min_events` events would be blocked, or more than
    `max_blocks` events of the last `window_s` seconds (None: no such limit). Events before the last
    `window_s` seconds do not count, so the share is not judged while fewer than `min_events` arrive in them.
    The share is of a number of events, not of a time, so that a blast among much traffic trips it as soon as
    one among little.
    """

    max_share: float = 0.4
    max_blocks: int | None = None
    min_events: int = 40
    window_s: int = 3_600
    cool_down_s: int = 900

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "BreakerSettings":
        """The settings in a `breaker.changed`."""
        return cls(**{name: data[name] for name in SETTINGS})

    @property
    def is_on(self) -> bool:
        """Whether it can open at all: not with a share of 1 and no limit on the number of blocks."""
        return self.max_share < 1 or self.max_blocks is not None

    @property
    def window(self) -> timedelta:
        return timedelta(seconds=self.window_s)

    @property
    def cool_down(self) -> timedelta:
        return timedelta(seconds=self.cool_down_s)

    def as_data(self) -> dict[str, Any]:
        """As logged in `breaker.changed`, beside the event type."""
        return asdict(self)


SETTINGS = tuple(asdict(BreakerSettings()))


def check_settings(event_type: str, settings: BreakerSettings) -> None:
    """Raises BreakerInvalid, which names every setting that is not allowed."""
    if problems := list(_problems(settings)):
        raise BreakerInvalid(event_type, problems)


def _problems(settings: BreakerSettings) -> Iterator[FieldProblem]:
    if not 0 < settings.max_share <= 1:
        allowed = "more than 0 and at most 1 (no limit)"
        yield "max_share", f"must be {allowed}, not {settings.max_share:g}", allowed
    ranges = {
        "max_blocks": (settings.max_blocks, MAX_BLOCKS_RANGE),
        "min_events": (settings.min_events, MIN_EVENTS_RANGE),
        "window_s": (settings.window_s, SECONDS_RANGE),
        "cool_down_s": (settings.cool_down_s, SECONDS_RANGE),
    }
    for name, (value, (low, high)) in ranges.items():
        if value is not None and not low <= value <= high:
            yield name, f"must be {low:,} to {high:,}, not {value:,}", f"{low:,} to {high:,}"
