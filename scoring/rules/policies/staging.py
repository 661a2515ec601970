"""A policy's way through its stages. It becomes active only when a second person approves it."""

from collections.abc import Sequence
from datetime import datetime

from scoring.log.entries import Entry
from scoring.rules.policies.models import PolicyInUse, StoredPolicy
from scoring.rules.policies.stored import find_policy
from scoring.rules.ruleset.life_cycle import ACTIVE, SHADOW, LifeCycle
from scoring.rules.ruleset.stream import Change, change_ruleset


def stage_policy(
    *, event_type: str, number: int, stage: str, actor: str, now: datetime, reason: str = ""
) -> list[Entry]:
    """Move a version to another stage. Without an active one, models' own thresholds decide.

    To become active, a version must have been active before (a roll-back): others need an approval. Raises
    UnknownPolicy, StageNotAllowed, ApprovalNeeded; ReasonRequired for a change to or from active.
    """

    def build() -> Sequence[Change]:
        version = find_policy(event_type, number)
        return _life_cycle(event_type).stage(version, stage, by=actor, reason=reason)

    return change_ruleset(build, actor=actor, now=now)


def request_activation(*, event_type: str, number: int, actor: str, now: datetime, reason: str = "") -> Entry:
    """Ask a second person to activate a version. Until then, it keeps its stage.

    Raises UnknownPolicy, StageNotAllowed, ActivationAlreadyRequested.
    """

    def build() -> Sequence[Change]:
        version = find_policy(event_type, number)
        return _life_cycle(event_type).request(version, by=actor, reason=reason)

    return change_ruleset(build, actor=actor, now=now)[0]


def approve_activation(
    *, event_type: str, number: int, actor: str, now: datetime, reason: str = ""
) -> list[Entry]:
    """Make the requested version active, and archive the one that was. It holds from the next batch on.

    Raises UnknownPolicy, NoActivationRequested, StageNotAllowed; OwnVersion if `actor` drafted the version or
    requested its activation.
    """

    def build() -> Sequence[Change]:
        version = find_policy(event_type, number)
        return _life_cycle(event_type).approve(version, by=actor, reason=reason)

    return change_ruleset(build, actor=actor, now=now)


def reject_activation(*, event_type: str, number: int, actor: str, now: datetime, reason: str) -> Entry:
    """Refuse the requested activation, or withdraw one's own; the version keeps its stage.

    Raises UnknownPolicy, NoActivationRequested, ReasonRequired.
    """

    def build() -> Sequence[Change]:
        version = find_policy(event_type, number)
        return _life_cycle(event_type).reject(version, by=actor, reason=reason)

    return change_ruleset(build, actor=actor, now=now)[0]


def _life_cycle(event_type: str) -> LifeCycle:
    """The policy's versions in use, of an event type that has some."""
    in_use = PolicyInUse.objects.get(pk=event_type)

    def find(number: int | None) -> StoredPolicy | None:
        return None if number is None else find_policy(event_type, number)

    return LifeCycle(
        kind="policy",
        names={"event_type": event_type},
        held={ACTIVE: find(in_use.active), SHADOW: find(in_use.shadow)},
        requested=find(in_use.requested),
        requested_by=in_use.requested_by,
    )
