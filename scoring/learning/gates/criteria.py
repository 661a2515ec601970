"""The criteria of a gate as data: what a new model version must reach before a person may approve it."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from scoring.learning.gates.errors import FieldProblem, GateInvalid

MAX_GROUP_LENGTH = 150  # characters, as Django has it


class Comparison(StrEnum):
    """How the value found is compared with a criterion's limit and tolerance.

    AT_LEAST, AT_MOST: with the limit. WITHIN_TOLERANCE: at most the limit plus the tolerance times the share
    of positives (calibration), or the tolerance times the review capacity (review rate). NOT_BELOW_CHAMPION:
    the interval of the difference from the champion is not wholly below minus the tolerance.
    """

    AT_LEAST = "at least"
    AT_MOST = "at most"
    WITHIN_TOLERANCE = "within tolerance"
    NOT_BELOW_CHAMPION = "not significantly below the champion"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One check with what it allows. `override`: the group whose members may approve a version that fails it,
    with a note; "" for none.
    """

    check: str
    comparison: Comparison
    limit: float | None = None
    tolerance: float = 0.0
    on: bool = True
    override: str = ""


ROWS, POSITIVES, CHAMPION = "held-out events", "held-out positives", "no worse than the champion"
CALIBRATION, REVIEWS, LATENCY = "calibration", "review rate", "latency"
AVERAGE_PRECISION, AUC, SIZE = "average precision", "ROC AUC", "artifact size"

DEFAULT_CRITERIA: Final = (
    Criterion(ROWS, Comparison.AT_LEAST, 200),
    Criterion(POSITIVES, Comparison.AT_LEAST, 20),
    Criterion(CHAMPION, Comparison.NOT_BELOW_CHAMPION),
    # The tolerance is a part of the share of positives.
    Criterion(CALIBRATION, Comparison.WITHIN_TOLERANCE, 0.01, tolerance=0.5),
    # Volume differs between the calibration slice and the held-out slice.
    Criterion(REVIEWS, Comparison.WITHIN_TOLERANCE, tolerance=1.5),
    Criterion(LATENCY, Comparison.AT_MOST, 10.0),
    Criterion(AVERAGE_PRECISION, Comparison.AT_LEAST, 0.5, on=False),
    Criterion(AUC, Comparison.AT_LEAST, 0.9, on=False),
    Criterion(SIZE, Comparison.AT_MOST, 20.0, on=False),
)
CHECKS: Final = tuple(each.check for each in DEFAULT_CRITERIA)
UNITS: Final = {LATENCY: "ms", SIZE: "MB"}


@dataclass(frozen=True, slots=True)
class Gate:
    """The criteria of an event type's gate, one for each of CHECKS in their order, at a version.

    Version 0 has the defaults. Further checks are the same for every gate: better than chance (of each head
    too), the features of this code, and labels that were not shuffled.
    """

    version: int = 0
    criteria: tuple[Criterion, ...] = DEFAULT_CRITERIA

    @classmethod
    def of(cls, stored: Any, *, version: int) -> "Gate":
        """The gate with criteria as logged; checks that are newer than the entry have their defaults."""
        logged = {
            each["check"]: Criterion(**each | {"comparison": Comparison(each["comparison"])})
            for each in stored
        }
        return cls(version, tuple(logged.get(each.check, each) for each in DEFAULT_CRITERIA))

    def criterion(self, check: str) -> Criterion:
        return next(each for each in self.criteria if each.check == check)

    def as_data(self) -> list[dict[str, Any]]:
        """The criteria as logged."""
        return [asdict(each) for each in self.criteria]


def check_gate(event_type: str, gate: Gate) -> None:
    """Raises GateInvalid, which names every criterion that is not allowed."""
    if problems := list(_problems(gate)):
        raise GateInvalid(event_type, problems)


def _problems(gate: Gate) -> Iterator[FieldProblem]:
    named = tuple(each.check for each in gate.criteria)
    if named != CHECKS:
        yield "", f"must have one criterion each for {', '.join(CHECKS)}", CHECKS
        return
    for each, default in zip(gate.criteria, DEFAULT_CRITERIA, strict=True):
        yield from _problems_of(each, default)


def _problems_of(criterion: Criterion, default: Criterion) -> Iterator[FieldProblem]:
    name = criterion.check
    if criterion.comparison != default.comparison:
        allowed = default.comparison.value
        yield name, f"must be compared by {allowed!r}, not {criterion.comparison.value!r}", allowed
    if (criterion.limit is None) != (default.limit is None):
        yield name, "has a limit" if default.limit is None else "needs a limit", default.limit
    for what, value in (("limit", criterion.limit or 0.0), ("tolerance", criterion.tolerance)):
        if not (math.isfinite(value) and value >= 0):
            yield name, f"the {what} must be 0 or more, not {value:g}", "0 or more"
    if len(criterion.override) > MAX_GROUP_LENGTH:
        yield name, f"a group's name has at most {MAX_GROUP_LENGTH} characters", MAX_GROUP_LENGTH


def differences(before: Gate, after: Gate) -> list[tuple[str, str, str]]:
    """(criterion, as it was, as it is) of every criterion that differs."""
    pairs = zip(before.criteria, after.criteria, strict=True)
    return [(old.check, criterion_text(old), criterion_text(new)) for old, new in pairs if old != new]


def criterion_text(criterion: Criterion) -> str:
    """A criterion in words.

    >>> criterion_text(Criterion(LATENCY, Comparison.AT_MOST, 10, override="lead"))
    'at most 10 ms; lead may override'
    """
    if not criterion.on:
        return "off"
    unit = f" {UNITS[criterion.check]}" if criterion.check in UNITS else ""
    limit = "" if criterion.limit is None else f" {criterion.limit:,g}{unit}"
    text = criterion.comparison.value + limit
    if criterion.comparison == Comparison.WITHIN_TOLERANCE:
        base = "the share of positives" if criterion.check == CALIBRATION else "the review capacity"
        plus = " plus" if limit else ""
        text = f"at most{limit}{plus} {criterion.tolerance:g} times {base}"
    elif criterion.tolerance:
        text += f", by more than {criterion.tolerance:g}"
    return f"{text}; {criterion.override} may override" if criterion.override else text
