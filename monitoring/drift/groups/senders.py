"""Which senders changed what they send: each sender's events compared with its own last weeks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from monitoring.drift.groups.own_weeks import GroupDrift, compare_groups
from monitoring.drift.recent_reference import WEEKS
from monitoring.models import ModelSenderWindow
from monitoring.windows.binning import Reference
from scoring.features.compile.specs import FeatureSpec


def read_senders(
    model: str, reference: Reference, *, specs: Mapping[str, FeatureSpec], since: datetime
) -> list[GroupDrift]:
    """The senders of a model's events since then, those that changed most first. One query."""
    windows = ModelSenderWindow.objects.filter(model=model, start__gte=since - WEEKS).order_by("start")
    return compare_senders(windows, reference, specs=specs, since=since)


def compare_senders(
    windows: Iterable[ModelSenderWindow],
    reference: Reference,
    *,
    specs: Mapping[str, FeatureSpec],
    since: datetime,
) -> list[GroupDrift]:
    """The same of windows that reach back `WEEKS` before `since`, oldest first."""
    by_source: dict[str, list[ModelSenderWindow]] = defaultdict(list)
    for window in windows:
        by_source[window.source].append(window)
    return compare_groups(by_source, reference, specs=specs, since=since)
