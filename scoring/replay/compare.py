"""Compares logged decisions with recomputed ones, field by field. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.features.logged_vectors import unpack_vectors
from scoring.replay.logged import LoggedDecision
from scoring.replay.models import ASPECTS
from scoring.replay.recompute import NOT_KNOWN, Judgement, Recomputed
from scoring.rules.heads import Heads, heads_of

# Contributions are sums in an order that another library may choose differently; everything else is exact.
TOLERANCE = 1e-5  # log-odds

BITS = "contributions to the bit"
_ASPECT_OF_MEMBER = {"errors": "findings", "policy": "thresholds", "initial": "decided_by"}


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field of one decision with both values as text."""

    field: str
    logged: str
    replayed: str


@dataclass(frozen=True, slots=True)
class DecisionComparison:
    """One decision. `held`: whether each comparable aspect, including BITS, was reproduced."""

    logged: LoggedDecision
    held: Mapping[str, bool]
    differences: Sequence[FieldDifference] = ()
    why_not: str = ""

    @property
    def identical(self) -> bool:
        return not self.why_not and all(self.held[name] for name in ASPECTS if name in self.held)

    def first_difference(self, aspect: str) -> FieldDifference:
        """The first field of an aspect that was not reproduced. Raises LookupError if it was."""
        for each in self.differences:
            if aspect_of(each.field) == aspect:
                return each
        raise LookupError(f"{aspect} was reproduced, or not compared")


def aspect_of(field: str) -> str:
    """The aspect that a field of a difference belongs to.

    >>> aspect_of("vector.amount"), aspect_of("errors.large-1"), aspect_of("reasons[0].text")
    ('vector', 'findings', 'reasons')
    """
    name = field.partition(".")[0].partition("[")[0]
    return _ASPECT_OF_MEMBER.get(name, name)


def compare(logged: LoggedDecision, again: Recomputed) -> DecisionComparison:
    """Compare vector, margin and score by bits; what the ruleset says; outcome and reasons; contributions to
    TOLERANCE and by bits.

    Vectors are compared if a lane had read one; the results of a model if a model decided.
    """
    if again.why_not:
        return DecisionComparison(logged, {}, why_not=again.why_not)
    data = logged.entry.data
    vector, contributions = unpack_vectors(logged.entry.packed or b"", width=len(again.names))
    held = {"outcome": data["outcome"] == again.outcome}
    differences: list[FieldDifference] = []
    if again.names:
        held["vector"] = vector.tobytes() == again.vector.tobytes()
        differences += _in_columns("vector", again.names, vector, again.vector)
    if logged.basis == "model":
        held["margin"] = same_bits(data["margin"], again.margin)
        held["score"] = same_bits(data["score"], again.score)
        held["contributions"] = near(contributions, again.contributions)
        held[BITS] = contributions.tobytes() == again.contributions.tobytes()
        held["reasons"] = same_reasons(data["reasons"], again.reasons)
        if heads_of(data) or again.heads:
            held["policies"] = same_heads(heads_of(data), again.heads)
            differences += _of_heads(heads_of(data), again.heads)
        differences += _of_values("margin", data["margin"], again.margin, held)
        differences += _of_values("score", data["score"], again.score, held)
        if not held["contributions"]:
            names = (*again.names, "bias")
            differences += _in_columns("contributions", names, contributions, again.contributions)
    if again.judgement:
        held |= _same_judgement(Judgement.logged(data), again.judgement)
        differences += _of_judgements(Judgement.logged(data), again.judgement)
    differences += _of_values("outcome", data["outcome"], again.outcome, held)
    if not held.get("reasons", True):
        differences += _of_reasons(data["reasons"], again.reasons)
    return DecisionComparison(logged, held, differences)


def _same_judgement(logged: Judgement, again: Judgement) -> dict[str, bool]:
    """Whether each aspect of the ruleset was reproduced."""
    return {
        "findings": (logged.findings, logged.errors) == (again.findings, again.errors),
        "thresholds": (logged.policy, logged.thresholds) == (again.policy, again.thresholds),
        "decided_by": (logged.decided_by, logged.initial) == (again.decided_by, again.initial),
        "exploration": logged.exploration == again.exploration,
    }


def _of_judgements(logged: Judgement, again: Judgement) -> Iterator[FieldDifference]:
    """The members by which two judgements differ; findings and errors by name."""
    for name in ("findings", "errors"):
        yield from _of_named(name, getattr(logged, name), getattr(again, name))
    for name in ("policy", "thresholds", "decided_by", "initial", "exploration"):
        before, after = getattr(logged, name), getattr(again, name)
        if before != after:
            yield FieldDifference(name, shown(before), shown(after))


def _of_named(
    name: str, logged: Sequence[Mapping[str, Any]], again: Sequence[Mapping[str, Any]]
) -> Iterator[FieldDifference]:
    before, after = _by_name(logged), _by_name(again)
    for key in {**before, **after}:
        if before.get(key) != after.get(key):
            yield FieldDifference(f"{name}.{key}", shown(before.get(key)), shown(after.get(key)))


def _by_name(named: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Findings or errors by name, number and field, which tell them apart."""
    return {f"{each['name']}-{each['number']}{each.get('field', '')}": each for each in named}


def same_bits(logged: float | None, again: float | None) -> bool:
    """Whether two numbers are the same float64, including the sign of zero.

    >>> same_bits(0.1 + 0.2, 0.3), same_bits(0.0, -0.0), same_bits(1.5, 1.5)
    (False, False, True)
    """
    return logged is not None and again is not None and bits_of(logged) == bits_of(again)


def bits_of(value: float) -> bytes:
    """A float64 as it is stored."""
    return np.float64(value).tobytes()


def near(logged: NDArray[np.float64], again: NDArray[np.float64]) -> bool:
    """Whether the contributions are equal in number and each within TOLERANCE."""
    return logged.shape == again.shape and bool((np.abs(logged - again) <= TOLERANCE).all())


def same_reasons(logged: Sequence[Mapping[str, Any]], again: Sequence[Mapping[str, Any]]) -> bool:
    """Whether reasons are equal, and their contributions (rounded to six decimals) within TOLERANCE."""
    return len(logged) == len(again) and all(
        not list(_in_reason(before, after)) for before, after in zip(logged, again, strict=True)
    )


def _in_reason(logged: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[str]:
    """The keys by which two reasons differ, as far as the recomputed one is known."""
    for key in {**logged, **again}:
        before, after = logged.get(key), again.get(key)
        if after is NOT_KNOWN:
            continue
        if key == "contribution" and before is not None and after is not None:
            if not math.isclose(before, after, rel_tol=0, abs_tol=TOLERANCE + 1e-6):
                yield key
        elif before != after:
            yield key


def same_heads(logged: Heads, again: Heads) -> bool:
    """Whether the same policies have the same scores, outcomes, thresholds with their source, and reasons."""
    return not list(_of_heads(logged, again))


def _of_heads(logged: Heads, again: Heads) -> Iterator[FieldDifference]:
    for policy in {**logged, **again}:
        before, after = logged.get(policy, {}), again.get(policy, {})
        for key in ("score", "outcome", "thresholds", "policy"):
            if before.get(key) != after.get(key):
                yield FieldDifference(
                    f"policies.{policy}.{key}", shown(before.get(key)), shown(after.get(key))
                )
        if not same_reasons(before.get("reasons", ()), after.get("reasons", ())):
            for each in _of_reasons(before.get("reasons", ()), after.get("reasons", ())):
                yield replace(each, field=f"policies.{policy}.{each.field}")


def _of_reasons(
    logged: Sequence[Mapping[str, Any]], again: Sequence[Mapping[str, Any]]
) -> Iterator[FieldDifference]:
    for place in range(max(len(logged), len(again))):
        before = logged[place] if place < len(logged) else {}
        after = again[place] if place < len(again) else {}
        for key in _in_reason(before, after):
            yield FieldDifference(f"reasons[{place}].{key}", shown(before.get(key)), shown(after.get(key)))


def _of_values(name: str, logged: Any, again: Any, held: Mapping[str, bool]) -> list[FieldDifference]:
    return [] if held[name] else [FieldDifference(name, shown(logged), shown(again))]


def _in_columns(
    name: str, columns: Sequence[str], logged: NDArray[np.float64], again: NDArray[np.float64]
) -> Iterator[FieldDifference]:
    if logged.shape != again.shape:
        yield FieldDifference(name, f"{len(logged)} values", f"{len(again)} values")
        return
    for column in np.flatnonzero(logged.view(np.int64) != again.view(np.int64)).tolist():
        before, after = float(logged[column]), float(again[column])
        yield FieldDifference(f"{name}.{columns[column]}", shown(before), shown(after))


def shown(value: Any) -> str:
    """A value as text, such that different values have different texts.

    >>> shown(0.1), shown(float("nan")), shown(None)
    ('0.1', 'nan (7ff8000000000000)', 'none')
    """
    if isinstance(value, float) and math.isnan(value):
        return f"nan ({bits_of(value)[::-1].hex()})"
    return "none" if value is None else str(value)
