"""One feature's drift by day and by sender, as its page shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.drift.groups.own_weeks import GroupDrift
from monitoring.drift.groups.senders import read_senders
from monitoring.drift.history import DAYS, DriftHistory, read_history
from monitoring.drift.report import FeatureDrift, read_windows
from monitoring.drift.words import movement_text
from monitoring.feature_pages.health import LiveModel
from scoring.features.compile.specs import FeatureSpec


@dataclass(frozen=True)
class FeatureOfSender:
    """A feature of a sender's `rows` events, compared with the sender's own weeks before.

    `drift` is None if they are too few. `movement`: which way it moved, "" if it has not; `since` its first
    hour.
    """

    source: str
    rows: int
    drift: FeatureDrift | None
    movement: str
    since: datetime | None


def read_feature_history(live: LiveModel, *, specs: Mapping[str, FeatureSpec], now: datetime) -> DriftHistory:
    """The drift of the model's features over the last days. One query."""
    windows = read_windows(live.model.name, since=now - timedelta(days=DAYS))
    return read_history(live.reference, windows, specs=specs, now=now)


def read_by_sender(
    feature: str, live: LiveModel, *, specs: Mapping[str, FeatureSpec], since: datetime
) -> list[FeatureOfSender]:
    """The feature by sender since then, the senders that changed it first. One query."""
    senders = read_senders(live.model.name, live.reference, specs=specs, since=since)
    rows = [_of_sender(feature, sender) for sender in senders]
    return sorted(rows, key=lambda row: (not row.movement, -row.rows))


def _of_sender(feature: str, sender: GroupDrift) -> FeatureOfSender:
    features = sender.report.features if sender.report else []
    drift = next((each for each in features if each.name == feature), None)
    changed = next((each for each in sender.changed if each.feature.name == feature), None)
    return FeatureOfSender(
        source=sender.name,
        rows=sender.rows,
        drift=drift,
        movement=movement_text(changed.feature) if changed else "",
        since=changed.since if changed else None,
    )
