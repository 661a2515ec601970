"""Which labels and policies the groups of a reviewer may use in verdicts."""

from collections.abc import Collection, Iterator

from reviews.errors import InvalidVerdict
from reviews.work.verdict_rules import Verdict
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type, event_types


def types_with_verdicts() -> Iterator[type[EventType]]:
    """The event types whose cases get verdicts: scored ones, and appeals."""
    appeals = {kind.appeals for kind in event_types().values()}
    return (kind for name, kind in event_types().items() if kind.scored or name in appeals)


def allowable_labels(kind: type[EventType]) -> tuple[str, ...]:
    """What a group may be allowed of a type: its labels; of one with policies, these and the negative one."""
    if not kind.policies:
        return kind.labels.values
    return (*(policy.name for policy in kind.policies), kind.labels.negative)


def allows(kind: type[EventType], value: str, allowed: Collection[str] | None) -> bool:
    """Whether a label may be used at all: one of a type with policies, if one of these may be."""
    if allowed is None or value in allowed:
        return True
    return value == kind.labels.positive and any(policy.name in allowed for policy in kind.policies)


def check_allowed(event_type_name: str, verdict: Verdict, allowed: Collection[str] | None) -> None:
    """Refuse a verdict with a label or a policy that is not `allowed`; None allows all.

    Raises `InvalidVerdict`, which names it and what is allowed.
    """
    if allowed is None:
        return
    kind = event_type(event_type_name)
    uses_policies = bool(kind.policies) and verdict.value == kind.labels.positive
    used = list(verdict.policies) if uses_policies else [verdict.value]
    for name in used:
        if name not in allowed:
            raise InvalidVerdict(
                field="policies" if uses_policies else "verdict",
                problem=f"{name!r} is not among what your groups may use on a {event_type_name}",
                allowed=", ".join(each for each in allowable_labels(kind) if each in allowed),
            )
