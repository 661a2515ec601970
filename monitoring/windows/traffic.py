"""Sums over recent minute windows."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from monitoring.models import MinuteWindow
from monitoring.windows.hourly import to_minute
from monitoring.windows.latency_histogram import add_histograms, bin_of, percentile_ms

RECENT_MINUTES = 5  # full minutes, on which alerts look


class RecentTraffic:
    """Minute windows, addressed by how many full minutes ago they start and end.

    The current minute is incomplete and never counts: it would always look like a decline.
    """

    def __init__(self, minutes: Iterable[MinuteWindow], *, now: datetime) -> None:
        self._minutes = list(minutes)
        self._end = to_minute(now)

    def sum(self, column: str, since: int, until: int = 0) -> int:
        """The sum of `column` from `since` to `until` minutes ago, over event types."""
        return sum(getattr(window, column) for window in self._between(since, until))

    def received(self, since: int, until: int = 0) -> int:
        return self.sum("received", since, until)

    def latency_ms(self, q: float, since: int, until: int = 0) -> float | None:
        """The q-quantile of the time from receipt to first decision; None if no client waited for one."""
        return percentile_ms(add_histograms(w.latency for w in self._between(since, until)), q)

    def waited(self, since: int, until: int = 0) -> int:
        """The number of decisions for which a client waited."""
        return sum(sum(window.latency) for window in self._between(since, until))

    def count_slower(self, limit_ms: float, since: int, until: int = 0) -> int:
        """The number of decisions that took longer, to within the histogram bin of the limit."""
        slower = bin_of(round(1_000 * limit_ms))
        return sum(sum(window.latency[slower + 1 :]) for window in self._between(since, until))

    def _between(self, since: int, until: int) -> list[MinuteWindow]:
        first, last = (self._end - timedelta(minutes=ago) for ago in (since, until))
        return [window for window in self._minutes if first <= window.start < last]


def recent_traffic(*, now: datetime, minutes: int = RECENT_MINUTES) -> dict[str, RecentTraffic]:
    """The last full minutes of each event type that had events in them, by name; one query."""
    by_type: dict[str, list[MinuteWindow]] = defaultdict(list)
    since = to_minute(now) - timedelta(minutes=minutes)
    for window in MinuteWindow.objects.filter(start__gte=since, start__lt=to_minute(now)):
        by_type[window.event_type].append(window)
    return {name: RecentTraffic(by_type[name], now=now) for name in sorted(by_type)}
