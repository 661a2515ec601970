"""A version's way through its stages. It becomes active only when a second person approves it."""

from collections.abc import Sequence
from datetime import datetime

from scoring.log.entries import Entry
from scoring.rules.rules.compiling import check_expression
from scoring.rules.rules.models import StoredRuleVersion
from scoring.rules.rules.stored import find_rule, find_rule_version
from scoring.rules.ruleset.life_cycle import ACTIVE, LIVE, SHADOW, LifeCycle
from scoring.rules.ruleset.stream import Change, change_ruleset


def stage_rule(
    *, event_type: str, name: str, number: int, stage: str, actor: str, now: datetime, reason: str = ""
) -> list[Entry]:
    """Move a version to another stage. A version that holds that stage alone makes room for it.

    To become active, a version must have been active before (a rollback): others need an approval. Raises
    UnknownRule, UnknownRuleVersion, StageNotAllowed, ApprovalNeeded; ReasonRequired for a change to or from
    active; InvalidRule for an expression that names what no longer exists.
    """

    def build() -> Sequence[Change]:
        version = find_rule_version(event_type, name, number)
        changes = _life_cycle(event_type, name).stage(version, stage, by=actor, reason=reason)
        if stage in LIVE:
            check_expression(version.expression, event_type)
        return changes

    return change_ruleset(build, actor=actor, now=now)


def request_activation(
    *, event_type: str, name: str, number: int, actor: str, now: datetime, reason: str = ""
) -> Entry:
    """Ask a second person to activate a version. Until then, it keeps its stage.

    Raises UnknownRule, UnknownRuleVersion, StageNotAllowed, ActivationAlreadyRequested, InvalidRule.
    """

    def build() -> Sequence[Change]:
        version = find_rule_version(event_type, name, number)
        changes = _life_cycle(event_type, name).request(version, by=actor, reason=reason)
        check_expression(version.expression, event_type)
        return changes

    return change_ruleset(build, actor=actor, now=now)[0]


def approve_activation(
    *, event_type: str, name: str, number: int, actor: str, now: datetime, reason: str = ""
) -> list[Entry]:
    """Make the requested version active, and archive the one that was. It holds from the next batch on.

    Raises UnknownRule, UnknownRuleVersion, NoActivationRequested, StageNotAllowed, InvalidRule; OwnVersion if
    `actor` drafted the version or requested its activation.
    """

    def build() -> Sequence[Change]:
        version = find_rule_version(event_type, name, number)
        changes = _life_cycle(event_type, name).approve(version, by=actor, reason=reason)
        check_expression(version.expression, event_type)
        return changes

    return change_ruleset(build, actor=actor, now=now)


def reject_activation(
    *, event_type: str, name: str, number: int, actor: str, now: datetime, reason: str
) -> Entry:
    """Refuse the requested activation, or withdraw one's own; the version keeps its stage.

    Raises UnknownRule, UnknownRuleVersion, NoActivationRequested, ReasonRequired.
    """

    def build() -> Sequence[Change]:
        version = find_rule_version(event_type, name, number)
        return _life_cycle(event_type, name).reject(version, by=actor, reason=reason)

    return change_ruleset(build, actor=actor, now=now)[0]


def archive_rule(*, event_type: str, name: str, actor: str, now: datetime, reason: str) -> list[Entry]:
    """Archive every version of a rule that is not archived yet. Raises UnknownRule, ReasonRequired."""

    def build() -> Sequence[Change]:
        life_cycle = _life_cycle(event_type, name)
        versions = StoredRuleVersion.objects.filter(event_type=event_type, name=name).order_by("number")
        return life_cycle.archive(list(versions), by=actor, reason=reason)

    return change_ruleset(build, actor=actor, now=now)


def _life_cycle(event_type: str, name: str) -> LifeCycle:
    """The rule's versions in use. Raises UnknownRule."""
    rule = find_rule(event_type, name)

    def find(number: int | None) -> StoredRuleVersion | None:
        return None if number is None else find_rule_version(event_type, name, number)

    return LifeCycle(
        kind="rule",
        names={"event_type": event_type, "name": name},
        held={ACTIVE: find(rule.active), SHADOW: find(rule.shadow)},
        requested=find(rule.requested),
        requested_by=rule.requested_by,
    )
