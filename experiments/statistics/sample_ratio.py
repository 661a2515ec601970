"""The sample-ratio check: whether the units were split as planned."""

from collections.abc import Sequence
from typing import NamedTuple

from scipy.special import chdtrc

SAMPLE_RATIO_ALARM = 0.001


class SampleRatio(NamedTuple):
    """The treatment's share of units, planned and observed; `alarm`: chance hardly explains a difference."""

    planned: float
    observed: float
    p_value: float
    alarm: bool


def check_sample_ratio(units: Sequence[int], *, share: float) -> SampleRatio | None:
    """Chi-square test of (control, treatment) units against the planned share; None without units."""
    total = sum(units)
    if total == 0:
        return None
    planned = (total * (1 - share), total * share)
    distance = sum((found - wanted) ** 2 / wanted for found, wanted in zip(units, planned, strict=True))
    p_value = float(chdtrc(1, distance))
    return SampleRatio(share, units[1] / total, p_value, p_value < SAMPLE_RATIO_ALARM)
