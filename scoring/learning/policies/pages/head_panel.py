"""What the page of a content policy shows: its thresholds on decided events, and what a move would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from scoring.admin_kit.formatting import count_text, decimal_text, percent_text
from scoring.admin_kit.outcomes import outcome_color
from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.admin_kit.time_zones import zoned_text
from scoring.catalog.event_type import EventType
from scoring.learning.policies.heads.effect import (
    ALLOW,
    BLOCK,
    REVIEW,
    AtThreshold,
    Move,
    Share,
    a_day,
    at_threshold,
    head_curve,
    moves_between,
    outcomes_of,
    positives_of,
)
from scoring.learning.policies.heads.events import HeadEvents, read_head_events
from scoring.learning.policies.heads.state import HeadThresholdsNow
from scoring.learning.policies.pages.what_if import WhatIf, WhatIfField, read_what_if
from scoring.learning.policies.sampling.stored import JUDGED, RECENT
from scoring.rules.policies.policy import Policy, Terms
from scoring.rules.policies.words import threshold_text

NOTHING = "-"
COLOR_OF_TRIED = "series-4"


@dataclass(frozen=True)
class ThresholdRow:
    """What the threshold of an outcome separates, in words. `tried`: whether it is one of a move."""

    outcome: str
    threshold: str
    precision: str
    recall: str
    events: str
    tried: bool = False


@dataclass(frozen=True)
class MoveRow:
    """Events a day that get another outcome, in words."""

    before: str
    after: str
    events: str
    good: str
    violating: str


@dataclass(frozen=True)
class HeadPanel:
    """`why_empty` says why there is nothing to measure, "" if there is. `moved`: what a move does, in a
    sentence, "" unless thresholds were moved.
    """

    rows: list[ThresholdRow] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    what_if: list[WhatIfField] = field(default_factory=list)
    moves: list[MoveRow] = field(default_factory=list)
    moved: str = ""
    load: str = ""
    tried_query: str = ""
    source: str = ""
    note: str = ""
    why_empty: str = ""


@dataclass(frozen=True)
class Ruling:
    """What decides today: the policy, the thresholds stored with the model's heads, and the event type."""

    kind: type[EventType]
    deciding: Policy
    of_heads: Mapping[str, Mapping[str, float]]

    def outcomes(self, events: HeadEvents, tried: Mapping[str, Terms] | None = None) -> NDArray[np.int64]:
        """The place of each event's outcome today, or with the terms `tried` for some content policies."""
        return outcomes_of(
            events, self.deciding, of_heads=self.of_heads, outcomes=self.kind.outcomes, tried=tried
        )


def head_panel(
    now_in_use: HeadThresholdsNow, ruling: Ruling, asked: Mapping[str, str], *, now: datetime
) -> HeadPanel:
    """The panel of a content policy for a request's parameters `asked`."""
    kind = ruling.kind
    if not now_in_use.thresholds:
        return HeadPanel(why_empty=f"The model that decides has no score for {now_in_use.title}.")
    what_if = read_what_if(asked, now_in_use.thresholds, kind)
    events = read_head_events(kind, JUDGED, now=now)
    if events is None or not positives_of(events, now_in_use.name):
        return HeadPanel(what_if=what_if.fields, why_empty=_why_empty(kind, now_in_use.title))
    tried = what_if.policy.terms if what_if.policy else None
    rows = [
        *_rows(events, now_in_use.name, now_in_use.thresholds, kind),
        *(_rows(events, now_in_use.name, tried.thresholds, kind, tried=True) if tried else ()),
    ]
    return HeadPanel(
        rows=rows,
        plots=_plots(events, now_in_use, tried, kind),
        what_if=what_if.fields,
        source=_source(events, now_in_use, kind),
        note=_note(events),
        tried_query=_query(now_in_use.name, what_if),
        **(_moved(events, now_in_use.name, tried, ruling, now=now) if tried else {}),
    )


def _why_empty(kind: type[EventType], title: str) -> str:
    return (
        f"No decided {kind.name} event of a known class breaks {title} yet: decisions count once they are"
        f" {kind.matures_after.days} days old, and a long log is read in the background within the hour."
    )


def _rows(
    events: HeadEvents,
    policy: str,
    thresholds: Mapping[str, float],
    kind: type[EventType],
    *,
    tried: bool = False,
) -> list[ThresholdRow]:
    return [
        _row(outcome, at_threshold(events, policy, thresholds[outcome]), tried=tried)
        for outcome in kind.outcomes[1:]
        if outcome in thresholds
    ]


def _row(outcome: str, at: AtThreshold, *, tried: bool) -> ThresholdRow:
    return ThresholdRow(
        outcome,
        threshold_text(at.threshold),
        _share_text(at.precision),
        _share_text(at.recall),
        _rate(at.events),
        tried,
    )


def _share_text(share: Share | None) -> str:
    if share is None:
        return NOTHING
    return f"{percent_text(share.value)} ({percent_text(share.low)} to {percent_text(share.high)})"


def _rate(events: float) -> str:
    """A number of events a day: with a decimal below ten."""
    return decimal_text(events, 1) if 0 < events < 10 else count_text(events)


def _moved(events: HeadEvents, policy: str, tried: Terms, ruling: Ruling, *, now: datetime) -> dict[str, Any]:
    outcomes = ruling.kind.outcomes
    moves = moves_between(events, ruling.outcomes(events), ruling.outcomes(events, {policy: tried}), outcomes)
    return {
        "moves": [_move_row(each) for each in moves],
        "moved": moved_in_words(moves),
        "load": _load(policy, tried, ruling, now=now),
    }


def _move_row(move: Move) -> MoveRow:
    return MoveRow(move.before, move.after, _rate(move.events), _rate(move.good), _rate(move.violating))


def moved_in_words(moves: Sequence[Move]) -> str:
    """What a move does, in a sentence.

    >>> moved_in_words([Move("review", "block", 12.0, 9.0), Move("block", "allow", 1.0, 0.0)])
    '12 newly removed a day, 3.0 of them good; 1.0 newly let through, 0 of them violating'
    """
    removed = [each for each in moves if each.after == BLOCK]
    passed = [each for each in moves if each.after == ALLOW]
    told = []
    if removed:
        events, good = sum(each.events for each in removed), sum(each.good for each in removed)
        told.append(f"{_rate(events)} newly removed a day, {_rate(good)} of them good")
    if passed:
        events, violating = sum(each.events for each in passed), sum(each.violating for each in passed)
        told.append(f"{_rate(events)} newly let through, {_rate(violating)} of them violating")
    other = sum(each.events for each in moves if each.after not in (BLOCK, ALLOW))
    if other:
        told.append(f"{_rate(other)} with another outcome")
    return "; ".join(told) or "no difference on these events"


def _load(policy: str, tried: Terms, ruling: Ruling, *, now: datetime) -> str:
    """Reviewers' load today and after a move, by the decisions of the last weeks, labeled or not."""
    events = read_head_events(ruling.kind, RECENT, now=now)
    if events is None:
        return ""
    outcomes = ruling.kind.outcomes
    before = a_day(events, ruling.outcomes(events), outcomes).get(REVIEW, 0.0)
    after = a_day(events, ruling.outcomes(events, {policy: tried}), outcomes).get(REVIEW, 0.0)
    return (
        f"Reviewers get {_rate(after)} cases a day instead of {_rate(before)},"
        " by the scores of the last weeks."
    )


def _plots(
    events: HeadEvents, in_use: HeadThresholdsNow, tried: Terms | None, kind: type[EventType]
) -> list[Plot]:
    curve = [each for each in head_curve(events, in_use.name) if each.precision and each.recall]
    return [_quality_plot(curve, events, in_use, tried, kind), _threshold_plot(curve, in_use, tried)]


def _quality_plot(
    curve: Sequence[AtThreshold],
    events: HeadEvents,
    in_use: HeadThresholdsNow,
    tried: Terms | None,
    kind: type[EventType],
) -> Plot:
    line = Series(
        "precision",
        [(each.recall.value, each.precision.value) for each in curve if each.recall and each.precision],
        color="series-1",
        low=[each.precision.low for each in curve if each.precision],
        high=[each.precision.high for each in curve if each.precision],
    )
    dots = [
        Series(f"{kind.outcome_title(outcome)}, now", [point], color=outcome_color(outcome), kind="dots")
        for outcome in kind.outcomes[1:]
        if (point := _standing(events, in_use.name, in_use.thresholds.get(outcome)))
    ]
    moved = [
        point
        for threshold in (tried.thresholds.values() if tried else ())
        if (point := _standing(events, in_use.name, threshold))
    ]
    if moved:
        dots.append(Series("what if", moved, color=COLOR_OF_TRIED, kind="dots"))
    return Plot(
        f"{in_use.title}: precision against recall",
        Axis("Recall", "percent", 0, 1),
        Axis("Precision", "percent", 0, 1),
        [line, *dots],
        summary="Precision against recall as the threshold falls, with 95 % intervals of precision; dots:"
        " today's thresholds.",
        height=300,
    )


def _standing(events: HeadEvents, policy: str, threshold: float | None) -> tuple[float, float] | None:
    if threshold is None:
        return None
    at = at_threshold(events, policy, threshold)
    return (at.recall.value, at.precision.value) if at.recall and at.precision else None


def _threshold_plot(curve: Sequence[AtThreshold], in_use: HeadThresholdsNow, tried: Terms | None) -> Plot:
    rising = curve[::-1]
    return Plot(
        "Precision and recall over the threshold",
        Axis("From a score of", "percent", 0, 1),
        Axis("Share", "percent", 0, 1),
        [
            _over(rising, "precision", "series-1", [each.precision for each in rising]),
            _over(rising, "recall", "series-3", [each.recall for each in rising]),
        ],
        summary=f"Precision and recall of {in_use.title} by threshold, with 95 % intervals.",
        height=300,
    )


def _over(curve: Sequence[AtThreshold], name: str, color: str, shares: Sequence[Share | None]) -> Series:
    known = [(each.threshold, share) for each, share in zip(curve, shares, strict=True) if share]
    return Series(
        name,
        [(threshold, share.value) for threshold, share in known],
        color=color,
        low=[share.low for _, share in known],
        high=[share.high for _, share in known],
    )


def _source(events: HeadEvents, in_use: HeadThresholdsNow, kind: type[EventType]) -> str:
    broken = positives_of(events, in_use.name)
    told = (
        f"Measured on {events.decided:,} decided {kind.name} events that are old enough to be labeled,"
        f" {broken:,} of them {in_use.title}, from {events.since:%Y-%m-%d} to {events.until:%Y-%m-%d}."
    )
    if events.drawn_at is None or len(events.score) >= events.decided:
        return told
    return (
        f"{told} {len(events.score):,} of them were drawn at {zoned_text(events.drawn_at)},"
        " violating ones and high scores the likeliest, each with its weight; so these are estimates."
    )


def _note(events: HeadEvents) -> str:
    if not events.unknown:
        return ""
    count = f"{events.unknown:,} removed events without a label"
    return f"{count} are left out, because it is not known whether they broke a policy."


def _query(policy: str, what_if: WhatIf) -> str:
    fields = {f"if_{each.outcome}": each.value for each in what_if.fields}
    return urlencode({"policy": policy, **fields})
