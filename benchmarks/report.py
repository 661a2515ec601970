"""Figures, printed and as JSON."""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from benchmarks.arrivals import Outcome, summary


class Report:
    """A run's figures, written whenever some are added, so that a late failure loses nothing.

    Until the run is finished the file is `{name}.part.json`, so that it never replaces a complete one.
    """

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        self.path, self.part = path, path.with_suffix(".part.json")
        self.figures, self.began = dict(head), time.monotonic()

    def begin(self, phase: str) -> None:
        """Print the next phase and the time since the start."""
        say(f"{clock_text(time.monotonic() - self.began)}  {phase}")

    def add(self, figures: Mapping[str, Any]) -> None:
        self.figures |= figures
        write(self.figures, self.part)

    def finish(self) -> None:
        self.add({"took_s": time.monotonic() - self.began})
        self.part.replace(self.path)


def clock_text(seconds: float) -> str:
    """Minutes and seconds.

    >>> clock_text(754.8)
    '12:34'
    """
    return f"{int(seconds) // 60:>2}:{int(seconds) % 60:02}"


def at_size(figures: Mapping[str, Any], size: int, of: str) -> dict[str, Any]:
    """
    >>> at_size({"sync_p50_ms": 8.5}, 1_000_000, "events")
    {'sync_p50_ms_at_1000000_events': 8.5}
    """
    return {f"{name}_at_{size}_{of}": value for name, value in figures.items()}


def stage_figures_by_size(prefix: str, found: Mapping[int, Mapping[str, float]]) -> dict[str, float]:
    """Figures with flat names: the time of each stage in batches of each size, and their sum.

    >>> stage_figures_by_size("ms", {64: {"claim": 1.0, "the runner's own": 0.25, "wait (it is there)": 0.5}})
    {'ms_64': 1.75, 'ms_64_claim': 1.0, 'ms_64_the_runners_own': 0.25, 'ms_64_wait_it_is_there': 0.5}
    """
    figures: dict[str, float] = {}
    for size, stages in found.items():
        figures[f"{prefix}_{size}"] = sum(stages.values())
        figures |= {f"{prefix}_{size}_{plain_name(stage)}": spent for stage, spent in stages.items()}
    return figures


def plain_name(text: str) -> str:
    return "_".join(re.findall("[a-z0-9]+", text.replace("'", "").lower()))


def print_table(figures: Mapping[str, Any]) -> None:
    for name, value in figures.items():
        print(f"  {name:<46} {value:.4g}" if isinstance(value, float) else f"  {name:<46} {value}")


def say_rate(rate: int, outcome: Outcome) -> None:
    figures = summary(outcome)
    print(
        f"  {rate:>5} req/s: p50 {figures['p50_ms']:7.1f}  p95 {figures['p95_ms']:7.1f}"
        f"  p99 {figures['p99_ms']:7.1f} ms  undecided {figures['undecided']:>4}"
        f"  generator lag p99 {figures['lag_p99_ms']:.1f} ms",
        flush=True,
    )


def write(figures: Mapping[str, Any], path: Path) -> None:
    """Write the figures as flat JSON, rounded to four digits; infinite ones (no response) as null."""
    path.parent.mkdir(exist_ok=True)
    rounded = {key: to_plain(value) for key, value in figures.items()}
    path.write_bytes(orjson.dumps(rounded, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def to_plain(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return float(f"{value:.4g}") if np.isfinite(value) else None


def say(text: str) -> None:
    print(text, flush=True)
