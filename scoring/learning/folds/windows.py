"""Folds by rolling origin: each learns from what was known at its origin and is tested on what came next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from scoring.learning.errors import InvalidTraining
from scoring.timestamps import to_iso

MAX_FOLDS = 24
MIN_LENGTH = timedelta(days=1)
# Of the mature events, if no origins are stated: the first with which every fold has enough to learn from.
TESTED_SHARES = (0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1)


@dataclass(frozen=True)
class Fold:
    """Trained on events that were mature at `origin`, with the labels known then; tested on the events in
    [origin, until), with the labels known now.

    The delay of labels is the gap: an event younger than the catalog's maturity at the origin is not learned
    from.
    """

    number: int
    origin: datetime
    until: datetime


def check_count(count: int) -> None:
    """Raises InvalidTraining for a number of folds that is out of bounds."""
    if not 1 <= count <= MAX_FOLDS:
        raise InvalidTraining("folds", count, f"a number from 1 to {MAX_FOLDS}")


def origin_shares(count: int, *, tested: float = TESTED_SHARES[0]) -> list[float]:
    """The shares of the mature events, oldest first, at which the origins of derived folds lie.

    `tested`: the share of the events that are tested on, in equal parts that follow each other; the others
    are for the first fold to learn from. Raises InvalidTraining.

    >>> origin_shares(2)
    [0.5, 0.75]
    """
    check_count(count)
    return [1 - tested * (count - number) / count for number in range(count)]


def derived_folds(origins: Sequence[datetime], *, last: datetime) -> list[Fold]:
    """Folds whose tests follow each other, the last one up to `last`. Raises InvalidTraining."""
    edges = [*origins, last]
    if any(until - origin < MIN_LENGTH for origin, until in pairwise(edges)):
        allowed = f"few enough for tests of at least a day each before {to_iso(last)}"
        raise InvalidTraining("folds", len(origins), allowed)
    return [Fold(number, *edge) for number, edge in enumerate(pairwise(edges), start=1)]


def stated_folds(origins: Sequence[datetime], *, length: timedelta, last: datetime) -> list[Fold]:
    """A fold for each origin, tested on the events of the time `length` after it.

    Raises InvalidTraining if they are not in order, or if a test ends after `last`, the end of the events
    that are mature now.
    """
    if length < MIN_LENGTH:
        raise InvalidTraining("test_days", length / timedelta(days=1), "at least 1")
    if not 1 <= len(origins) <= MAX_FOLDS:
        raise InvalidTraining("origins", len(origins), f"1 to {MAX_FOLDS} dates")
    for earlier, later in pairwise(origins):
        if later <= earlier:
            raise InvalidTraining("origins", to_iso(later), "after the origin before it")
    if origins[-1] + length > last:
        allowed = f"an origin whose test ends by {to_iso(last)}, where the mature events end"
        raise InvalidTraining("origins", to_iso(origins[-1]), allowed)
    return [Fold(number, origin, origin + length) for number, origin in enumerate(origins, start=1)]
