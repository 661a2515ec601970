"""The definition of a review queue: which cases it takes, who works on them, by when and in which order."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from reviews.queues.errors import QueueInvalid
from scoring.catalog.registry import scored_type
from scoring.configuration.type_settings.errors import FieldProblem
from scoring.configuration.type_settings.rows import check_range
from scoring.rules.rules.compiling import Nameable, expression_problems

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
MAX_DESCRIPTION = 300  # characters
MAX_SLA_MINUTES = 60 * 24 * 90
MAX_WEIGHT = 10.0
MAX_PRIORITY = 1_000
DEFAULT_PRIORITY = 100
# Sources whose cases a quota can bring forward: those that are for learning, and would otherwise come last.
QUOTA_SOURCES: Final = ("sample", "uncertain", "explored", "candidate")
MAX_QUOTA = 0.5


@dataclass(frozen=True, slots=True)
class OrderWeights:
    """What orders the cases of a queue: the expected loss that a verdict averts, the value of its label for
    learning, and the age of the case against the SLA. A weight of 0 leaves a part out.
    """

    loss: float = 1.0
    label: float = 1.0
    age: float = 1.0


@dataclass(frozen=True, slots=True)
class QueueDefinition:
    """A queue of cases of one event type.

    `condition`: an expression of rules; the events that meet it are routed to the queue, unless a queue with
    a lower `priority` takes them. "": it takes what is transferred to it, and the cases of the content policy
    whose queue has its name. `groups`, `users`: its members; without any, all reviewers work on it.
    `sla_minutes`: from the opening of a case to its verdict, 0 for none. `quotas`: the least share of a
    reviewer's cases by source. `one_per_cluster`: of cases that share an entity, one at a time.
    """

    name: str
    event_type: str
    condition: str = ""
    description: str = ""
    priority: int = DEFAULT_PRIORITY
    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    sla_minutes: int = 0
    weights: OrderWeights = OrderWeights()
    quotas: Mapping[str, float] = field(default_factory=dict)
    one_per_cluster: bool = True

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "QueueDefinition":
        """The definition in a `review_queue.defined`; members that are newer than it have their defaults."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        return cls(
            **{
                **known,
                "groups": tuple(data.get("groups", ())),
                "users": tuple(data.get("users", ())),
                "weights": OrderWeights(**data.get("weights", {})),
                "quotas": dict(data.get("quotas", {})),
            }
        )

    def as_data(self) -> dict[str, Any]:
        """As logged in `review_queue.defined`."""
        return {**asdict(self), "groups": list(self.groups), "users": list(self.users)}


def check_definition(definition: QueueDefinition, nameable: Nameable | None = None) -> None:
    """Raises QueueInvalid with every problem; UnknownEventType, EventTypeNotScored.

    `nameable`: the lists and banks that the condition may name, by default those that exist.
    """
    scored_type(definition.event_type)
    if problems := [*_problems(definition), *_condition_problems(definition, nameable)]:
        raise QueueInvalid(definition.name, problems)


def _problems(definition: QueueDefinition) -> Iterator[FieldProblem]:
    if not NAME.fullmatch(definition.name):
        allowed = "lower-case letters, digits and _, starting with a letter, at most 60"
        yield "name", f"{definition.name!r} is not a name", allowed
    if len(definition.description) > MAX_DESCRIPTION:
        allowed = f"at most {MAX_DESCRIPTION} characters"
        yield "description", f"has {len(definition.description)} characters", allowed
    yield from check_range("priority", definition.priority, (0, MAX_PRIORITY))
    yield from check_range("sla_minutes", definition.sla_minutes, (0, MAX_SLA_MINUTES))
    for name, weight in asdict(definition.weights).items():
        yield from check_range(f"weights.{name}", weight, (0, MAX_WEIGHT))
    yield from _quota_problems(definition.quotas)


def _quota_problems(quotas: Mapping[str, float]) -> Iterator[FieldProblem]:
    for source, share in quotas.items():
        if source not in QUOTA_SOURCES:
            yield f"quotas.{source}", "is no source with a quota", QUOTA_SOURCES
        else:
            yield from check_range(f"quotas.{source}", share, (0, MAX_QUOTA))
    if sum(quotas.values()) > MAX_QUOTA:
        yield "quotas", f"are {sum(quotas.values()):.0%} together", f"at most {MAX_QUOTA:.0%}"


def _condition_problems(definition: QueueDefinition, nameable: Nameable | None) -> Iterator[FieldProblem]:
    if definition.condition:
        found = expression_problems(definition.condition, definition.event_type, nameable)
        yield from (("condition", problem, allowed) for _, problem, allowed in found)
