"""The sample-ratio check: whether the units were split as planned."""

from collections.abc import Sequence
from typing import NamedTuple

from scipy import stats

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
    p_value = float(stats.chisquare(units, [total * (1 - share), total * share]).pvalue)
    return SampleRatio(share, units[1] / total, p_value, p_value < SAMPLE_RATIO_ALARM)
