"""The figures that are estimated of a policy, each as ratios of sums. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from scoring.rules.off_policy.sums import AFTER, BEFORE, Sums, Terms

Unit = Literal["share", "events", "money"]
Ratio = tuple[Terms, Terms]
ALL: Terms = {"all": 1.0}


@dataclass(frozen=True)
class Formula:
    """How a figure follows from sums; each ratio is of totals.

    `low` and `high`: with the classes that nothing could show at their worst and best. `basis`: the sum whose
    effective size the interval rests on; `moved`: that of the difference, {} for the smaller basis of both.
    `undecided`: the sum that must be 0 for a difference to be known.
    `per`: what the ratios are multiplied by; `per_known`: the self-normalized one.
    """

    name: str
    unit: Unit
    robust: Ratio
    low: Ratio
    high: Ratio
    ips: Ratio
    snips: Ratio
    direct: Ratio
    basis: Terms
    undecided: Terms
    moved: Terms = field(default_factory=dict)
    per: float = 1.0
    per_known: float = 1.0


def formulas_of(sums: Sums, policy: str, outcomes: Sequence[str], days: float) -> Iterator[Formula]:
    for outcome in outcomes:
        share = ({f"{policy}.is_{outcome}": 1.0}, {"all": 1.0})
        yield Formula(f"share_{outcome}", "share", *(share,) * 6, basis={"all": 1.0}, undecided={})
    yield _precision(policy, outcomes[-1])
    yield _recall(policy)
    yield _flagged_precision(policy, outcomes[0])
    yield _flagged_recall(policy)
    rates = {"per": sums.total({"all": 1.0}) / days, "per_known": sums.total({"supported": 1.0}) / days}
    yield _fraud_allowed("fraud_allowed", "events", f"{policy}.allow", "", rates)
    yield _fraud_allowed("fraud_money_allowed", "money", f"{policy}.allow", ".money", rates)
    yield _good_money_blocked(f"{policy}.block", rates)
    if sums.has(f"{policy}.cost.robust"):
        yield _cost(f"{policy}.cost", rates)


def _precision(policy: str, block: str) -> Formula:
    at, blocked = f"{policy}.block", {f"{policy}.is_{block}": 1.0}
    return Formula(
        "precision",
        "share",
        robust=({f"{at}.robust": 1.0}, blocked),
        low=(_all_good(at), blocked),
        high=(_all_fraud(at), blocked),
        ips=({f"{at}.fraud": 1.0}, {**blocked, f"{at}.unknown": -1.0}),
        snips=({f"{at}.fraud": 1.0}, {f"{at}.weighted": 1.0}),
        direct=({f"{at}.direct": 1.0}, blocked),
        basis={f"{at}.weighted": 1.0},
        undecided={f"{BEFORE}.block.unknown": 1.0, f"{AFTER}.block.unknown": 1.0},
    )


def _recall(policy: str) -> Formula:
    """At worst, unknown blocks are good and all other unknown events are fraud; at best, the reverse."""
    at = f"{policy}.block"
    known = {"robust": 1.0, "scored": -1.0}
    share = ({f"{at}.fraud": 1.0}, {"fraud": 1.0})
    return Formula(
        "recall",
        "share",
        robust=({f"{at}.robust": 1.0}, {"robust": 1.0}),
        low=(_all_good(at), {**known, "unknown": 1.0, f"{at}.unknown": -1.0}),
        high=(_all_fraud(at), {**known, f"{at}.unknown": 1.0}),
        ips=share,
        snips=share,
        direct=({f"{at}.direct": 1.0}, {"direct": 1.0}),
        basis={"fraud": 1.0},
        undecided={"unknown": 1.0},
    )


def _flagged_precision(policy: str, allow: str) -> Formula:
    """Of events with any outcome but allow: all of them minus the allowed ones."""
    at, flagged = f"{policy}.allow", {"all": 1.0, f"{policy}.is_{allow}": -1.0}
    fraud = _all_but(at, "robust")
    good = {**fraud, **_negated(_all_but(at, "scored"))}
    weighted = _all_but(at, "weighted")
    return Formula(
        "flagged_precision",
        "share",
        robust=(fraud, flagged),
        low=(good, flagged),
        high=({**good, **_all_but(at, "unknown")}, flagged),
        ips=(_all_but(at, "fraud"), {**flagged, **_negated(_all_but(at, "unknown"))}),
        snips=(_all_but(at, "fraud"), weighted),
        direct=(_all_but(at, "direct"), flagged),
        basis=weighted,
        undecided={"unknown": 1.0},
    )


def _flagged_recall(policy: str) -> Formula:
    """At worst, unknown allowed events are fraud and all others are good; at best, the reverse."""
    at, known = f"{policy}.allow", {"robust": 1.0, "scored": -1.0}
    good = {**_all_but(at, "robust"), **_negated(_all_but(at, "scored"))}
    share = (_all_but(at, "fraud"), {"fraud": 1.0})
    return Formula(
        "flagged_recall",
        "share",
        robust=(_all_but(at, "robust"), {"robust": 1.0}),
        low=(good, {**known, f"{at}.unknown": 1.0}),
        high=({**good, **_all_but(at, "unknown")}, {**known, **_all_but(at, "unknown")}),
        ips=share,
        snips=share,
        direct=(_all_but(at, "direct"), {"direct": 1.0}),
        basis={"fraud": 1.0},
        undecided={"unknown": 1.0},
    )


def _fraud_allowed(name: str, unit: Unit, at: str, of: str, rates: Mapping[str, float]) -> Formula:
    """`of`: "" for events, ".money" for their amounts."""
    return Formula(
        name,
        unit,
        robust=({f"{at}.robust{of}": 1.0}, ALL),
        low=(_all_good(at, of), ALL),
        high=(_all_fraud(at, of), ALL),
        ips=({f"{at}.fraud{of}": 1.0}, ALL),
        snips=({f"{at}.fraud{of}": 1.0}, {"weighted": 1.0}),
        direct=({f"{at}.direct{of}": 1.0}, ALL),
        basis={f"{at}.fraud{of}": 1.0},
        undecided={"moved.unknown": 1.0},
        moved={f"moved.fraud{of}": 1.0},
        **rates,
    )


def _good_money_blocked(at: str, rates: Mapping[str, float]) -> Formula:
    """All money that is blocked minus that of fraud."""
    money = {f"{at}.money": 1.0}
    revealed = {f"{at}.weighted.money": 1.0, f"{at}.fraud.money": -1.0}
    return Formula(
        "good_money_blocked",
        "money",
        robust=({**money, f"{at}.robust.money": -1.0}, ALL),
        low=({**money, **_negated(_all_fraud(at, ".money"))}, ALL),
        high=({**money, **_negated(_all_good(at, ".money"))}, ALL),
        ips=(revealed, ALL),
        snips=(revealed, {"weighted": 1.0}),
        direct=({**money, f"{at}.direct.money": -1.0}, ALL),
        basis=revealed,
        undecided={"moved.unknown": 1.0},
        moved={"moved.good.money": 1.0},
        **rates,
    )


def _cost(at: str, rates: Mapping[str, float]) -> Formula:
    return Formula(
        "cost",
        "money",
        robust=({f"{at}.robust": 1.0}, ALL),
        low=({f"{at}.robust": 1.0, f"{at}.lower": 1.0}, ALL),
        high=({f"{at}.robust": 1.0, f"{at}.upper": 1.0}, ALL),
        ips=({f"{at}.fraud": 1.0}, ALL),
        snips=({f"{at}.fraud": 1.0}, {"weighted": 1.0}),
        direct=({f"{at}.direct": 1.0}, ALL),
        basis={f"{at}.fraud": 1.0},
        undecided={"moved.unknown": 1.0},
        moved={"moved.known": 1.0},
        **rates,
    )


def _all_good(at: str, of: str = "") -> Terms:
    """The fraud of an outcome if none of the events whose class nothing could show is fraud."""
    return {f"{at}.robust{of}": 1.0, f"{at}.scored{of}": -1.0}


def _all_fraud(at: str, of: str = "") -> Terms:
    return {**_all_good(at, of), f"{at}.unknown{of}": 1.0}


def _all_but(at: str, column: str) -> Terms:
    return {column: 1.0, f"{at}.{column}": -1.0}


def _negated(terms: Terms) -> Terms:
    return {name: -factor for name, factor in terms.items()}
