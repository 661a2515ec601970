"""Cuts events into slices by the value of one field: names, or bands of numbers. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MAX_NAMES = 11  # the most frequent values of a field; all others are one slice together
MAX_BY_VALUE = 6  # up to this many distinct numbers get a slice each
BANDS = 5  # of about equally many events
OTHERS, MISSING = "other values", "missing"
AGES = (86_400.0, 7 * 86_400.0, 30 * 86_400.0, 90 * 86_400.0)  # seconds: a day, a week, a month, a quarter
NONE = -1


@dataclass(frozen=True)
class Slicing:
    """The slices of a field: `codes` int64[n] are places in `names`."""

    field: str
    names: tuple[str, ...]
    codes: NDArray[np.int64]

    def take(self, rows: NDArray) -> "Slicing":
        """The slices of these rows alone."""
        return Slicing(self.field, self.names, self.codes[rows])


def slice_names(field: str, values: Sequence[str | None]) -> Slicing:
    """A slice for each of the most frequent values, one for all others and one for missing ones (None).

    Values that are OTHERS already, as those that a model does not know, are among the others.
    """
    counted = Counter(value for value in values if value not in (None, OTHERS))
    frequent = [value for value, _ in sorted(counted.items(), key=lambda each: (-each[1], each[0]))]
    place = {value: at for at, value in enumerate(frequent[:MAX_NAMES])}
    others = len(place)
    codes = [others + 1 if value is None else place.get(value, others) for value in values]
    return _without_empty(field, (*place, OTHERS, MISSING), np.array(codes, dtype=np.int64))


def slice_numbers(
    field: str, values: NDArray, *, text: Callable[[float], str], edges: Sequence[float] = ()
) -> Slicing:
    """Bands of numbers float[n], NaN for missing: those between `edges`, or by quantiles without any.

    `text` writes a number. Few distinct numbers, such as flags, get a slice each.
    """
    numbers = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(numbers)
    distinct = np.unique(numbers[known])
    if len(distinct) <= MAX_BY_VALUE and not edges:
        names: list[str] = [text(value) for value in distinct.tolist()]
        codes = np.searchsorted(distinct, numbers)
    else:
        limits = np.array(edges or _quantiles(numbers[known]), dtype=np.float64)
        names = _band_names(limits.tolist(), text)
        codes = np.searchsorted(limits, numbers, side="right")
    return _without_empty(field, (*names, MISSING), np.where(known, codes, len(names)))


def _quantiles(known: NDArray[np.float64]) -> list[float]:
    """Edges of bands, rounded to two digits so that they can be read."""
    found = np.quantile(known, np.linspace(0, 1, BANDS + 1)[1:-1]) if len(known) else np.empty(0)
    return sorted({float(f"{edge:.2g}") for edge in found.tolist()})


def _band_names(edges: Sequence[float], text: Callable[[float], str]) -> list[str]:
    if not edges:
        return ["all"]
    between = [f"{text(low)} to {text(high)}" for low, high in pairwise(edges)]
    return [f"below {text(edges[0])}", *between, f"from {text(edges[-1])}"]


def _without_empty(field: str, names: Sequence[str], codes: NDArray[np.int64]) -> Slicing:
    filled = np.unique(codes)
    return Slicing(field, tuple(names[at] for at in filled.tolist()), np.searchsorted(filled, codes))
