"""How long each stage took in a span of time, from the counts of all processes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import get_args

from scoring.signals.telemetry import BUCKETS, Series, Stage

# What each stage does, and in which process; in the order in which an event passes them.
WORDS: dict[Stage, tuple[str, str]] = {
    "validate": ("web", "events of a request parsed"),
    "external": ("web", "their external signals fetched"),
    "append": ("web", "receipts and queue entries written"),
    "notify": ("web", "lanes notified"),
    "wait": ("web", "a client waited for its answer"),
    "claim": ("lane", "a batch read from the queue"),
    "sequence": ("lane", "states read, features computed"),
    "decide": ("lane", "predicted, explained, decided"),
    "predict": ("lane, in decide", "scores and contributions"),
    "rules": ("lane, in decide", "lists looked up, rules evaluated"),
    "persist": ("writer of the lane", "decisions written"),
    "states": ("writer of the lane", "new states written to Redis"),
    "wake": ("writer of the lane", "answers sent"),
}
# The two threads of a lane's holder work at the same time, so the busier one is the lane's limit.
COMPUTING: tuple[Stage, ...] = ("claim", "sequence", "decide")
WRITING: tuple[Stage, ...] = ("persist", "states", "wake")
QUANTILES = (0.5, 0.95, 0.99)


@dataclass(frozen=True)
class StageTimes:
    """The runs of a stage: their number, events, seconds in total, and quantiles of their seconds."""

    stage: Stage
    runs: int
    events: int
    seconds: float
    quantiles: tuple[float, ...]  # those of QUANTILES

    @property
    def where(self) -> str:
        return WORDS[self.stage][0]

    @property
    def words(self) -> str:
        return WORDS[self.stage][1]

    @property
    def p99(self) -> float:
        return self.quantiles[-1]

    @property
    def milliseconds(self) -> list[float]:
        return [1_000 * value for value in self.quantiles]


def stage_times(counts: Mapping[Series, float]) -> list[StageTimes]:
    """The stages that ran, in the order in which an event passes them."""
    stages: tuple[Stage, ...] = get_args(Stage)
    return [_times(stage, counts) for stage in stages if ("seconds", stage) in counts]


def quantile_seconds(runs: Sequence[float], q: float) -> float:
    """The q-quantile in seconds of at least one run, from counts by the buckets of telemetry.

    Interpolated within its bucket; runs beyond the last bound count as that bound, 2.5 s.
    """
    reached = list(accumulate(runs))
    rank = q * reached[-1]
    place = next(number for number, total in enumerate(reached) if total >= rank and runs[number])
    if place == len(BUCKETS):
        return BUCKETS[-1]
    low = BUCKETS[place - 1] if place else 0.0
    share = (rank - (reached[place] - runs[place])) / runs[place]
    return low + max(share, 0.0) * (BUCKETS[place] - low)


def busy_share(times: Sequence[StageTimes], *, lanes: int, seconds: float) -> float:
    """The share of `seconds` in which the busier thread of a lane's holder worked, as a mean over lanes."""
    if not lanes:
        return 0.0
    by_stage = {each.stage: each.seconds for each in times}
    threads = (sum(by_stage.get(stage, 0.0) for stage in thread) for thread in (COMPUTING, WRITING))
    return max(threads) / seconds / lanes


def runs_by_bucket(stage: Stage, counts: Mapping[Series, float]) -> list[float]:
    """The runs of a stage by the buckets of telemetry."""
    return [counts.get(("bucket", stage, str(place)), 0.0) for place in range(len(BUCKETS) + 1)]


def _times(stage: Stage, counts: Mapping[Series, float]) -> StageTimes:
    runs = runs_by_bucket(stage, counts)
    total = sum(runs)
    return StageTimes(
        stage,
        runs=round(total),
        events=round(counts.get(("events", stage), 0.0)),
        seconds=counts["seconds", stage],
        quantiles=tuple(quantile_seconds(runs, q) if total else 0.0 for q in QUANTILES),
    )
