"""What the page of performance shows of a model: weeks or days, of all events or of a segment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest

WEEK, DAY = "week", "day"
PERIODS = (WEEK, DAY)
SEPARATOR = ":"


@dataclass(frozen=True)
class PeriodChoice:
    """`period`: WEEK or DAY; segments are shown by week. `field` and `segment` are "" for all events."""

    period: str = WEEK
    field: str = ""
    segment: str = ""

    @property
    def key(self) -> str:
        """The segment as the address has it."""
        return f"{self.field}{SEPARATOR}{self.segment}" if self.field else ""

    @property
    def title(self) -> str:
        """What is shown, for headings: "category travel"; "" for all events."""
        return f"{self.field.replace('_', ' ')} {self.segment}" if self.field else ""


def read_periods(request: HttpRequest, segments: Mapping[str, Sequence[str]]) -> PeriodChoice:
    """The choice in the query string. A segment that the model has not is none. Raises Http404."""
    period = request.GET.get("by") or WEEK
    if period not in PERIODS:
        raise Http404(f"Unknown period {period!r}; use {', '.join(PERIODS)}.")
    field, _, segment = request.GET.get("segment", "").partition(SEPARATOR)
    if segment not in segments.get(field, ()):
        return PeriodChoice(period)
    return PeriodChoice(WEEK, field, segment)
