"""What other thresholds would make of a model's held-out events, beside those that hold today."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_types
from scoring.learning.pages.curve_plots import Standing
from scoring.learning.policies.effect import Effect, costs_by_class, measure_effect, outcomes_under
from scoring.learning.policies.judged import JudgedEvents, judged_of_sample
from scoring.learning.policies.pages.what_if import WhatIf, WhatIfField, read_what_if, thresholds_now
from scoring.learning.policies.segmenting import segments_of
from scoring.learning.policies.state import PolicyState, read_policy_state, thresholds_of
from scoring.registry.models import HeldOutSample, ModelVersion
from scoring.rules.off_policy.estimating import OffPolicyResult, estimate_policy
from scoring.rules.off_policy.revealing import LoggedEvents
from scoring.rules.off_policy.sums import GivenOutcomes, Places, Sums
from scoring.rules.off_policy.words import EstimatePanel, estimate_panel
from scoring.rules.policies.policy import MODEL, Policy


@dataclass(frozen=True)
class ThresholdsPanel:
    """Today's thresholds beside those that were moved. `today`: what they are, in words."""

    kind: type[EventType]
    fields: list[WhatIfField]
    estimate: EstimatePanel
    moved: bool
    today: str
    standings: list[Standing] = field(default_factory=list)


def thresholds_panel(version: ModelVersion, asked: Mapping[str, str]) -> ThresholdsPanel | None:
    """The panel for a request's parameters, such as `?if_block=80`.

    None for versions without a stored sample of held-out events, or whose files cannot be read.
    """
    kind, of_model = event_types().get(version.event_type), thresholds_of(version.name)
    stored = HeldOutSample.objects.filter(pk=version.name).first()
    if kind is None or stored is None or not stored.sample or not of_model:
        return None
    events, state = judged_of_sample(kind, stored.sample), read_policy_state(kind)
    policy = state.deciding()
    today = outcomes_under(
        policy, events, of_model=of_model, outcomes=kind.outcomes, segments=segments_of(policy, events)
    )
    what_if = read_what_if(asked, _thresholds(policy, events, today, of_model, kind), kind)
    tried = _tried(what_if, events, today, of_model, kind)
    estimate = estimate_panel(_estimate(events, today, tried, state), kind)
    if estimate is None:
        return None
    return ThresholdsPanel(
        kind=kind,
        fields=what_if.fields,
        estimate=estimate,
        moved=what_if.policy is not None,
        today=_in_words(policy, version),
        standings=_standings(events, today, tried if what_if.policy else None, kind),
    )


def _thresholds(
    policy: Policy, events: JudgedEvents, today: Places, of_model: Mapping[str, float], kind: type[EventType]
) -> Mapping[str, float]:
    effect: Effect = measure_effect(events, today, outcomes=kind.outcomes)
    return thresholds_now(policy, effect, events, of_model)


def _tried(
    what_if: WhatIf,
    events: JudgedEvents,
    today: Places,
    of_model: Mapping[str, float],
    kind: type[EventType],
) -> Places:
    if what_if.policy is None:
        return today
    return outcomes_under(what_if.policy, events, of_model=of_model, outcomes=kind.outcomes)


def _estimate(events: JudgedEvents, today: Places, tried: Places, state: PolicyState) -> OffPolicyResult:
    """Both on the same events, all of a known class."""
    outcomes, costs = state.kind.outcomes, state.costs()
    known = np.ones(len(events.score), dtype=bool)
    logged = LoggedEvents(
        score=events.score,
        positive=events.positive,
        revealed=known,
        propensity=known.astype(np.float64),
        stake=events.stake.astype(np.float64),
        weight=events.weight,
    )
    before, after = (
        GivenOutcomes(places, costs_by_class(events.stake, places, outcomes, costs) if costs else None)
        for places in (today, tried)
    )
    sums = Sums(outcomes)
    sums.add(logged, before=before, after=after)
    return estimate_policy(sums, outcomes=outcomes, days=events.days)


def _in_words(policy: Policy, version: ModelVersion) -> str:
    if policy.number == 0 or policy.terms.mode == MODEL:
        return f"the thresholds of {version.name}"
    return f"version {policy.number} of the policy"


def _standings(
    events: JudgedEvents, today: Places, tried: Places | None, kind: type[EventType]
) -> list[Standing]:
    found = [_stand(events, today, kind, name="today", color="series-4")]
    if tried is not None:
        found.append(_stand(events, tried, kind, name="what if", color="block"))
    return [each for standings in found for each in standings]


def _stand(
    events: JudgedEvents, given: Places, kind: type[EventType], *, name: str, color: str
) -> list[Standing]:
    """One for each outcome that is given, the mildest first."""
    weight, fraud = events.weight, events.weight * events.positive
    found = []
    for place, outcome in enumerate(kind.outcomes[1:], start=1):
        flagged: NDArray[np.bool_] = given >= place
        if not flagged.any() or not fraud.any():
            continue
        caught, all_of = float(fraud[flagged].sum()), float(weight[flagged].sum())
        standing = Standing(
            name=f"{name}, {kind.outcome_title(outcome)}",
            color=color,
            recall=caught / float(fraud.sum()),
            precision=caught / all_of,
            false_positive_rate=(all_of - caught) / max(float((weight - fraud).sum()), 1e-12),
        )
        found.append(standing)
    return found
