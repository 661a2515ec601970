"""What the figures of features come to, in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.drift.distance import MODERATE, State
from monitoring.feature_pages.batch_view_rows import ViewRow
from monitoring.feature_pages.feature_table import FeatureRow
from monitoring.feature_pages.health import LaneState, Live
from scoring.admin_kit.formatting import ago_text, count_text, decimal_text, duration_text, percent_text

LANE_LATE = timedelta(seconds=30)


@dataclass(frozen=True)
class Judgement:
    """One question about a feature, and its answer in the tone of what it means."""

    question: str
    tone: str
    answer: str


def summarise(rows: Sequence[FeatureRow], live: Sequence[Live]) -> tuple[str, str]:
    """(tone, sentence): what a list of features comes to."""
    wrong = sum(row.inconsistent for row in rows)
    moved, missing = sum(row.moved for row in rows), sum(row.more_missing for row in rows)
    parts = [
        *([f"{_features(wrong)} came out otherwise when recomputed"] if wrong else []),
        *([f"{_features(moved)} moved since training"] if moved else []),
        *([f"{_features(missing)} missing more often than in training"] if missing else []),
    ]
    if parts:
        return ("bad" if wrong else "warn"), f"{'; '.join(parts)}."
    if not any(each.rows for each in live):
        return "info", "No live model has decided anything in this time, so there is nothing to compare."
    return "good", f"All {len(rows)} features are as they were in training."


def _features(count: int) -> str:
    return f"{count} {'feature' if count == 1 else 'features'}"


def judge(row: FeatureRow, *, lane: LaneState, views: Sequence[ViewRow], now: datetime) -> list[Judgement]:
    """Whether a feature can be trusted: its distribution, missing values, consistency and lane."""
    return [
        _on_distribution(row),
        _on_missing(row),
        _on_consistency(row),
        *(_on_view(view, now=now) for view in views),
        _on_lane(lane, now=now),
    ]


# What a state of drift means: its tone and words; {} is the PSI.
_DISTRIBUTIONS = {
    State.NO_DATA: ("neutral", "Not compared: there are no values."),
    State.NOT_COMPARED: (
        "neutral",
        "Not compared: the clock needs a whole day or week, and the age of an entity only grows.",
    ),
    State.ALL_MISSING: ("warn", "It has no value at all, neither in training nor now."),
    State.STABLE: ("good", f"Yes: {{}}; below {MODERATE:g} is stable."),
    State.CHANCE: ("info", "It looks different, but so few decisions may by chance: {}."),
    State.MODERATE: ("warn", "It has moved: {}."),
    State.SHIFTED: ("bad", "It has moved far: {}."),
}


def _on_distribution(row: FeatureRow) -> Judgement:
    question = "Is it as in training?"
    if row.drift is None:
        why = "no decision was made with it in this time" if row.live_users else "no live model reads it"
        return Judgement(question, "neutral", f"Not compared: {why}.")
    drift = row.drift.drift
    tone, answer = _DISTRIBUTIONS[drift.state]
    return Judgement(question, tone, answer.format(f"PSI {decimal_text(drift.psi)}"))


def _on_missing(row: FeatureRow) -> Judgement:
    question = "Is it there?"
    if row.drift is None:
        return Judgement(question, "neutral", "Not known: no decision was made with it.")
    then, now = row.drift.then.missing, row.drift.now.missing
    if not then and not now:
        return Judgement(question, "good", "Always; it was never missing in training either.")
    tone = "warn" if row.more_missing else "good"
    return Judgement(
        question, tone, f"Missing in {percent_text(now)} of decisions; {percent_text(then)} in training."
    )


def _on_consistency(row: FeatureRow) -> Judgement:
    question = "Does it come out the same from the log?"
    checked = row.checked
    if not checked.compared:
        return Judgement(
            question, "neutral", "None of its values was recomputed in this time; a sample of entities is."
        )
    if row.inconsistent:
        counts = f"{count_text(checked.mismatched)} of {count_text(checked.compared)} values"
        return Judgement(
            question,
            "bad",
            f"No: {counts} ({percent_text(checked.share, 2)}) came out otherwise. What models saw is in the"
            " log; replay shows the first difference field by field.",
        )
    return Judgement(question, "good", f"Yes: all {count_text(checked.compared)} values, bit for bit.")


def _on_lane(lane: LaneState, *, now: datetime) -> Judgement:
    question = "Is it up to date?"
    if lane.oldest is None:
        return Judgement(question, "good", f"Yes: nothing waits in lane {lane.lane}.")
    behind = now - lane.oldest
    return Judgement(
        question,
        "warn" if behind > LANE_LATE else "good",
        f"Lane {lane.lane} is {duration_text(behind)} behind: {lane.waiting:,} entries wait.",
    )


def _on_view(view: ViewRow, *, now: datetime) -> Judgement:
    question = f"Is {view.name} fresh?"
    if view.current is None:
        return Judgement(question, "warn", "No version of the batch view has been published: it is missing.")
    at = f"version {view.current.number} has events up to {ago_text(view.current.as_of, now)}"
    limit = duration_text(view.stale_after)
    if view.is_stale(now):
        return Judgement(question, "bad", f"No: {at}, older than the {limit} allowed, so it is missing.")
    without = view.reads.without
    missed = f" {count_text(without)} decisions of the last day had none." if without else ""
    return Judgement(question, "warn" if without else "good", f"Yes: {at}; {limit} are allowed.{missed}")
