"""The part of a policy's page that says what policies do: effects side by side, segments and the curve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from scoring.admin_kit.formatting import count_text, decimal_text, money_text, percent_text
from scoring.admin_kit.plots import Plot
from scoring.admin_kit.time_zones import zoned_text
from scoring.catalog.event_type import EventType
from scoring.learning.policies.comparing import Compared, Comparison, SegmentEffect
from scoring.learning.policies.curve import measure_curve
from scoring.learning.policies.effect import Effect
from scoring.learning.policies.judged import JudgedEvents
from scoring.learning.policies.pages.estimates import estimate_shown
from scoring.learning.policies.pages.what_if import WhatIfField, read_what_if, thresholds_now
from scoring.learning.policies.plots import Standing, curve_plots
from scoring.learning.policies.state import PolicyState
from scoring.rules.off_policy.words import EstimatePanel
from scoring.rules.policies.policy import Policy
from scoring.rules.policies.stored import policy_from

MAX_COMPARED = 4  # versions besides the policy in use and the one tried
COLORS = ("series-2", "series-4")  # of the policy in use, and of the one tried or listed next
NO_MODEL = "Without a model there are no scores, so a policy has nothing to decide."
TRIED = "What if"
EVERYTHING = "*"  # the value of `?segment=` for all events


@dataclass(frozen=True)
class EffectRow:
    """An effect as it is shown: counts and money a day."""

    name: str
    what: str
    blocked: str
    good_blocked: str
    precision: str
    recall: str
    reviews: str
    others: list[tuple[str, str]]
    caught: str
    lost: str
    cost: str
    move: str = ""


@dataclass(frozen=True)
class EffectPanel:
    """What the page shows of effects. `why_empty` says why there is nothing to measure, "" if there is."""

    rows: list[EffectRow] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    segments: list[tuple[str, EffectRow]] = field(default_factory=list)
    what_if: list[WhatIfField] = field(default_factory=list)
    tried: EffectRow | None = None
    tried_query: str = ""
    source: str = ""
    note: str = ""
    segment: str = EVERYTHING
    comparable: list[int] = field(default_factory=list)
    compared: int = 0
    has_costs: bool = False
    why_empty: str = ""
    estimate: EstimatePanel | None = None
    estimate_source: str = ""


def effect_panel(
    state: PolicyState, deciding: Policy, asked: Mapping[str, str], *, now: datetime
) -> EffectPanel:
    """The panel for a request's parameters `asked`."""
    if not state.champion:
        return EffectPanel(why_empty=NO_MODEL)
    others = _others(state, asked)
    comparison = state.comparison([deciding, *(policy for _, policy in others)], now=now)
    if comparison is None:
        return EffectPanel(why_empty=_why_no_events(state))
    effect = comparison.effect_of(deciding)
    what_if = read_what_if(
        asked, thresholds_now(deciding, effect, comparison.events, state.of_model), state.kind
    )
    if what_if.policy:
        others = [*others, (TRIED, what_if.policy)]
    compared = comparison.compare(deciding, others)
    rows = [effect_row(each, state.kind) for each in compared]
    segment = asked.get("segment", EVERYTHING)
    by_segment = comparison.by_segment(deciding) if deciding.segments else []
    estimate, estimate_source = (
        estimate_shown(state, others[0][1], costs=None, now=now) if others else (None, "")
    )
    return EffectPanel(
        rows=rows,
        estimate=estimate,
        estimate_source=estimate_source,
        plots=_plots(comparison, deciding, compared, segment=segment),
        segments=[(each.expression, segment_row(each, state.kind)) for each in by_segment],
        what_if=what_if.fields,
        tried=rows[-1] if what_if.policy else None,
        tried_query=urlencode({f"if_{each.outcome}": each.value for each in what_if.fields}),
        source=source_in_words(comparison.events, state.kind),
        note=_note(comparison.events),
        segment=segment,
        comparable=[number for number in state.versions if number != deciding.number],
        compared=_asked_number(asked),
        has_costs=comparison.costs is not None,
    )


def _why_no_events(state: PolicyState) -> str:
    if not state.of_model:
        return f"The files of {state.champion} cannot be read, so its thresholds are not known."
    days = state.kind.matures_after.days
    return (
        f"No event has a known class yet: decisions count once they are {days} days old, and {state.champion}"
        " was trained before held-out events were stored. A new training stores them."
    )


def _others(state: PolicyState, asked: Mapping[str, str]) -> list[tuple[str, Policy]]:
    """The versions to compare: the requested one, the shadow, the newest draft, and `?compare=`."""
    wanted = [state.requested, state.shadow, state.versions.get(state.newest)]
    wanted.append(state.versions.get(_asked_number(asked)))
    chosen = {each.number: each for each in wanted if each and each.stage != "active"}
    listed = sorted(chosen.values(), key=lambda each: -each.number)[:MAX_COMPARED]
    shown = [each for each in listed if each.stage != "archived" or each.number == _asked_number(asked)]
    return [(f"Version {each.number}, {each.stage}", policy_from(each)) for each in shown]


def _asked_number(asked: Mapping[str, str]) -> int:
    text = asked.get("compare", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _plots(
    comparison: Comparison, deciding: Policy, compared: Sequence[Compared], *, segment: str
) -> list[Plot]:
    """The curve of all events, or of those in a segment, on which no policy stands."""
    currency = comparison.kind.base_currency
    if segment != EVERYTHING and deciding.segments:
        curve = measure_curve(comparison.events, comparison.rows_in(deciding, segment))
        return curve_plots(curve, [], currency=currency)
    in_use, *others = compared
    second = others[-1:] if others and others[-1].name == TRIED else others[:1]
    standings = [
        Standing(each.name, each.effect, color)
        for each, color in zip([in_use, *second], COLORS, strict=False)
    ]
    return curve_plots(measure_curve(comparison.events), standings, currency=currency)


def effect_row(compared: Compared, kind: type[EventType]) -> EffectRow:
    return _row(compared.name, compared.effect, kind, move=compared.move)


def segment_row(each: SegmentEffect, kind: type[EventType]) -> EffectRow:
    return _row(each.name or "All other events", each.effect, kind)


def _row(name: str, effect: Effect, kind: type[EventType], *, move: str = "") -> EffectRow:
    currency = kind.base_currency
    others = [outcome for outcome in kind.outcomes[1:-1] if outcome != "review"]
    return EffectRow(
        name=name,
        what=f"{_rate(effect.events)} events a day",
        blocked=_rate(effect.block.events),
        good_blocked=_rate(effect.block.good),
        precision=percent_text(effect.block.precision),
        recall=percent_text(effect.recall),
        reviews=_rate(effect.reviews),
        others=[
            (kind.outcome_title(outcome), _rate(effect.by_outcome[outcome].events)) for outcome in others
        ],
        caught=money_text(effect.caught, currency),
        lost=money_text(effect.lost, currency),
        cost=money_text(effect.cost, currency),
        move=move,
    )


def _rate(events: float) -> str:
    """A number of events a day: with a decimal below ten."""
    return decimal_text(events, 1) if 0 < events < 10 else count_text(events)


def source_in_words(events: JudgedEvents, kind: type[EventType]) -> str:
    """What the effects are measured on, in a sentence."""
    counted = f"{events.events:,} {kind.name} events, {events.positives:,} of them {kind.labels.positive}"
    period = f"{events.since:%Y-%m-%d} to {events.until:%Y-%m-%d}"
    if events.source == "held-out":
        return f"Measured on the held-out events of {events.model}: {counted}, from {period}."
    told = f"Measured on decisions that are old enough to be labeled: {counted}, from {period}."
    return f"{told} {_drawn(events, events.drawn_at)}" if events.drawn_at else told


def _drawn(events: JudgedEvents, drawn_at: datetime) -> str:
    """How the sample came about, if it is one."""
    count, at = len(events.score), zoned_text(drawn_at)
    if count >= events.events:
        return f"They were read at {at}."
    return (
        f"{count:,} of them were drawn at {at}, fraud and high scores the likeliest, each with its weight;"
        " so these are estimates."
    )


def _note(events: JudgedEvents) -> str:
    if not events.unknown:
        return ""
    count = f"{events.unknown:,} blocked events without a label"
    return f"{count} are left out, because it is not known whether they were good."
