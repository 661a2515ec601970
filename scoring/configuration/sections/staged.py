"""Items with versions in stages, which rules and policies are: what a file says of a stage becomes true.

A version is found by its content: moving a text from `shadow` to `active` moves the version. A second person
approves what becomes active for the first time.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from scoring.configuration.errors import ItemInvalid
from scoring.configuration.sections.section import Applying, Data
from scoring.rules.ruleset.life_cycle import ACTIVE, ARCHIVED, DRAFT, SHADOW, StoredVersion

STAGES = (ACTIVE, SHADOW, DRAFT)  # in the order in which they are applied
REQUESTED = "active once approved"  # in differences, not in files


class VersionsHeld(Protocol):
    """The numbers of the versions in use."""

    newest: int
    active: int | None
    shadow: int | None
    requested: int | None
    requested_by: str


class StagedItem(Protocol):
    """The versions of one rule or policy, through its room's services."""

    def in_use(self) -> VersionsHeld | None: ...
    def versions(self) -> Sequence[StoredVersion]:
        """Every version, the newest first."""
        ...

    def content(self, version: StoredVersion) -> dict[str, Any]:
        """What a version says, in the form of the file."""
        ...

    def normalized(self, data: Data, stage: str) -> dict[str, Any]:
        """What the file says, as `content` would. Raises ItemInvalid."""
        ...

    def draft(self, data: Data, stage: str, *, based_on: int, applying: Applying) -> int:
        """Draft a version; gives its number. Raises ItemInvalid."""
        ...

    def stage(self, number: int, stage: str, applying: Applying) -> None: ...
    def request(self, number: int, applying: Applying) -> None: ...
    def approve(self, number: int, applying: Applying) -> None: ...


def exported(item: StagedItem, *, requests: bool = False) -> dict[str, Any]:
    """The contents by stage: the active version, the one in shadow, and the newest if it is a draft.

    With `requests`, a version whose activation waits for approval stands under REQUESTED, not as a draft.
    """
    found, in_use = {}, item.in_use()
    for version in item.versions() if in_use else ():
        if requests and in_use and version.number == in_use.requested:
            found[REQUESTED] = item.content(version)
        elif version.stage in (ACTIVE, SHADOW) or (in_use and _is_newest_draft(version, in_use)):
            found[version.stage] = item.content(version)
    return {stage: found[stage] for stage in (ACTIVE, REQUESTED, SHADOW, DRAFT) if stage in found}


def _is_newest_draft(version: StoredVersion, in_use: VersionsHeld) -> bool:
    return version.stage == DRAFT and version.number == in_use.newest


def apply_stages(item: StagedItem, data: Mapping[str, Any], applying: Applying, *, what: str) -> None:
    """Make every stage what the file says. `what` names the item in notes."""
    unknown = [stage for stage in data if stage not in STAGES]
    if unknown or not data:
        problems = [((stage,), "is not a stage", list(STAGES)) for stage in unknown]
        raise ItemInvalid(problems or [((), "says nothing", f"one or more of {', '.join(STAGES)}")])
    for stage in STAGES:
        if stage in data:
            _apply(item, data[stage], stage, applying, what)
    if applying.prune:
        for stage in exported(item):
            if stage not in data:
                _archive_stage(item, stage, applying)


def _apply(item: StagedItem, data: Data, stage: str, applying: Applying, what: str) -> None:
    wanted = item.normalized(data, stage)
    same = next((each for each in item.versions() if item.content(each) == wanted), None)
    if same is None:
        in_use = item.in_use()
        number = item.draft(data, stage, based_on=in_use.newest if in_use else 0, applying=applying)
        same = next(each for each in item.versions() if each.number == number)
    if same.stage == stage or (stage == DRAFT and same.stage != ARCHIVED):
        return
    if stage == ACTIVE and same.activated_at is None:
        _activate(item, same, applying, what)
    else:
        item.stage(same.number, stage, applying)


def _activate(item: StagedItem, version: StoredVersion, applying: Applying, what: str) -> None:
    """Request the activation, and approve it if the second person is named."""
    in_use = item.in_use()
    if in_use is None or in_use.requested != version.number:
        item.request(version.number, applying)
        applying.requests += not applying.approver
    if applying.approver:
        item.approve(version.number, applying)
    else:
        applying.notes.append(
            f"{what}: version {version.number} becomes active once a second person approves it."
        )


def _archive_stage(item: StagedItem, stage: str, applying: Applying) -> None:
    for version in item.versions():
        if version.stage == stage:
            item.stage(version.number, ARCHIVED, applying)
            return


def remove_stages(item: StagedItem, applying: Applying) -> None:
    """Archive everything that an export would have."""
    for stage in exported(item):
        _archive_stage(item, stage, applying)
