"""A version's way through its stages. It becomes active only when a second person approves it."""

from collections.abc import Sequence
from datetime import datetime

from scoring.catalog.card_numbers import mask_card_numbers
from scoring.log.entries import Entry
from scoring.rules.rules.errors import (
    ActivationAlreadyRequested,
    ApprovalNeeded,
    NoActivationRequested,
    OwnRule,
    ReasonRequired,
)
from scoring.rules.rules.lifecycle import ACTIVE, ARCHIVED, DISPLACED_TO, check_stage
from scoring.rules.rules.models import Rule, StoredRuleVersion
from scoring.rules.rules.stored import find_rule, find_rule_version
from scoring.rules.ruleset.stream import Change, change_ruleset

MAX_REASON_LENGTH = 500  # characters


def stage_rule(
    *, event_type: str, name: str, number: int, stage: str, actor: str, now: datetime, reason: str = ""
) -> list[Entry]:
    """Move a version to another stage. A version that holds that stage alone makes room for it.

    To become active, a version must have been active before (a rollback): others need an approval. Raises
    UnknownRule, UnknownRuleVersion, StageNotAllowed, ApprovalNeeded; ReasonRequired for a change to or from
    active.
    """

    def build() -> Sequence[Change]:
        version = find_rule_version(event_type, name, number)
        check_stage(str(version), now=version.stage, wanted=stage)
        if stage == ACTIVE and version.activated_at is None:
            raise ApprovalNeeded(str(version))
        if ACTIVE in (version.stage, stage) and not reason.strip():
            raise ReasonRequired(f"{version} becomes {stage}")
        return _staged(find_rule(event_type, name), version, stage, by=actor, reason=reason)

    return change_ruleset(build, actor=actor, now=now)


def request_activation(
    *, event_type: str, name: str, number: int, actor: str, now: datetime, reason: str = ""
) -> Entry:
    """Ask a second person to activate a version. Until then, it keeps its stage.

    Raises UnknownRule, UnknownRuleVersion, StageNotAllowed, ActivationAlreadyRequested.
    """

    def build() -> Sequence[Change]:
        rule, version = find_rule(event_type, name), find_rule_version(event_type, name, number)
        check_stage(str(version), now=version.stage, wanted=ACTIVE)
        if rule.requested is not None:
            requested = f"version {rule.requested} of {name}"
            raise ActivationAlreadyRequested(rule=requested, requested_by=rule.requested_by)
        return [_change("rule.activation_requested", version, by=actor, reason=reason)]

    return change_ruleset(build, actor=actor, now=now)[0]


def approve_activation(
    *, event_type: str, name: str, number: int, actor: str, now: datetime, reason: str = ""
) -> list[Entry]:
    """Make the requested version active, and archive the one that was. It holds from the next batch on.

    Raises UnknownRule, UnknownRuleVersion, NoActivationRequested, StageNotAllowed; OwnRule if `actor` drafted
    the version or requested its activation.
    """

    def build() -> Sequence[Change]:
        rule, version = _requested(event_type, name, number)
        if actor == version.drafted_by:
            raise OwnRule(rule=str(version), actor=actor, part="drafted")
        if actor == rule.requested_by:
            raise OwnRule(rule=str(version), actor=actor, part="requested the activation of")
        check_stage(str(version), now=version.stage, wanted=ACTIVE)
        return _staged(rule, version, ACTIVE, by=actor, reason=reason)

    return change_ruleset(build, actor=actor, now=now)


def reject_activation(
    *, event_type: str, name: str, number: int, actor: str, now: datetime, reason: str
) -> Entry:
    """Refuse the requested activation, or withdraw one's own; the version keeps its stage.

    Raises UnknownRule, UnknownRuleVersion, NoActivationRequested, ReasonRequired.
    """

    def build() -> Sequence[Change]:
        rule, version = _requested(event_type, name, number)
        if not reason.strip() and actor != rule.requested_by:
            raise ReasonRequired(f"{version} is not activated")
        return [_change("rule.activation_rejected", version, by=actor, reason=reason)]

    return change_ruleset(build, actor=actor, now=now)[0]


def _requested(event_type: str, name: str, number: int) -> tuple[Rule, StoredRuleVersion]:
    rule, version = find_rule(event_type, name), find_rule_version(event_type, name, number)
    if rule.requested != number:
        raise NoActivationRequested(str(version))
    return rule, version


def _staged(rule: Rule, version: StoredRuleVersion, stage: str, *, by: str, reason: str) -> list[Change]:
    """The version's change, after that of the version which holds the stage now, if another one does."""
    changes = []
    held = getattr(rule, stage) if stage in DISPLACED_TO else None
    if held not in (None, version.number):
        displaced = find_rule_version(rule.event_type, rule.name, held)
        why = f"version {version.number} took its place"
        changes.append(_change("rule.staged", displaced, by=by, reason=why, stage=DISPLACED_TO[stage]))
    changes.append(_change("rule.staged", version, by=by, reason=reason, stage=stage))
    return changes


def _change(entry_type: str, version: StoredRuleVersion, *, by: str, reason: str, **more: str) -> Change:
    data = {"event_type": version.event_type, "name": version.name, "number": version.number}
    return Change(entry_type, {**data, **more, "by": by, "reason": clean_reason(reason)})


def clean_reason(reason: str) -> str:
    """A reason in stored form: without the digits of card numbers, and not too long."""
    return mask_card_numbers(" ".join(reason.split()))[:MAX_REASON_LENGTH]


def archive_rule(*, event_type: str, name: str, actor: str, now: datetime, reason: str) -> list[Entry]:
    """Archive every version of a rule that is not archived yet. Raises UnknownRule, ReasonRequired."""

    def build() -> Sequence[Change]:
        rule = find_rule(event_type, name)
        if not reason.strip():
            raise ReasonRequired(f"{rule} is archived")
        versions = StoredRuleVersion.objects.filter(rule=rule.key).exclude(stage=ARCHIVED)
        return [
            _change("rule.staged", version, by=actor, reason=reason, stage=ARCHIVED)
            for version in versions.order_by("number")
        ]

    return change_ruleset(build, actor=actor, now=now)
