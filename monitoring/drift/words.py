"""Drift in words: what moved, which way, and what it means for the scores."""

from monitoring.drift.groups.own_weeks import GroupDrift
from monitoring.drift.report import DriftReport, FeatureDrift
from scoring.admin_kit.formatting import percent_text
from scoring.admin_kit.time_zones import zoned_text

MAX_NAMED = 3  # features in a sentence
MIN_MISSING = 0.05  # a smaller change of the missing share is not what a sentence names


def drift_text(report: DriftReport) -> str:
    """The drift of a model in a sentence: "3 features of ... with 40 % of its explanations have drifted"."""
    if not report.drifts_by_features:
        return _score_text(report)
    moved = len(report.moved)
    named = ", ".join(f"{each.name} {movement_text(each)}" for each in report.moved[:MAX_NAMED])
    more = f" and {moved - MAX_NAMED} more" if moved > MAX_NAMED else ""
    carry = f"with {percent_text(report.drifted_share, 0)} of its explanations"
    what = f"1 feature {carry} has" if moved == 1 else f"{moved} features {carry} have"
    scores = " Its scores have drifted, too." if report.score.state.has_moved else ""
    return f"{report.model}: {what} drifted: {named}{more}.{scores}{_cost_text(report)}"


def _cost_text(report: DriftReport) -> str:
    """The loss that the scores let expect, as a further sentence; "" without one."""
    if report.loss is None or not report.costs_performance:
        return ""
    return f" Expected loss of average precision: {percent_text(report.loss.value, 0)} (CBPE)."


def _score_text(report: DriftReport) -> str:
    """The drift of scores whose features have not drifted, or with too little effect to name them."""
    figures = f"PSI {report.score.psi:.2f}, ordinary is up to {report.score.threshold:.2f}"
    features = "have no effect that matters" if report.moved else "have not drifted"
    return f"The scores of {report.model} have drifted ({figures}); its features {features}."


def loss_text(report: DriftReport) -> str:
    """What the drift is expected to cost, by the scores alone; "" with too few decisions to say."""
    if report.loss is None:
        return ""
    if not report.loss.is_certain:
        return "By its scores, the model is expected to rank these events as well as before (CBPE)."
    low, high = (percent_text(bound, 0) for bound in (report.loss.low, report.loss.high))
    return (
        "By its scores, the model is expected to rank these events worse than before: average precision is"
        f" {percent_text(report.loss.value, 0)} lower (CBPE, 95 % interval {low} to {high})."
    )


def sender_text(sender: GroupDrift) -> str:
    """What a sender changed: "shop changed what it sends: amount (lower by 0.50), since 2026-03-01 14:00"."""
    return f"{sender.name} changed what it sends: {changes_text(sender)}."


def changes_text(group: GroupDrift) -> str:
    """What changed of a group of events, and since when: "amount (lower by 0.50), since 2026-03-01 14:00"."""
    named = ", ".join(
        f"{each.feature.name} {movement_text(each.feature)}" for each in group.changed[:MAX_NAMED]
    )
    more = f" and {len(group.changed) - MAX_NAMED} more" if len(group.changed) > MAX_NAMED else ""
    since = f", since {zoned_text(group.since)}" if group.since else ""
    return f"{named}{more}{since}"


def movement_text(feature: FeatureDrift) -> str:
    """Which way a feature moved: "(more often missing: 2 % to 40 %)", "(higher by 0.31)"."""
    then, now = feature.then.missing, feature.now.missing
    if abs(now - then) >= MIN_MISSING:
        often = "more" if now > then else "less"
        return f"({often} often missing: {percent_text(then, 0)} to {percent_text(now, 0)})"
    if feature.shift is None:
        name, change = feature.mover
        return f"({name} {signed_percent(change)})"
    if abs(feature.shift) < 0.005:
        return "(differently spread)"
    return f"({'higher' if feature.shift > 0 else 'lower'} by {abs(feature.shift):.2f})"


def signed_percent(change: float) -> str:
    """A change of a share in percentage points, with its sign: "+12 points"."""
    return f"{100 * change:+.0f} points"
