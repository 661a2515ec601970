"""Findings and outcomes as decisions log them, and what each finding changed. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from scoring.catalog.outcomes import BASIC_OUTCOMES
from scoring.catalog.registry import event_types
from scoring.log.entries import Entry
from scoring.rules.deciding.precedence import ALLOW, Finding, resolve
from scoring.rules.heads import heads_of, severest_outcome
from scoring.rules.policies.thresholds import outcome_of

BasisKind = Literal["model", "policy"]

FIRST, REVISED = "decision.made", "decision.revised"
ENRICHED = "enriched"  # the cause of a revision after the event's media were processed

_FIELDS = frozenset(each.name for each in fields(Finding))


@dataclass(frozen=True, slots=True)
class Effect:
    """What a finding did: see `RuleHit`."""

    is_unique: bool
    is_needless: bool


def counts_for_quality(entry: Entry) -> bool:
    """Whether a decision may count: the first one of an event, and each one after its media were processed.

    The latest of them does.
    """
    return entry.type == FIRST or (entry.type == REVISED and entry.data["cause"] == ENRICHED)


def outcomes_of(event_type: str) -> tuple[str, ...]:
    """The outcomes of an event type, the mildest first; the basic ones if it left the catalog."""
    kind = event_types().get(event_type)
    return kind.outcomes if kind else BASIC_OUTCOMES


def findings_in(decision: Mapping[str, Any], *, kind: str = "") -> list[Finding]:
    """The findings that a decision logged, of one kind or of all; none before there were rules."""
    return [
        Finding(**{name: value for name, value in found.items() if name in _FIELDS})
        for found in decision.get("findings", ())
        if kind in ("", found["kind"])
    ]


def base_of(decision: Mapping[str, Any], outcomes: Sequence[str]) -> str:
    """The outcome that the score alone, or its absence, gave: what was decided without any finding."""
    if thresholds := decision["thresholds"]:
        outcome = outcome_of(decision["score"], thresholds, outcomes)
        return severest_outcome(outcome, heads_of(decision), outcomes)
    kind = event_types().get(decision["event_type"])
    if kind is None or decision["basis"] == "model":
        return initial_of(decision)  # of before thresholds were logged, when there were no rules either
    return kind.failure_outcome if decision["basis"] == "fallback" else kind.no_model_outcome


def basis_kind(decision: Mapping[str, Any]) -> BasisKind:
    """Who gives the base outcome."""
    return "model" if decision["basis"] == "model" else "policy"


def initial_of(decision: Mapping[str, Any]) -> str:
    """The outcome before breaker and exploration."""
    return str(decision.get("initial") or decision["outcome"])


def effect_of(
    found: Finding,
    findings: Sequence[Finding],
    *,
    base: str,
    by: Literal["model", "policy"],
    outcomes: Sequence[str],
) -> Effect:
    """What a rule, list or bank did among all `findings` of an event.

    One in shadow is compared as if it were active, in place of the version of the same name that is.
    """
    if not found.outcome:
        return Effect(is_unique=False, is_needless=False)
    others = [each for each in findings if (each.kind, each.name) != (found.kind, found.name)]
    own = [*others, replace(found, stage="active")]
    with_it = resolve(base, by=by, findings=own, outcomes=outcomes).outcome
    rest = findings if found.stage == "shadow" else others
    without = resolve(base, by=by, findings=rest, outcomes=outcomes).outcome
    return Effect(with_it != without, by == "model" and _gives(base, found.outcome, outcomes))


def _gives(base: str, asked: str, outcomes: Sequence[str]) -> bool:
    """Whether `base` is what a finding asks for, or more severe; nothing is as mild as allow but allow."""
    return base == asked if asked == ALLOW else outcomes.index(base) >= outcomes.index(asked)
