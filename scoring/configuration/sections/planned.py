"""A rule or policy in memory: what a file would make of its versions, without changing what is stored.

The checks are those of the services, and the changes are folded by the projections' own functions.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Protocol

import orjson
from django.db import models

from scoring.configuration.sections.section import Applying, Data
from scoring.configuration.sections.staged import StagedItem, VersionsHeld
from scoring.log.entries import Entry, canonical_json
from scoring.log.projections import StateProjection
from scoring.log.rebuild import find_projection
from scoring.rules.rules.compiling import Nameable
from scoring.rules.ruleset.life_cycle import ACTIVE, LIVE, SHADOW, LifeCycle, StoredVersion
from scoring.rules.ruleset.life_cycle_rows import VersionInStages, VersionsInUse
from scoring.rules.ruleset.stream import Change
from scoring.sql.bulk_tables import Row


class PlannableItem(StagedItem, Protocol):
    """The versions of one rule or policy, and the checks of its room. `kind`: "rule" or "policy"."""

    @property
    def kind(self) -> str: ...
    @property
    def names(self) -> dict[str, str]: ...
    @property
    def heads(self) -> type[VersionsInUse]:
        """The table of the versions in use."""
        ...

    @property
    def stored(self) -> type[VersionInStages]:
        """The table of versions."""
        ...

    def drafted(self, data: Data, stage: str, *, number: int, nameable: Nameable) -> Change:
        """The change that drafts a version. Raises ItemInvalid."""
        ...

    def check_live(self, version: Any, nameable: Nameable) -> None:
        """Raises an error of the room for a version that events cannot be asked."""
        ...


class PlannedItem:
    """Takes the place of a stored item (`StagedItem`)."""

    def __init__(self, item: PlannableItem, nameable: Nameable) -> None:
        self._item, self._nameable = item, nameable
        self._heads = _InMemory(item.heads, [head] if (head := item.in_use()) else [])
        self._versions = _InMemory(item.stored, item.versions())

    def in_use(self) -> VersionsHeld | None:
        return next(iter(self._heads.all()), None)

    def versions(self) -> Sequence[StoredVersion]:
        return sorted(self._versions.all(), key=lambda version: -version.number)

    def content(self, version: StoredVersion) -> dict[str, Any]:
        return self._item.content(version)

    def normalized(self, data: Data, stage: str) -> dict[str, Any]:
        return self._item.normalized(data, stage)

    def draft(self, data: Data, stage: str, *, based_on: int, applying: Applying) -> int:
        number = based_on + 1
        change = self._item.drafted(data, stage, number=number, nameable=self._nameable)
        self._take([change], actor=applying.actor, now=applying.now)
        return number

    def stage(self, number: int, stage: str, applying: Applying) -> None:
        version = self._find(number)
        changes = self._life_cycle().stage(version, stage, by=applying.actor, reason=applying.reason)
        if stage in LIVE:
            self._item.check_live(version, self._nameable)
        self._take(changes, actor=applying.actor, now=applying.now)

    def request(self, number: int, applying: Applying) -> None:
        version = self._find(number)
        changes = self._life_cycle().request(version, by=applying.actor, reason=applying.reason)
        self._item.check_live(version, self._nameable)
        self._take(changes, actor=applying.actor, now=applying.now)

    def approve(self, number: int, applying: Applying) -> None:
        version = self._find(number)
        changes = self._life_cycle().approve(version, by=applying.approver, reason=applying.reason)
        self._item.check_live(version, self._nameable)
        self._take(changes, actor=applying.approver, now=applying.now)

    def _find(self, number: int) -> StoredVersion:
        return next(each for each in self.versions() if each.number == number)

    def _life_cycle(self) -> LifeCycle:
        head = self.in_use()
        if head is None:
            raise ValueError(f"no version of the {self._item.kind} was drafted")

        def held(number: int | None) -> StoredVersion | None:
            return None if number is None else self._find(number)

        return LifeCycle(
            kind=self._item.kind,
            names=self._item.names,
            held={ACTIVE: held(head.active), SHADOW: held(head.shadow)},
            requested=held(head.requested),
            requested_by=head.requested_by,
        )

    def _take(self, changes: Sequence[Change], *, actor: str, now: datetime) -> None:
        entries = [_entry(change, actor=actor, now=now) for change in changes]
        self._heads.fold(entries)
        self._versions.fold(entries)


class _InMemory:
    """Rows of a table in memory, and how entries change them."""

    def __init__(self, model: type[models.Model], rows: Collection[Any]) -> None:
        projection = find_projection(model._meta.db_table)
        if not isinstance(projection, StateProjection):
            raise TypeError(f"{model.__name__} is not a table of states")
        self._model, self._projection = model, projection
        self._rows: dict[Any, Row] = {row.pk: _row_of(row) for row in rows}

    def all(self) -> list[Any]:
        return [self._model(**row) for row in self._rows.values()]

    def fold(self, entries: Sequence[Entry]) -> None:
        self._projection.fold(self._rows, entries)


def _row_of(stored: models.Model) -> Row:
    return {field.attname: getattr(stored, field.attname) for field in stored._meta.concrete_fields}


def _entry(change: Change, *, actor: str, now: datetime) -> Entry:
    """The change as the log, and then a table, would give it back."""
    data = _as_stored(orjson.loads(canonical_json(change.data)))
    return Entry(0, 0, 0, "", 0, change.type, 1, data, None, {"actor": actor, **change.metadata}, now)


def _as_stored(value: Any) -> Any:
    """A JSON value with its members in the order of PostgreSQL's jsonb: short names first, then by bytes."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
        return {name: _as_stored(value[name]) for name in names}
    return [_as_stored(each) for each in value] if isinstance(value, list) else value
