"""The thresholds that a page tries: what fixed ones would do instead of the policy in use."""

from collections.abc import Mapping
from typing import NamedTuple

from scoring.catalog.event_type import EventType
from scoring.learning.policies.curve import measure_curve
from scoring.learning.policies.effect import Effect
from scoring.learning.policies.judged import JudgedEvents
from scoring.learning.policies.plots import threshold_of
from scoring.rules.policies.policy import FIXED, MODEL, Policy, Terms


class WhatIfField(NamedTuple):
    """A threshold as a percentage that can be moved; `problem`: why the one that was sent cannot be."""

    outcome: str
    value: str
    problem: str = ""


class WhatIf(NamedTuple):
    """The thresholds of the form, and the policy with them: None unless they were moved and are allowed."""

    fields: list[WhatIfField]
    policy: Policy | None


def read_what_if(sent: Mapping[str, str], now: Mapping[str, float], kind: type[EventType]) -> WhatIf:
    """The thresholds sent as `if_review=12.5`, by default those of `now`."""
    fields = [_field(outcome, sent, now) for outcome in kind.outcomes[1:]]
    given = {each.outcome: float(each.value) / 100 for each in fields if each.value and not each.problem}
    fields = [_in_order(each, given, kind) for each in fields]
    moved = any(f"if_{outcome}" in sent for outcome in kind.outcomes)
    if not moved or not given or any(each.problem for each in fields):
        return WhatIf(fields, None)
    return WhatIf(fields, Policy(kind.name, 0, Terms(FIXED, given)))


def _field(outcome: str, sent: Mapping[str, str], now: Mapping[str, float]) -> WhatIfField:
    if f"if_{outcome}" not in sent:
        value = now.get(outcome)
        return WhatIfField(outcome, "" if value is None or value > 1 else f"{100 * value:.4g}")
    text = sent[f"if_{outcome}"].strip().removesuffix("%").replace(",", ".").strip()
    if not text:
        return WhatIfField(outcome, "")
    try:
        percent = float(text)
    except ValueError:
        return WhatIfField(outcome, text[:20], "Enter a percentage such as 42.5, or nothing for never.")
    problem = "" if 0 <= percent <= 100 else "Enter a percentage from 0 to 100."
    return WhatIfField(outcome, text[:20], problem)


def _in_order(each: WhatIfField, given: Mapping[str, float], kind: type[EventType]) -> WhatIfField:
    milder = kind.outcomes[1 : kind.outcomes.index(each.outcome)]
    above = [name for name in milder if each.outcome in given and given.get(name, 0) > given[each.outcome]]
    if not above:
        return each
    return each._replace(problem=f"This is below {above[-1]}, which is less severe.")


def thresholds_now(
    policy: Policy, effect: Effect, events: JudgedEvents, of_model: Mapping[str, float]
) -> Mapping[str, float]:
    """The thresholds of a policy; of one by cost, the single ones that give as many events each outcome."""
    if policy.terms.mode == MODEL:
        return of_model
    if policy.terms.thresholds:
        return policy.terms.thresholds
    curve, above, found = measure_curve(events), 0.0, {}
    for outcome, each in reversed([*effect.by_outcome.items()][1:]):
        above += each.events
        found[outcome] = threshold_of(curve, above)
    return found
