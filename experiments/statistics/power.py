"""How many units an experiment needs to find an effect."""

import math

from scipy.special import ndtri

from experiments.statistics.estimates import LEVEL, normal_quantile

POWER = 0.8


def units_needed(
    *, baseline: float, effect: float, share: float, level: float = LEVEL, power: float = POWER
) -> int:
    """Units of both arms needed to detect a change of a rate from `baseline` by `effect` (absolute).

    The two-proportion formula without pooling, for one decision per unit and a treatment with `share` of the
    units; more decisions per unit need fewer. Raises ValueError for rates outside (0, 1).
    """
    changed = baseline + effect
    if not (0 < baseline < 1 and 0 < changed < 1 and effect and 0 < share < 1):
        raise ValueError(
            "the rate must be between 0 and 1 before and after the change, and the change not zero"
        )
    spread = baseline * (1 - baseline) / (1 - share) + changed * (1 - changed) / share
    z = normal_quantile(level) + float(ndtri(power))
    return math.ceil(z * z * spread / effect**2)
