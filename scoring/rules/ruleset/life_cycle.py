"""The life cycle of versions: draft, shadow, active, archived. Rules and policies share it.

A version becomes active only when a second person approves it; one that was active before may return without
that, because going back must be quick. One version at a time is active, one in shadow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from scoring.catalog.parsing.reasons import clean_reason
from scoring.rules.ruleset.errors import (
    ActivationAlreadyRequested,
    ApprovalNeeded,
    NoActivationRequested,
    OwnVersion,
    ReasonRequired,
    StageNotAllowed,
)
from scoring.rules.ruleset.stream import Change

DRAFT: Final = "draft"
SHADOW: Final = "shadow"
ACTIVE: Final = "active"
ARCHIVED: Final = "archived"

STAGES: Final = (DRAFT, SHADOW, ACTIVE, ARCHIVED)
LIVE: Final = (ACTIVE, SHADOW)  # evaluated on every event

# `active` follows an approval by a second person; a version that was active before needs no new one.
NEXT_STAGES: Final[dict[str, tuple[str, ...]]] = {
    DRAFT: (SHADOW, ACTIVE, ARCHIVED),
    SHADOW: (DRAFT, ACTIVE, ARCHIVED),
    ACTIVE: (SHADOW, ARCHIVED),
    ARCHIVED: (DRAFT, SHADOW, ACTIVE),
}
# Only one version is in these stages; the next one moves it on.
DISPLACED_TO: Final = {ACTIVE: ARCHIVED, SHADOW: DRAFT}


def check_stage(version: str, *, now: str, wanted: str) -> None:
    """Raises StageNotAllowed unless a version in stage `now` may go to `wanted`."""
    if wanted not in NEXT_STAGES[now]:
        raise StageNotAllowed(version=version, now=now, wanted=wanted, allowed=NEXT_STAGES[now])


class StoredVersion(Protocol):
    """A version as its table holds it; its text names it, such as "version 3 of velocity".

    `activated_at`: when it first became active, None if it never was.
    """

    number: int
    stage: str
    drafted_by: str
    activated_at: datetime | None


@dataclass(frozen=True, slots=True)
class LifeCycle:
    """The versions of one rule or policy that a change concerns, and the changes that are possible.

    `kind`: the first word of its entry types. `names`: what names it in their data. `held`: the versions that
    are in the stages of which there is one. `requested`: the version whose activation waits for approval.
    Every method returns the changes to append, or raises an error of this room.
    """

    kind: str
    names: Mapping[str, str]
    held: Mapping[str, StoredVersion | None]
    requested: StoredVersion | None
    requested_by: str

    def stage(self, version: StoredVersion, stage: str, *, by: str, reason: str) -> list[Change]:
        """Move a version. Raises StageNotAllowed; ApprovalNeeded to become active for the first time;
        ReasonRequired for a change to or from active.
        """
        check_stage(str(version), now=version.stage, wanted=stage)
        if stage == ACTIVE and version.activated_at is None:
            raise ApprovalNeeded(str(version))
        if ACTIVE in (version.stage, stage) and not reason.strip():
            raise ReasonRequired(f"{version} becomes {stage}")
        return self._staged(version, stage, by=by, reason=reason)

    def request(self, version: StoredVersion, *, by: str, reason: str) -> list[Change]:
        """Ask a second person to activate a version. Raises StageNotAllowed, ActivationAlreadyRequested."""
        check_stage(str(version), now=version.stage, wanted=ACTIVE)
        if self.requested is not None:
            raise ActivationAlreadyRequested(version=str(self.requested), requested_by=self.requested_by)
        return [self._change("activation_requested", version, by=by, reason=reason)]

    def approve(self, version: StoredVersion, *, by: str, reason: str) -> list[Change]:
        """Make the requested version active. Raises NoActivationRequested, StageNotAllowed; OwnVersion for
        the person who drafted it or requested its activation.
        """
        self._require_request(version)
        if by == version.drafted_by:
            raise OwnVersion(version=str(version), actor=by, part="drafted")
        if by == self.requested_by:
            raise OwnVersion(version=str(version), actor=by, part="requested the activation of")
        check_stage(str(version), now=version.stage, wanted=ACTIVE)
        return self._staged(version, ACTIVE, by=by, reason=reason)

    def reject(self, version: StoredVersion, *, by: str, reason: str) -> list[Change]:
        """Refuse the requested activation, or withdraw one's own, which needs no reason.

        Raises NoActivationRequested, ReasonRequired.
        """
        self._require_request(version)
        if not reason.strip() and by != self.requested_by:
            raise ReasonRequired(f"{version} is not activated")
        return [self._change("activation_rejected", version, by=by, reason=reason)]

    def archive(self, versions: Sequence[StoredVersion], *, by: str, reason: str) -> list[Change]:
        """Archive these versions. Raises ReasonRequired."""
        if not reason.strip():
            raise ReasonRequired(
                f"{self.kind} {' of '.join(reversed(list(self.names.values())))} is archived"
            )
        return [
            self._change("staged", version, by=by, reason=reason, stage=ARCHIVED)
            for version in versions
            if version.stage != ARCHIVED
        ]

    def _require_request(self, version: StoredVersion) -> None:
        if self.requested is None or self.requested.number != version.number:
            raise NoActivationRequested(str(version))

    def _staged(self, version: StoredVersion, stage: str, *, by: str, reason: str) -> list[Change]:
        """The version's change, after that of the version which holds the stage now, if another one does."""
        changes = []
        displaced = self.held.get(stage)
        if displaced is not None and displaced.number != version.number:
            why = f"version {version.number} took its place"
            changes.append(self._change("staged", displaced, by=by, reason=why, stage=DISPLACED_TO[stage]))
        return [*changes, self._change("staged", version, by=by, reason=reason, stage=stage)]

    def _change(self, what: str, version: StoredVersion, *, by: str, reason: str, **more: str) -> Change:
        data = {**self.names, "number": version.number, **more, "by": by, "reason": clean_reason(reason)}
        return Change(f"{self.kind}.{what}", data)


def require_reason(reason: str, change: str) -> None:
    """Raises ReasonRequired for a blank reason. `change`: what it must explain, as a clause."""
    if not reason.strip():
        raise ReasonRequired(change)
