"""Features whose training values are not those that decisions were given. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.intervals import wilson_interval

MAX_SHARE = 0.01  # of the compared events that may differ
MIN_EVENTS = 20  # compared; of fewer nothing is said


@dataclass(frozen=True)
class SkewedFeature:
    """A feature with how many of the `compared` events have another value in training than was served."""

    name: str
    differing: int
    compared: int


def skewed_features(
    trained: NDArray[np.float32], served: Sequence[Mapping[str, float | None]], *, names: Sequence[str]
) -> list[SkewedFeature]:
    """The features of which significantly more than MAX_SHARE of the events differ, the worst first.

    `trained` float32[n, F]: vectors of the training set, in the order of `names`; `served`: the logged values
    of the same n events, by name. A feature that a decision did not log is not compared for its event. Values
    are compared as float32, which models read; missing equals missing.
    """
    found = [_compare(name, trained[:, column], served) for column, name in enumerate(names)]
    skewed = [each for each in found if each.compared >= MIN_EVENTS and _is_skewed(each)]
    return sorted(skewed, key=lambda each: -each.differing / each.compared)


def _compare(
    name: str, trained: NDArray[np.float32], served: Sequence[Mapping[str, float | None]]
) -> SkewedFeature:
    rows = [row for row, values in enumerate(served) if name in values]
    given = np.array([_number(served[row][name]) for row in rows], dtype=np.float32)
    own = trained[rows]
    same = (given == own) | (np.isnan(given) & np.isnan(own))
    return SkewedFeature(name, int((~same).sum()), len(rows))


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _is_skewed(feature: SkewedFeature) -> bool:
    """Whether the 95 % interval of the share of differing events is wholly above MAX_SHARE."""
    low, _ = wilson_interval(feature.differing, feature.compared)
    return low > MAX_SHARE
