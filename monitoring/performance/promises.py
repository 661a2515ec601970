"""What a model was promised to do: its scores of the events that were held out at its training."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.losses import ScoredEvents
from scoring.registry.models import HeldOutSample


@dataclass(frozen=True)
class HeldOut:
    """A sample of held-out events, with the stake float64[n] of each in minor units."""

    events: ScoredEvents
    stake: NDArray[np.float64]


def read_held_out(model: str) -> HeldOut | None:
    """The sample of held-out events that is stored with a model; None without one."""
    sample = HeldOutSample.objects.filter(pk=model).values_list("sample", flat=True).first()
    if not sample:
        return None
    score, positive, weight = (
        np.array(sample[name], dtype=np.float64) for name in ("scores", "positive", "weights")
    )
    stake = np.array(sample.get("stakes") or np.zeros(len(score)), dtype=np.float64)
    return HeldOut(ScoredEvents(score, positive.astype(bool), weight), stake)
