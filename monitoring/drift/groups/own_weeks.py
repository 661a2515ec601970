"""Groups of events, such as those of a sender, compared with their own last weeks.

A group's own days show how far it varies (`monitoring.drift.ordinary_days`), so that it is not reported for
being unlike the others. The hour of a change is the split of its hours that makes both sides most likely,
each with shares of its own (the maximum of the likelihood ratio; Hinkley 1970).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from monitoring.drift.recent_reference import recent_reference
from monitoring.drift.report import DriftReport, FeatureDrift, compare
from monitoring.models import VectorWindow
from monitoring.windows.binning import BinCounts, Reference
from scoring.features.compile.specs import FeatureSpec

LOOK_BACK = timedelta(weeks=1)  # before the period, to find the hour of a change
MAX_GROUPS = 50  # with the most rows
MIN_ROWS = 50


@dataclass(frozen=True)
class ChangedField:
    """A feature of a group's events that is unlike the group's last weeks, and the first hour of it."""

    feature: FeatureDrift
    since: datetime


@dataclass(frozen=True)
class GroupDrift:
    """A group's `rows` events in a period, a `share` of all, compared with its own last weeks.

    `report` is None for a group with too few days or rows. `changed`: the largest effect first.
    """

    name: str
    rows: int
    share: float
    report: DriftReport | None
    changed: Sequence[ChangedField] = ()

    @property
    def since(self) -> datetime | None:
        """The first hour of the change with the largest effect."""
        return self.changed[0].since if self.changed else None


def compare_groups(
    groups: Mapping[str, Sequence[VectorWindow]],
    reference: Reference,
    *,
    specs: Mapping[str, FeatureSpec],
    since: datetime,
) -> list[GroupDrift]:
    """The groups with events since then, those that changed most first.

    Their windows reach back `monitoring.drift.recent_reference.WEEKS` before `since`, oldest first.
    """
    rows = {
        name: sum(window.rows for window in each if window.start >= since) for name, each in groups.items()
    }
    largest = sorted((name for name in rows if rows[name]), key=lambda name: -rows[name])
    total = sum(rows.values())
    found = [
        _compare(name, groups[name], reference, specs=specs, since=since, total=total)
        for name in largest[:MAX_GROUPS]
    ]
    return sorted(found, key=lambda each: (not each.changed, -_effect(each), -each.rows))


def _effect(group: GroupDrift) -> float:
    return sum(each.feature.effect or 0.0 for each in group.changed)


def _compare(
    name: str,
    windows: Sequence[VectorWindow],
    reference: Reference,
    *,
    specs: Mapping[str, FeatureSpec],
    since: datetime,
    total: int,
) -> GroupDrift:
    now = [window for window in windows if window.start >= since]
    before = [window for window in windows if window.start < since]
    rows = sum(window.rows for window in now)
    own = recent_reference(reference, before) if rows >= MIN_ROWS else None
    if own is None:
        return GroupDrift(name, rows, rows / total, None)
    report = compare(name, now, own, specs=specs, since=since)
    hours = [window for window in windows if window.start >= since - LOOK_BACK]
    changed = [
        ChangedField(each, _first_hour(hours, reference, reference.names.index(each.name)))
        for each in report.moved
    ]
    return GroupDrift(name, rows, rows / total, report, changed)


def _first_hour(windows: Sequence[VectorWindow], reference: Reference, feature: int) -> datetime:
    counts = np.stack([reference.unpack_features(window.features)[feature] for window in windows])
    return windows[split_of(counts)].start


def split_of(counts: BinCounts) -> int:
    """The index of the row from which on counts [H, B] are most unlike the rows before it; 0 to H - 1.

    >>> split_of(np.array([[9, 1], [8, 2], [1, 9], [2, 8]]))
    2
    """
    before = np.cumsum(counts, axis=0)[:-1]
    after = counts.sum(axis=0) - before
    gain = _log_likelihood(before) + _log_likelihood(after)
    return int(np.argmax(gain)) + 1 if len(gain) else 0


def _log_likelihood(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of multinomial counts [H, B] with their own shares."""
    return np.asarray(xlogy(counts, counts).sum(axis=1) - xlogy(counts.sum(axis=1), counts.sum(axis=1)))
