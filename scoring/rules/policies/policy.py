"""A policy: how the score of an event type becomes an outcome. One numbered version, which never changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from scoring.rules.policies.costs import Costs

MODEL: Final = "model"
FIXED: Final = "fixed"
COST: Final = "cost"
CAPACITY: Final = "capacity"
MODES: Final = (MODEL, FIXED, COST, CAPACITY)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the thresholds of a policy by capacity were computed from.

    `cases_a_day`: what reviewers can decide. `since` and `until`: the dates of the scores (ISO 8601),
    `events` their number. `model`: the champion then, whose scores they were.
    """

    cases_a_day: int
    since: str
    until: str
    events: int
    model: str

    def as_data(self) -> dict[str, Any]:
        return {
            "cases_a_day": self.cases_a_day,
            "since": self.since,
            "until": self.until,
            "events": self.events,
            "model": self.model,
        }


@dataclass(frozen=True, slots=True)
class Terms:
    """Where thresholds come from: those of the model, stated ones, costs, or reviewers' capacity.

    `thresholds`: of the modes "fixed" and "capacity", from which scores each outcome is given; an outcome
    that it does not name is never given. `costs` and `capacity`: of their modes.
    """

    mode: str
    thresholds: Mapping[str, float] = field(default_factory=dict)
    costs: Costs | None = None
    capacity: Capacity | None = None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Terms":
        costs, capacity = data.get("costs"), data.get("capacity")
        return cls(
            mode=data["mode"],
            thresholds=data.get("thresholds", {}),
            costs=Costs.of(costs) if costs else None,
            capacity=Capacity(**capacity) if capacity else None,
        )

    def as_data(self) -> dict[str, Any]:
        """The terms as logged; only what their mode needs."""
        data: dict[str, Any] = {"mode": self.mode}
        if self.thresholds:
            data["thresholds"] = dict(self.thresholds)
        if self.costs:
            data["costs"] = self.costs.as_data()
        if self.capacity:
            data["capacity"] = self.capacity.as_data()
        return data


@dataclass(frozen=True, slots=True)
class Segment:
    """Events with terms of their own: those for which the expression holds."""

    name: str
    expression: str
    terms: Terms

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Segment":
        return cls(data["name"], data["expression"], Terms.of(data))

    def as_data(self) -> dict[str, Any]:
        return {"name": self.name, "expression": self.expression, **self.terms.as_data()}


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of an event type. `number` counts its versions from 1.

    The first segment that an event is in gives the terms; `terms` hold for all other events. `heads`: terms
    for the scores of the content policies that it names; those of other policies keep the model's thresholds.
    """

    event_type: str
    number: int
    terms: Terms
    segments: tuple[Segment, ...] = ()
    description: str = ""
    heads: Mapping[str, Terms] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Policy":
        """The policy in a `policy.drafted`."""
        return cls(
            event_type=data["event_type"],
            number=data["number"],
            terms=Terms.of(data),
            segments=tuple(map(Segment.of, data["segments"])),
            description=data["description"],
            heads={name: Terms.of(terms) for name, terms in data.get("policies", {}).items()},
        )

    def as_data(self) -> dict[str, Any]:
        """As logged in `policy.drafted`; versions without terms for content policies do not name any."""
        policies = {name: terms.as_data() for name, terms in self.heads.items()}
        return {
            "event_type": self.event_type,
            "number": self.number,
            **self.terms.as_data(),
            "segments": [segment.as_data() for segment in self.segments],
            "description": self.description,
            **({"policies": policies} if policies else {}),
        }

    def all_terms(self) -> Iterator[tuple[Segment | None, Terms]]:
        """The terms of each segment in order, then those of all other events with None."""
        yield from ((segment, segment.terms) for segment in self.segments)
        yield None, self.terms
