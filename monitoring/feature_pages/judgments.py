"""Judges the health of features, in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.drift.distance import MODERATE, State
from monitoring.feature_pages.batch_view_rows import ViewRow
from monitoring.feature_pages.feature_table import FeatureRow
from monitoring.feature_pages.health import LaneState, LiveModel
from monitoring.feature_pages.losses import Losses
from monitoring.feature_pages.naming import in_words
from scoring.admin_kit.formatting import ago_text, count_text, decimal_text, duration_text, percent_text

LANE_LATE = timedelta(seconds=30)


@dataclass(frozen=True)
class Judgment:
    """A question about a feature, and its answer with a tone."""

    question: str
    tone: str
    answer: str


def summarize(rows: Sequence[FeatureRow], live: Sequence[LiveModel]) -> tuple[str, str]:
    """(tone, sentence): the health of a list of features."""
    wrong = sum(row.inconsistent for row in rows)
    moved, missing = sum(row.moved for row in rows), sum(row.more_missing for row in rows)
    parts = [
        *([f"{_features(wrong)} differed when recomputed from the log"] if wrong else []),
        *([f"{_features(moved, 'has', 'have')} drifted since training"] if moved else []),
        *([f"{_features(missing, 'is', 'are')} missing more often than in training"] if missing else []),
    ]
    if parts:
        return ("bad" if wrong else "warn"), f"{'; '.join(parts)}."
    if not any(each.rows for each in live):
        return "info", "No live model made decisions in this period, so there is nothing to compare."
    return "good", f"All {len(rows)} features are distributed as in training."


def _features(count: int, verb: str = "", verbs: str = "") -> str:
    """ "1 feature has", "2 features have"."""
    return f"{count} feature {verb}".rstrip() if count == 1 else f"{count} features {verbs}".rstrip()


def judge(
    row: FeatureRow, *, lane: LaneState, losses: Losses | None, views: Sequence[ViewRow], now: datetime
) -> list[Judgment]:
    """Whether a feature is healthy: distribution, missing values, consistency, losses, views and lane."""
    return [
        _on_distribution(row),
        _on_missing(row),
        _on_consistency(row),
        *([_on_losses(losses)] if row.entities else []),
        *(_on_view(view, now=now) for view in views),
        _on_lane(lane, now=now),
    ]


# Drift state -> tone and sentence; {} is the PSI.
_DISTRIBUTIONS = {
    State.NO_DATA: ("neutral", "Not compared: there are no values."),
    State.NOT_COMPARED: (
        "neutral",
        "Not compared: hours need a complete day, weekdays a complete week, and an age only grows.",
    ),
    State.ALL_MISSING: ("warn", "It has no values, in training or now."),
    State.STABLE: ("good", f"Yes: {{}}; below {MODERATE:g} is stable."),
    State.CHANCE: ("info", "It looks different, but with so few decisions this can be chance: {}."),
    State.ORDINARY: ("good", "Yes, as far as ordinary days differ: {}."),
    State.MODERATE: ("warn", "No, it has drifted: {}."),
    State.SHIFTED: ("bad", "No, it has drifted strongly: {}."),
}


def _on_distribution(row: FeatureRow) -> Judgment:
    question = "Is it distributed as in training?"
    if row.drift is None:
        why = "no decision used it in this period" if row.live_users else "no live model reads it"
        return Judgment(question, "neutral", f"Not compared: {why}.")
    drift = row.drift.drift
    tone, answer = _DISTRIBUTIONS[drift.state]
    return Judgment(question, tone, answer.format(f"PSI {decimal_text(drift.psi)}"))


def _on_missing(row: FeatureRow) -> Judgment:
    question = "Does it have values?"
    if row.drift is None:
        return Judgment(question, "neutral", "Unknown: no decision used it.")
    then, now = row.drift.then.missing, row.drift.now.missing
    if not then and not now:
        return Judgment(question, "good", "Always, as in training.")
    tone = "warn" if row.more_missing else "good"
    return Judgment(
        question, tone, f"Missing in {percent_text(now)} of decisions; {percent_text(then)} in training."
    )


def _on_consistency(row: FeatureRow) -> Judgment:
    question = "Can it be reproduced from the log?"
    checked = row.checked
    if not checked.compared:
        return Judgment(
            question, "neutral", "Not checked in this period; only a sample of entities is recomputed."
        )
    if row.inconsistent:
        counts = f"{count_text(checked.mismatched)} of {count_text(checked.compared)} values"
        return Judgment(
            question,
            "bad",
            f"No: {counts} ({percent_text(checked.share, 2)}) differed. The log has the values that models"
            " used; `manage.py replay` shows the first difference.",
        )
    return Judgment(question, "good", f"Yes: all {count_text(checked.compared)} values, bit for bit.")


def _on_losses(losses: Losses | None) -> Judgment:
    question = "Does it count everything?"
    if losses is None:
        return Judgment(question, "neutral", "Unknown: Redis does not answer.")
    late = [_late_sentence(entity, count) for entity, count in losses.too_late.items()]
    capped = [_capped_sentence(losses)] if losses.saturated else []
    if not late and not capped:
        limit = f", and no value reached the cap of {losses.cap:,}" if losses.cap else ""
        return Judgment(question, "good", f"Yes: no entry came too late for its windows{limit}.")
    since = "Counted since Redis was last emptied."
    return Judgment(question, "warn" if capped else "info", " ".join([*late, *capped, since]))


def _late_sentence(entity: str, count: int) -> str:
    if count == 1:
        return f"1 entry came too late for every window of the {in_words(entity)} and is not counted."
    return f"{count:,} entries came too late for every window of the {in_words(entity)} and are not counted."


def _capped_sentence(losses: Losses) -> str:
    cap = f"the cap of {losses.cap:,} distinct values"
    if losses.saturated == 1:
        return f"1 value reached {cap} and is a lower bound."
    return f"{losses.saturated:,} values reached {cap} and are lower bounds."


def _on_lane(lane: LaneState, *, now: datetime) -> Judgment:
    question = "Is it up to date?"
    if lane.oldest is None:
        return Judgment(question, "good", f"Yes: lane {lane.lane} has no pending entries.")
    behind = now - lane.oldest
    return Judgment(
        question,
        "warn" if behind > LANE_LATE else "good",
        f"Lane {lane.lane} is {duration_text(behind)} behind, with {lane.pending:,} pending entries.",
    )


def _on_view(view: ViewRow, *, now: datetime) -> Judgment:
    question = f"Is {view.name} fresh?"
    if view.current is None:
        return Judgment(
            question, "warn", "No: the batch view was never published, so the feature is missing."
        )
    at = f"version {view.current.number} covers events up to {ago_text(view.current.as_of, now)}"
    limit = duration_text(view.stale_after)
    if view.is_stale(now):
        return Judgment(question, "bad", f"No: {at}, past its limit of {limit}, so the feature is missing.")
    without = view.reads.without
    missed = f" {count_text(without)} decisions in the last day had no version." if without else ""
    return Judgment(question, "warn" if without else "good", f"Yes: {at}; the limit is {limit}.{missed}")
