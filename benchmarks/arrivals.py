"""Open-loop load: arrival times of requests, and what the responses say about the server.

Latency counts from the moment a request was due, whether or not it could be sent then: a server that keeps
the generator waiting is charged for it (no coordinated omission). A request without an answer counts as
infinitely late.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DECIDED = (200, 201)
MAX_P99_MS = 150.0


@dataclass(frozen=True)
class Outcome:
    """n requests in order of when they were due.

    `due`, `sent`, `done` [n]: seconds since the start. `sent` is when the generator sent the request, `done`
    is infinite without a response. `status` [n]: of the response; 0 without one.
    """

    due: NDArray[np.float64]
    sent: NDArray[np.float64]
    done: NDArray[np.float64]
    status: NDArray[np.int64]

    @property
    def latency_ms(self) -> NDArray[np.float64]:
        return (self.done - self.due) * 1e3

    @property
    def lag_ms(self) -> NDArray[np.float64]:
        """How late the generator sent each request; included in the latency, but not caused by the server."""
        return (self.sent - self.due) * 1e3

    @property
    def undecided(self) -> int:
        """Number of requests without a decision: refused, failed or pending."""
        return int((~np.isin(self.status, DECIDED)).sum())


def poisson_arrivals(*, rate: float, seconds: float, seed: int) -> NDArray[np.float64]:
    """Ascending arrival times in [0, seconds) of independent clients, `rate` per second on average."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(rate * seconds)
    return np.sort(rng.uniform(0.0, seconds, count))


def percentile(values: NDArray[np.float64], share: float) -> float:
    """The smallest value that at least `share` percent of the values do not exceed (nearest rank).

    Not interpolated: an infinite value stays one.

    >>> percentile(np.array([4.0, 1.0, 3.0, 2.0]), 50)
    2.0
    """
    rank = max(int(np.ceil(share / 100 * len(values))), 1)
    return float(np.sort(values)[rank - 1])


def backlog_at(outcome: Outcome, moment: float) -> int:
    """Number of requests that were due by then and not yet answered."""
    return int(((outcome.due <= moment) & (outcome.done > moment)).sum())


def is_backlog_growing(outcome: Outcome, *, bound_ms: float = MAX_P99_MS) -> bool:
    """Whether more requests were open when the last was due than arrive within the bound.

    By Little's law a server that answers within the bound has no more open than that, at whatever rate.
    """
    seconds = float(outcome.due[-1])
    return backlog_at(outcome, seconds) > max(len(outcome.due) / seconds * bound_ms / 1e3, 4.0)


def holds(outcome: Outcome, *, bound_ms: float = MAX_P99_MS) -> bool:
    """Whether the rate is sustained: all requests decided, 99 % within the bound, no growing backlog."""
    return (
        outcome.undecided == 0
        and percentile(outcome.latency_ms, 99) <= bound_ms
        and not is_backlog_growing(outcome, bound_ms=bound_ms)
    )


def summary(outcome: Outcome) -> dict[str, float]:
    """The figures of one run: latency and lag percentiles in milliseconds, rate and failures."""
    latency = outcome.latency_ms
    return {
        "requests": len(latency),
        "p50_ms": percentile(latency, 50),
        "p95_ms": percentile(latency, 95),
        "p99_ms": percentile(latency, 99),
        "max_ms": percentile(latency, 100),
        "undecided": outcome.undecided,
        "lag_p99_ms": percentile(outcome.lag_ms, 99),
    }
