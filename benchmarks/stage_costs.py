"""What each stage of an event's way costs, as figures by name."""

import re

from benchmarks.scene import now
from benchmarks.stages import measure
from scoring.log.consumers import run_consumers


def stage_figures(sizes: tuple[int, ...]) -> dict[str, float]:
    """Milliseconds an event, the whole and by stage, for batches of each size; the lane must be free."""
    found = measure(sizes)
    run_consumers(now=now())  # of these events too: nothing is left to do beside the next measurement
    figures: dict[str, float] = {}
    for size, stages in found.items():
        figures |= named(f"stage_ms_per_event_{size}", stages)
    return figures


def named(prefix: str, stages: dict[str, float]) -> dict[str, float]:
    """
    >>> named("ms", {"claim": 1.0, "wait (the answer is there)": 0.5, "the runner's own": 0.25})
    {'ms': 1.75, 'ms_claim': 1.0, 'ms_wait_the_answer_is_there': 0.5, 'ms_the_runners_own': 0.25}
    """
    own = {f"{prefix}_{plain_name(stage)}": spent for stage, spent in stages.items()}
    return {prefix: sum(stages.values())} | own


def plain_name(stage: str) -> str:
    return "_".join(re.findall("[a-z0-9]+", stage.replace("'", "").lower()))
