"""The drift page: what a model sees and predicts now, compared with its training data."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from monitoring.drift.distance import State
from monitoring.drift.groups.own_weeks import GroupDrift
from monitoring.drift.groups.segment_windows import to_window
from monitoring.drift.groups.segments import read_segment, read_segments
from monitoring.drift.groups.senders import read_senders
from monitoring.drift.history import DAYS, read_history
from monitoring.drift.pages.choosing import DEFAULT_ORDER, ORDERS, STATES, FeatureChoice, choose
from monitoring.drift.pages.heat_map import KEYS, heat_rows
from monitoring.drift.pages.selection import (
    RECENT,
    REFERENCES,
    DriftSelection,
    fields_of,
    read_selection,
)
from monitoring.drift.recent_reference import WEEKS, recent_reference
from monitoring.drift.report import (
    MIN_SEEN,
    SPANS,
    DriftReport,
    FeatureDrift,
    compare,
    feature_specs,
    read_vocabularies,
    read_windows,
    since_of,
)
from monitoring.drift.words import changes_text, loss_text, movement_text, sender_text
from monitoring.event_addresses import equals, events_address, may_investigate
from monitoring.models import HourlyWindow, MinuteWindow, VectorWindow
from monitoring.segment_conditions import segment_condition
from monitoring.windows import plots as window_plots
from monitoring.windows.binning import Reference
from monitoring.windows.hourly import to_minute
from scoring.admin_kit.formatting import percent_text
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.plots import Plot
from scoring.admin_kit.row_rules.visible import seen_scored_types
from scoring.catalog.registry import event_types
from scoring.features.compile.specs import FeatureSpec
from scoring.registry.models import ModelVersion
from scoring.rules.expressions.operands import spelled


@register_page
class DriftPage(AdminPage):
    """Whether a model's features and scores are still distributed as in training."""

    path, name, title = "drift/", "drift", "Drift"
    subtitle = ""
    permission = "monitoring.view_modelwindow"
    template_name = "monitoring/drift.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        choice, features = read_selection(self.request), self._features()
        since = since_of(choice.span, now=now)
        return super().get_context_data(
            choice=choice,
            types=seen_scored_types(self.request.user),
            spans=list(SPANS),
            since=since,
            references=REFERENCES,
            fields=fields_of(choice.event_type),
            features=features,
            orders=[(name, words) for name, (words, _) in ORDERS.items()],
            may_investigate=may_investigate(self.request),
            may_open=self.request.user.has_perm("scoring.view_featuresetversion"),
            **_compared(choice, features, since=since, now=now),
            over_time=_over_time(choice, since=since, now=now),
            **kwargs,
        )

    def _features(self) -> FeatureChoice:
        asked = self.request.GET
        sort = asked.get("sort", "")
        return FeatureChoice(
            text=asked.get("q", "").strip(),
            state=asked.get("state", ""),
            sort=sort if sort in ORDERS else DEFAULT_ORDER,
        )


def _compared(
    choice: DriftSelection, features: FeatureChoice, *, since: datetime, now: datetime
) -> dict[str, Any]:
    """The report of the selected model, or why there is none ("no model", "no reference", "no weeks")."""
    row = ModelVersion.objects.filter(name=choice.model).first()
    if row is None:
        return {"why_not": "no model"}
    trained = Reference.of(row.reference)
    if trained is None:
        return {"why_not": "no reference", "row": row}
    specs = feature_specs(choice.event_type, read_vocabularies(row.artifact))
    since = to_window(since) if choice.segment else since
    windows = _windows(choice, row.name, since=min(since - WEEKS, now - timedelta(days=DAYS)))
    before = [window for window in windows if since - WEEKS <= window.start < since]
    seen = [window for window in windows if window.start >= since]
    reference = recent_reference(trained, before) if choice.reference == RECENT else trained
    if reference is None:
        return {"why_not": "no weeks", "row": row}
    report = compare(row.name, seen, reference, specs=specs, since=since)
    history = read_history(reference, windows, specs=specs, now=now)
    shown = choose(report.features, features)
    return {
        "row": row,
        "report": report,
        "shown": [_shown(each, choice, since=since, now=now) for each in shown],
        "groups": _segments(choice, row.name, trained, specs, since=since),
        "loss": loss_text(report),
        "states": [(name, words, sum(map(test, report.features))) for name, (words, test) in STATES.items()],
        "history": history,
        "heat": list(heat_rows(history, [each.name for each in shown])),
        "heat_keys": KEYS,
        "senders": [] if choice.segment else _senders(row.name, trained, specs, since=since),
        "verdict": summarize(report),
        "too_few": report.count(State.CHANCE),
        "not_compared": report.count(State.NOT_COMPARED),
        "event_type": choice.event_type,
        "outcomes": [(outcome, *shares) for outcome, shares in report.outcomes.items()],
        "score_plot": _score_plot(report),
        "missing_plot": None
        if choice.segment
        else window_plots.missing_plot(seen, reference, since=since, now=now),
    }


def _windows(choice: DriftSelection, model: str, *, since: datetime) -> Sequence[VectorWindow]:
    """The windows of the model, or of the segment that is shown."""
    if choice.segment:
        return read_segment(model, choice.field, choice.segment, since=since)
    return read_windows(model, since=since)


def _shown(
    feature: FeatureDrift, choice: DriftSelection, *, since: datetime, now: datetime
) -> tuple[FeatureDrift, str, str]:
    """A feature, how it moved, and the address of its distribution over the events; "" for categories."""
    movement = movement_text(feature) if feature.drift.state.has_moved else ""
    if not feature.ordered:
        return feature, movement, ""
    condition = segment_condition(event_types()[choice.event_type], choice.field, choice.segment)
    conditions = (equals("model", choice.model or ""), (condition or "") if choice.segment else "")
    address = events_address(
        choice.event_type, *conditions, since=since, until=now, distribution=spelled(feature.name)
    )
    return feature, movement, address


def _segments(
    choice: DriftSelection,
    model: str,
    reference: Reference,
    specs: Mapping[str, FeatureSpec],
    *,
    since: datetime,
) -> list[tuple[GroupDrift, str]]:
    """The segments of the selected field, each with what changed in it, "" if nothing."""
    if not choice.field:
        return []
    found = read_segments(model, choice.field, reference, specs=specs, since=to_window(since))
    return [(each, changes_text(each) if each.changed else "") for each in found]


def _senders(
    model: str, reference: Reference, specs: Mapping[str, FeatureSpec], *, since: datetime
) -> list[tuple[GroupDrift, str]]:
    """The senders of the period, each with a sentence about what it changed, "" if nothing."""
    senders = read_senders(model, reference, specs=specs, since=since)
    return [(each, sender_text(each) if each.changed else "") for each in senders]


def summarize(report: DriftReport) -> tuple[str, str]:
    """(tone, sentence): the report in one sentence, and whether it matters."""
    if not report.rows:
        return "info", f"{report.model} made no decisions in this period, so there is nothing to compare."
    moved, total = len(report.moved), len(report.features)
    scores_moved = report.score.state.has_moved
    if not moved:
        scores = " The scores have drifted." if scores_moved else " The scores are stable."
        return ("warn" if scores_moved else "good"), f"None of the {total} features has drifted.{scores}"
    verb = "has" if moved == 1 else "have"
    carry = f"with {percent_text(report.drifted_share, 0)} of the explanations"
    drifted = f"{moved} of {total} features, {carry}, {verb} drifted."
    scores = " The scores have drifted, too." if scores_moved else " The scores are stable."
    return _tone(report), drifted + scores + _weigh(report)


def _tone(report: DriftReport) -> str:
    """How much drifted features matter: most if scores have drifted, too, or a loss is expected."""
    if report.drifts_by_features and (report.score.state.has_moved or report.costs_performance):
        return "bad"
    return "warn" if report.is_far else "info"


def _weigh(report: DriftReport) -> str:
    """How the effect of the drift compares with that of ordinary days."""
    if report.seen_for < MIN_SEEN:
        return " That is not judged before most of a day was seen."
    effect, limit = f"{report.effect:.2f}", f"{report.effect_threshold:.2f}"
    if report.drifts_by_features:
        return f" Its effect of {effect} is beyond the {limit} that ordinary days explain."
    return f" Its effect of {effect} is within the {limit} that needs no attention."


def _score_plot(report: DriftReport) -> Plot:
    return window_plots.shares_plot(
        report.scores if report.rows else [],
        title="Scores, training holdout and now",
        axis="Score in %, from",
        then="training holdout",
    )


def _over_time(choice: DriftSelection, *, since: datetime, now: datetime) -> list[Plot]:
    """Outcomes, volume and latency of the event type: per minute for an hour, else per hour."""
    if choice.span == "hour":
        since = to_minute(now - SPANS["hour"])
        minutes = MinuteWindow.objects.filter(event_type=choice.event_type, start__gte=since)
        timeline = window_plots.Timeline(minutes, since=since, now=now, step=window_plots.MINUTE)
    else:
        hours = HourlyWindow.objects.filter(event_type=choice.event_type, start__gte=since)
        timeline = window_plots.Timeline(hours, since=since, now=now, step=window_plots.HOUR)
    return [
        window_plots.outcomes_plot(timeline, title="Decisions by outcome"),
        window_plots.volume_plot(timeline, title="Events received"),
        window_plots.latency_plot(timeline, title="Latency"),
    ]
