"""What bounded states lose: entries too late for every window, and distinct counts read from capped maps."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from scoring.features.compile.plan import LanePlan
from scoring.features.folding.arena import Arena
from scoring.signals.telemetry import Series, telemetry

TOO_LATE, SATURATED = "too_late", "saturated"


def state_losses(plan: LanePlan, arena: Arena, *, late_before: NDArray[np.int64]) -> Mapping[Series, int]:
    """The losses of one folded batch by telemetry series; almost always empty.

    `late_before` is `arena.too_late()` from before the batch was folded. Series are ("too_late", lane, entity
    kind) and ("saturated", event type, feature).
    """
    losses: dict[Series, int] = {}
    late = arena.too_late() - late_before
    if late.any():
        for kind, count in enumerate(np.bincount(arena.kind_of_states(), weights=late)):
            if count:
                losses[TOO_LATE, plan.lane, plan.entity_kinds[kind].name] = int(count)
    if arena.saturated_reads.any():
        for name, count in zip(plan.saturables, arena.saturated_reads.tolist(), strict=False):
            if count:
                losses[(SATURATED, *name.split(".", 1))] = count
    return losses


def count_losses(losses: Mapping[Series, int]) -> None:
    """Add the losses of a written batch to the telemetry of this process."""
    for series, count in losses.items():
        telemetry.add(*series, count=count)
