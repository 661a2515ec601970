"""The segments of a policy, compiled once, and asked which one an event is in."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from scoring.rules.expressions.activation import ActivationBuilder
from scoring.rules.expressions.compiling import CompiledExpression, compile_expression
from scoring.rules.expressions.errors import ExpressionFailed, ExpressionInvalid
from scoring.rules.expressions.operands import Operands, operands_of
from scoring.rules.expressions.rewriting import Lookup
from scoring.rules.policies.errors import FieldProblem
from scoring.rules.policies.policy import Policy, Segment
from scoring.rules.rules.compiling import Nameable, operands_now

MAX_ERROR = 300  # characters of an error that a decision records


@dataclass(frozen=True, slots=True)
class SegmentError:
    """A segment whose condition failed on an event or cannot be compiled, so that the event is not in it."""

    segment: str
    number: int
    error: str

    def as_data(self) -> dict[str, Any]:
        return {"name": f"policy segment {self.segment}", "number": self.number, "error": self.error}


@dataclass(frozen=True, slots=True)
class ChosenSegment:
    """The first segment that an event is in, None for none; and those whose condition failed before it."""

    segment: Segment | None = None
    errors: tuple[SegmentError, ...] = ()


NO_SEGMENT = ChosenSegment()


@dataclass(frozen=True, slots=True, eq=False)
class LivePolicy:
    """A policy ready to decide. `broken`: segments that cannot be compiled, because what they name is gone.

    `features`: those that its conditions read, in the order in which `choose` takes their values.
    """

    policy: Policy
    conditions: tuple[tuple[Segment, CompiledExpression], ...]
    broken: tuple[SegmentError, ...]
    builder: ActivationBuilder = field(repr=False)

    @property
    def features(self) -> tuple[str, ...]:
        return self.builder.features

    @property
    def lookups(self) -> frozenset[Lookup]:
        """The (field, list) that some condition looks up."""
        return self.builder.lookups

    def choose(
        self,
        event: Mapping[str, Any],
        *,
        features: Sequence[float | None] | NDArray[Any] = (),
        hits: Collection[Lookup] = frozenset(),
    ) -> ChosenSegment:
        """The segment of an event (data of its receipt). A condition on a missing value does not hold."""
        if not self.conditions:
            return ChosenSegment(errors=self.broken) if self.broken else NO_SEGMENT
        activation = self.builder.build(
            fields=event["fields"],
            source=event["source"],
            signals=event.get("signals"),
            features=features,
            hits=hits,
        )
        errors = list(self.broken)
        for segment, condition in self.conditions:
            try:
                if condition.matches(activation):
                    return ChosenSegment(segment, tuple(errors))
            except ExpressionFailed as failed:
                errors.append(_error(self.policy, segment, failed.problem))
        return ChosenSegment(None, tuple(errors))


def compile_policy(policy: Policy) -> LivePolicy:
    """The policy with its conditions compiled; one that cannot be compiled stops none of the others."""
    operands = operands_of(policy.event_type)
    conditions, broken = [], []
    for segment in policy.segments:
        try:
            conditions.append((segment, compile_expression(segment.expression, operands)))
        except ExpressionInvalid as error:
            broken.append(_error(policy, segment, str(error)))
    builder = ActivationBuilder(condition for _, condition in conditions)
    return LivePolicy(policy, tuple(conditions), tuple(broken), builder)


def condition_problems(policy: Policy, nameable: Nameable | None = None) -> Iterator[FieldProblem]:
    """The problems of a draft's conditions, with segment and place. `nameable` as for `operands_now`."""
    if not policy.segments:
        return
    operands = operands_now(policy.event_type, nameable)
    for number, segment in enumerate(policy.segments, start=1):
        for problem, allowed in _problems_of(segment.expression, operands):
            yield f"segments.{number}.expression", problem, allowed


def _problems_of(text: str, operands: Operands) -> Iterator[tuple[str, object]]:
    try:
        condition = compile_expression(text, operands)
    except ExpressionInvalid as error:
        for each in error.problems:
            yield f"line {each.line}, column {each.column}: {each.message}", each.allowed
        return
    if condition.needs_score:
        yield "reads the score, which the segment's thresholds are for", "fields, features and lists"


def _error(policy: Policy, segment: Segment, problem: str) -> SegmentError:
    return SegmentError(segment.name, policy.number, problem[:MAX_ERROR])
