"""How fair a model is to the slices of a field: the largest gap between two, by each definition. Pure.

- Demographic parity: the same share of each slice is flagged (Calders, Kamiran & Pechenizkiy, ICDMW 2009).
- Equal opportunity: recall is the same. Equalized odds: recall and the false positive rate are the same
  (Hardt, Price & Srebro, NIPS 2016). Predictive equality: the false positive rate is (Corbett-Davies et al.,
  KDD 2017).
- Calibration within groups: mean score minus observed share is the same, 0 (Kleinberg, Mullainathan &
  Raghavan, ITCS 2017).

Where shares of positives differ, no model meets all of them (Kleinberg et al.; Chouldechova 2017).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from scoring.learning.fairness.measuring import CALIBRATION, Measured, Rates, SlicedMetrics, gap_between

RATE_OF = {
    "demographic_parity": "flagged_at_",
    "equal_opportunity": "recall_at_",
    "predictive_equality": "false_positive_rate_at_",
}
EQUALIZED_ODDS = "equalized_odds"
LEVEL = 0.95


@dataclass(frozen=True)
class FairnessGap:
    """The largest difference between two slices by one definition, at one threshold ("" for calibration).

    The interval holds for all pairs of slices together (Bonferroni), because the pair was chosen for its
    difference. `ratio`: the lowest rate as a share of the highest, None for calibration and if that is 0.
    """

    criterion: str
    at: str
    highest: str
    lowest: str
    difference: Measured
    ratio: float | None = None

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval excludes 0."""
        return (self.difference.low or 0.0) > 0


def fairness_gaps(measured: SlicedMetrics, thresholds: Mapping[str, float]) -> list[FairnessGap]:
    """The gaps of a field by every definition, where at least two slices have enough events."""
    names = [each.name for each in measured.slices]
    found = []
    for at in thresholds:
        gaps = {
            criterion: _largest(criterion, at, names, measured.rates[f"{rate}{at}"])
            for criterion, rate in RATE_OF.items()
        }
        both = [gaps["equal_opportunity"], gaps["predictive_equality"]]
        found += [*gaps.values(), _odds(at, both)]
    found.append(_largest(CALIBRATION, "", names, measured.rates[CALIBRATION]))
    return [gap for gap in found if gap is not None]


def as_data(gap: FairnessGap) -> dict[str, Any]:
    """The gap as JSON values."""
    return asdict(gap) | {"beyond_chance": gap.beyond_chance}


def _largest(criterion: str, at: str, names: list[str], rates: Rates) -> FairnessGap | None:
    known = np.flatnonzero(~np.isnan(rates.values))
    if len(known) < 2:
        return None
    highest, lowest = (int(known[pick(rates.values[known])]) for pick in (np.argmax, np.argmin))
    pairs = len(known) * (len(known) - 1) / 2
    z = float(ndtri(1 - (1 - LEVEL) / 2 / pairs))
    difference = gap_between(rates, highest, rates, lowest, z=z)
    top, bottom = float(rates.values[highest]), float(rates.values[lowest])
    ratio = None if criterion == CALIBRATION or top <= 0 else bottom / top
    return FairnessGap(criterion, at, names[highest], names[lowest], difference, ratio)


def _odds(at: str, both: list[FairnessGap | None]) -> FairnessGap | None:
    """The larger gap of recall and false positive rate; None unless both are known."""
    known = [gap for gap in both if gap is not None]
    if len(known) < len(both):
        return None
    larger = max(known, key=lambda gap: gap.difference.value or 0.0)
    return FairnessGap(EQUALIZED_ODDS, at, larger.highest, larger.lowest, larger.difference, larger.ratio)
