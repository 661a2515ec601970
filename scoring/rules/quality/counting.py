"""What decisions and labels add to the tables of rule quality. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

from scoring.catalog.registry import event_types
from scoring.rules.deciding.precedence import BLOCK
from scoring.rules.quality.logged import base_of, basis_kind, effect_of, findings_in, outcomes_of
from scoring.timestamps import from_iso

SEGMENT_ERROR = "policy segment "  # how the errors of policies begin, which are logged beside those of rules

Counts = dict[str, int]


class DayOfType(NamedTuple):
    event_type: str
    day: date


class DayOfRule(NamedTuple):
    """One version of a rule, or a list or bank, on one day; `number` is 0 for the last two.

    `outcome`: what it asks for, "" for a tag. Errors are counted with neither stage nor outcome, which
    decisions do not log with them.
    """

    event_type: str
    day: date
    kind: str
    name: str
    number: int
    stage: str
    outcome: str


class DayOfPair(NamedTuple):
    event_type: str
    day: date
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A row of `RuleHit`."""

    event_position: int
    event_type: str
    kind: str
    name: str
    field: str
    number: int
    stage: str
    outcome: str
    base: str
    decided: str
    is_unique: bool
    is_needless: bool
    stake: int | None
    label: str | None
    decided_at: datetime

    @property
    def key(self) -> DayOfRule:
        number = self.number if self.kind == "rule" else 0
        return DayOfRule(
            self.event_type,
            self.decided_at.date(),
            self.kind,
            self.name,
            number,
            self.stage,
            self.outcome,
        )


@dataclass(frozen=True, slots=True)
class LabelChange:
    """The label of a decided event before and after an entry, and the decision that counted at the time."""

    before: str | None
    after: str | None
    decision: Mapping[str, Any]


def _zeros() -> Counts:
    return defaultdict(int)


@dataclass
class Added:
    """What entries add: the hits of each event, and amounts to add to the counts of days.

    `hits` is by event position; an event whose decision no longer counts has none, or those of the later one.
    """

    hits: dict[int, list[Hit]] = field(default_factory=dict)
    types: dict[DayOfType, Counts] = field(default_factory=lambda: defaultdict(_zeros))
    rules: dict[DayOfRule, Counts] = field(default_factory=lambda: defaultdict(_zeros))
    pairs: dict[DayOfPair, Counts] = field(default_factory=lambda: defaultdict(_zeros))


def add_decision(
    added: Added,
    decision: Mapping[str, Any],
    label: str | None,
    *,
    instead_of: Mapping[str, Any] | None = None,
) -> None:
    """Count a decision of an event with this effective label, in place of the one that counted until then."""
    if instead_of is not None:
        _count(added, instead_of, hits_of(instead_of, label), label, sign=-1)
    hits = hits_of(decision, label)
    added.hits[decision["event_position"]] = hits
    _count(added, decision, hits, label, sign=1)


def add_label_changes(added: Added, changes: Iterable[LabelChange]) -> None:
    """Move events from one class to another."""
    for change in changes:
        decision = change.decision
        key, hits = _day_of(decision), one_per_rule(hits_of(decision, None))
        for label, sign in ((change.before, -1), (change.after, 1)):
            _add(added.types[key], _classes(key.event_type, label, decision.get("stake") or 0), sign)
            for hit in hits:
                _add(added.rules[hit.key], _classes_of_hit(hit, label), sign)


def _day_of(decision: Mapping[str, Any]) -> DayOfType:
    return DayOfType(decision["event_type"], from_iso(decision["decided_at"]).date())


def _count(
    added: Added, decision: Mapping[str, Any], hits: Sequence[Hit], label: str | None, *, sign: int
) -> None:
    stake, day = decision.get("stake") or 0, _day_of(decision)
    classes = _classes(day.event_type, label, stake)
    _add(added.types[day], {"decisions": 1, "stake": stake, **classes}, sign)
    for failed in decision.get("rule_errors", ()):
        if not failed["name"].startswith(SEGMENT_ERROR):
            key = DayOfRule(*day, "rule", failed["name"], failed["number"], "", "")
            added.rules[key]["errors"] += sign
    for hit in one_per_rule(hits):
        _add(added.rules[hit.key], {**_counts_of_hit(hit), **_classes_of_hit(hit, label)}, sign)
    names = sorted({f"{hit.kind}/{hit.name}" for hit in hits})
    for left, right in combinations_with_replacement(names, 2):
        added.pairs[DayOfPair(*day, left, right)]["hits"] += sign


def hits_of(decision: Mapping[str, Any], label: str | None) -> list[Hit]:
    """The hits of a decision, with the event's effective label."""
    return list(_hits_of(decision, label)) if decision.get("findings") else []


def _hits_of(decision: Mapping[str, Any], label: str | None) -> Iterator[Hit]:
    decided_at = from_iso(decision["decided_at"])
    outcomes = outcomes_of(decision["event_type"])
    findings = findings_in(decision)
    base, by = base_of(decision, outcomes), basis_kind(decision)
    distinct = {(found.kind, found.name, found.field, found.stage): found for found in findings}
    for found in distinct.values():
        effect = effect_of(found, findings, base=base, by=by, outcomes=outcomes)
        yield Hit(
            event_position=decision["event_position"],
            event_type=decision["event_type"],
            kind=found.kind,
            name=found.name,
            field=found.field,
            number=found.number,
            stage=found.stage,
            outcome=found.outcome,
            base=base,
            decided=decision["outcome"],
            is_unique=effect.is_unique,
            is_needless=effect.is_needless,
            stake=decision.get("stake"),
            label=label,
            decided_at=decided_at,
        )


def one_per_rule(hits: Iterable[Hit]) -> list[Hit]:
    """The hits of an event, one of each rule version and list: a list may find several fields."""
    return list({hit.key: hit for hit in hits}.values())


def _counts_of_hit(hit: Hit) -> Counts:
    return {
        "hits": 1,
        "unique_hits": int(hit.is_unique),
        "needless_hits": int(hit.is_needless),
        "blocked": int(hit.decided == BLOCK),
        "stake": hit.stake or 0,
    }


def _classes(event_type: str, label: str | None, stake: int) -> Counts:
    """What a label adds to the counts of a day."""
    positive = is_positive(event_type, label)
    if positive is None:
        return {}
    return {"positives": 1, "positive_stake": stake} if positive else {"negatives": 1}


def _classes_of_hit(hit: Hit, label: str | None) -> Counts:
    """What a label adds to the counts of a hit's rule."""
    counts = _classes(hit.event_type, label, hit.stake or 0)
    if not counts:
        return {}
    counts["blocked_labeled"] = int(hit.decided == BLOCK)
    if hit.is_unique:
        counts |= {f"unique_{name}": count for name, count in counts.items() if name != "blocked_labeled"}
    return counts


def is_positive(event_type: str, label: str | None) -> bool | None:
    """Whether a label is the type's positive one; None without a label, or if the type left the catalog."""
    kind = event_types().get(event_type)
    return None if kind is None or label is None else label == kind.labels.positive


def _add(counts: Counts, more: Mapping[str, int], sign: int = 1) -> None:
    for name, count in more.items():
        counts[name] += sign * count
