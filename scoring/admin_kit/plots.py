"""Plots as data, rendered by `{% plot ... %}`.

Colors are roles: those of outcomes, such as "allow", "series-1" to "series-5" and "muted". The style sheet
maps each to a value for the light and the dark theme.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.utils import timezone

from scoring.catalog.time_zones import UTC_NAME

Format = Literal["number", "percent", "money", "ms", "time", "text"]
NO_DATA = "No data yet."
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Series:
    """A named line or set of bars. `points` are [x, y] pairs; y None leaves a gap.

    x is a number, a datetime (axis format "time") or a word (axis format "text"). `low` and `high` draw a
    band of the same length, or whiskers on bars. `dashed` is for reference lines; "points" are smaller than
    "dots", for many.
    """

    label: str
    points: Sequence[tuple[Any, float | None]]
    color: str = "series-1"
    kind: Literal["line", "bar", "step", "dots", "points"] = "line"
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None
    dashed: bool = False


@dataclass(frozen=True)
class Axis:
    """The title of an axis, with its unit, and its number format. `names`: of the places 0, 1, ... of the
    axis, if it shows names instead of numbers.
    """

    title: str
    format: Format = "number"
    minimum: float | None = None
    maximum: float | None = None
    logarithmic: bool = False
    unit: str = ""
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Plot:
    """`summary` describes the plot in a sentence for screen readers; `empty_text` replaces an empty plot.

    `horizontal` draws bars from left to right, one row for each word of `x`, so that long names fit. Its
    `height` follows from their number.
    """

    title: str
    x: Axis
    y: Axis
    series: Sequence[Series]
    summary: str = ""
    stacked: bool = False
    height: int = 240  # CSS pixels
    lines: Sequence[tuple[str, float]] = field(default_factory=tuple)  # named horizontal lines
    horizontal: bool = False
    empty_text: str = NO_DATA

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(y is not None for series in self.series for _, y in series.points)

    @property
    def zone(self) -> str:
        """The IANA name of the zone of its times: the page's, but UTC for days, which are counted in UTC."""
        times = [x for series in self.series for x, _ in series.points if isinstance(x, datetime)]
        if all(x.timestamp() % DAY_SECONDS == 0 for x in times):
            return UTC_NAME
        return timezone.get_current_timezone_name()

    def as_json(self) -> dict[str, Any]:
        """The plot as plots.js reads it; times become milliseconds since 1970."""
        described = asdict(self)
        described["x"]["zone"] = self.zone
        for series in described["series"]:
            series["points"] = [[_number_of(x), y] for x, y in series["points"]]
        return described


def _number_of(x: Any) -> Any:
    return int(x.timestamp() * 1000) if isinstance(x, datetime) else x
