"""What the policy in use would make of a model's scores, in money, on the sample of held-out events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Money
from scoring.catalog.registry import event_type as find_event_type
from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.policies.effect import expected_costs, outcomes_under
from scoring.learning.policies.judged import JudgedEvents, judged_of_sample
from scoring.learning.policies.segmenting import segments_of
from scoring.learning.policies.state import read_policy_state
from scoring.learning.training.held_out import describe_held_out, sample_rows, stakes_of
from scoring.rules.policies.costs import Costs
from scoring.rules.policies.policy import Policy

Floats = NDArray[np.float64]
STOPPED, STOPPED_A_DAY, SAVED = "fraud_amount_stopped", "fraud_amount_stopped_a_day", "money_saved_a_day"


@dataclass(frozen=True)
class EventMoney:
    """Of each event of the sample, in minor units and as often as it counts: the fraudulent amount, how much
    of it was stopped (is not simply allowed), and what the outcome saves; float64[k].

    Saved is what allowing the event would cost minus what its outcome costs; None without costs.
    """

    fraud: Floats
    stopped: Floats
    saved: Floats | None
    days: float

    def metrics(self, drawn: NDArray | None = None) -> dict[str, float]:
        """By name, if each event is drawn so many times (None: once); NaN for a share without fraud."""
        counted = np.ones(len(self.fraud)) if drawn is None else np.asarray(drawn, dtype=np.float64)
        fraud, stopped = float(self.fraud @ counted), float(self.stopped @ counted)
        found = {STOPPED: stopped / fraud if fraud else float("nan"), STOPPED_A_DAY: stopped / self.days}
        return found if self.saved is None else found | {SAVED: float(self.saved @ counted) / self.days}


@dataclass(frozen=True)
class PolicyMoney:
    """The events, the policy, and the costs by which it is measured. `rows` int64[k]: the sample's places
    among all held-out events; `groups` int64[k]: the first entity of each.
    """

    kind: type[EventType]
    events: JudgedEvents
    rows: NDArray[np.int64]
    groups: NDArray[np.int64]
    policy: Policy
    costs: Costs | None
    segments: NDArray[np.int64] = field(repr=False)

    def of(self, score: Floats, thresholds: Mapping[str, float]) -> EventMoney:
        """The money of a model with these scores of all held-out events and these thresholds."""
        events = replace(self.events, score=score[self.rows])
        outcomes = self.kind.outcomes
        given = outcomes_under(
            self.policy, events, of_model=thresholds, outcomes=outcomes, segments=self.segments
        )
        fraud = events.weight * events.positive * np.maximum(events.stake, 0)
        saved = None
        if self.costs is not None:
            allowed = expected_costs(events, np.zeros_like(given), outcomes, self.costs)
            saved = events.weight * (allowed - expected_costs(events, given, outcomes, self.costs))
        return EventMoney(fraud, fraud * (given > 0), saved, events.days)

    def measured(self, score: Floats, thresholds: Mapping[str, float]) -> dict[str, float | None]:
        """The metrics of such a model by name, None for a share without fraud."""
        found = self.of(score, thresholds).metrics()
        return {name: (None if np.isnan(value) else value) for name, value in found.items()}


def money_under_policy(data: TrainingSet, score: Floats, sample: Mapping[str, Any]) -> PolicyMoney | None:
    """What is needed to measure money on a sample of the data with its stakes, which was drawn by the score.

    None for a type without amounts whose policies state no costs.
    """
    kind = find_event_type(data.event_type)
    state = read_policy_state(kind)
    policy, costs = state.deciding(), state.costs()
    if not _has_money(kind, costs):
        return None
    rows, _ = sample_rows(data.y, score)
    events = judged_of_sample(kind, sample)
    return PolicyMoney(kind, events, rows, data.groups[rows], policy, costs, segments_of(policy, events))


def money_of_scores(data: TrainingSet, scores: Sequence[Floats], *, days: float) -> PolicyMoney | None:
    """Likewise, on a sample drawn for several models: negatives that any of them ranks high are in it.

    `days`: that the data cover.
    """
    kind = find_event_type(data.event_type)
    if not _has_money(kind, read_policy_state(kind).costs()):
        return None
    highest = np.max([rankdata(score) for score in scores], axis=0)
    sample = describe_held_out(data, highest, days=days)
    stakes = stakes_of(data.event_type, sample["positions"])
    return money_under_policy(data, highest, sample | {"stakes": stakes})


def _has_money(kind: type[EventType], costs: Costs | None) -> bool:
    return costs is not None or any(isinstance(each, Money) for each in kind.fields.values())
