"""Always-valid intervals, which stay valid however often the results are looked at."""

import math

from experiments.statistics.estimates import LEVEL


def always_valid_factor(units: int, *, planned_units: int, level: float = LEVEL) -> float:
    """The half-width, in standard errors, of an interval that is valid at every look.

    Two-sided asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Time-uniform
    central limit theory and asymptotic confidence sequences, 2021, theorem 2.2), narrowest at
    `planned_units`.
    """
    alpha = 1 - level
    spread = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / planned_units * units
    return math.sqrt(2 * (spread + 1) / spread * math.log(math.sqrt(spread + 1) / alpha))
