"""Exports what is configured, and applies a file: all of it or nothing, through the services that pages use.

What applying would change is found by the same steps in memory, with the checks of those services.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from scoring.configuration.errors import (
    ConfigurationChangedMeanwhile,
    ConfigurationInvalid,
    ItemInvalid,
    Path,
    Problem,
)
from scoring.configuration.reading import Document, read_document
from scoring.configuration.sections.registry import sections
from scoring.configuration.sections.section import Applying, Item, Items, Planning, Section
from scoring.configuration.writing import document_text
from scoring.errors import ScoringError
from scoring.rules.banks.definitions import current_bank_definitions
from scoring.rules.lists.definitions import current_definitions

State = dict[str, Items]
MAX_ITEMS = 2_000  # of a section: other changes of the ruleset wait while a file is applied


@dataclass(frozen=True, slots=True)
class ItemChange:
    """An item before and after; None where there is none."""

    path: Path
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def what(self) -> str:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a file changes.

    `requests`: changes that become requests for approval, which change nothing yet. `state`: a digest of
    what was configured before.
    """

    changes: tuple[ItemChange, ...]
    notes: tuple[str, ...]
    requests: int
    state: str

    @property
    def is_nothing(self) -> bool:
        """Whether applying it again changes nothing."""
        return not self.changes and not self.requests

    @property
    def summary(self) -> str:
        """What there is to apply, in words: "3 items, 1 approval requested"."""
        count = len(self.changes)
        items = f"{count:,} {'item' if count == 1 else 'items'}"
        asked = f"{self.requests:,} {'approval' if self.requests == 1 else 'approvals'} requested"
        return f"{items}, {asked}" if self.requests else items


def export_text() -> str:
    """What is configured, as a file."""
    return document_text({name: _nested(items) for name, items in read_state().items() if items})


def compare_text(
    text: str, *, actor: str, approver: str = "", reason: str, now: datetime, prune: bool = False
) -> Applied:
    """What applying a file would change. It locks nothing, so that other changes need not wait.

    The arguments are those of `apply_text`. Raises ConfigurationInvalid with every problem.
    """
    before = read_state(requests=True)
    planning = Planning(
        *(actor, approver, reason, now, prune),
        lists=dict(current_definitions()),
        banks=dict(current_bank_definitions()),
    )
    planned = _Planned(planning, {name: dict(items) for name, items in before.items()})
    _work_through(read_document(text), planned, before)
    return _applied(before, planned.after, planning)


def apply_text(
    text: str,
    *,
    actor: str,
    approver: str = "",
    reason: str,
    now: datetime,
    prune: bool = False,
    state: str = "",
) -> Applied:
    """Apply a file, all of it or nothing. Returns what changed.

    `approver`: the second person who approves what becomes active for the first time; without one it stays a
    request. `prune`: also take out of use what the sections of the file do not mention. `state`: what was
    configured when the differences were shown. Raises ConfigurationInvalid with every problem, and
    ConfigurationChangedMeanwhile.
    """
    document = read_document(text)
    applying = Applying(actor, approver, reason, now, prune)
    with transaction.atomic():
        before = read_state(requests=True)
        if state and state != _digest(before):
            raise ConfigurationChangedMeanwhile
        _work_through(document, _Stored(applying), before)
        return _applied(before, read_state(requests=True), applying)


def read_state(*, requests: bool = False) -> State:
    """Every section's items, with activations that wait for approval if `requests`."""
    return {section.name: section.export(requests=requests) for section in sections()}


@dataclass(frozen=True, slots=True)
class _Stored:
    """Applies items for good; one that is refused changes nothing of its own."""

    applying: Applying

    def apply(self, section: Section, key: Path, data: dict[str, Any]) -> None:
        with transaction.atomic():
            section.apply(key, data, self.applying)

    def remove(self, section: Section, key: Path) -> None:
        with transaction.atomic():
            section.remove(key, self.applying)


@dataclass(frozen=True, slots=True)
class _Planned:
    """Notes in `after` what items would become."""

    applying: Planning
    after: State

    def apply(self, section: Section, key: Path, data: dict[str, Any]) -> None:
        self._note(section, key, section.plan(key, data, self.applying))

    def remove(self, section: Section, key: Path) -> None:
        self._note(section, key, section.plan_removal(key, self.applying))

    def _note(self, section: Section, key: Path, item: Item | None) -> None:
        if item is None:
            self.after[section.name].pop(key, None)
        else:
            self.after[section.name][key] = item


_Target = _Stored | _Planned


def _applied(before: State, after: State, applying: Applying) -> Applied:
    changes = tuple(_changes(before, after))
    return Applied(changes, tuple(applying.notes), applying.requests, _digest(before))


def _work_through(document: Document, target: _Target, before: State) -> None:
    """Apply every item of the file. Raises ConfigurationInvalid with every problem."""
    if problems := list(_problems(document, target, before)):
        raise ConfigurationInvalid(problems)


def _problems(document: Document, target: _Target, before: State) -> Iterator[Problem]:
    yield from _unknown_sections(document)
    for section in sections():
        if section.name in document.data:
            items: Items = {}
            yield from _collect(document, section, (), document.data[section.name], items)
            if len(items) > MAX_ITEMS:
                found, path = f"has {len(items):,} items", (section.name,)
                yield Problem(path, document.line_of(path), found, f"at most {MAX_ITEMS:,}")
                return
            for key, data in items.items():
                yield from _apply_item(document, section, key, data, target)
            if target.applying.prune:
                yield from _prune(document, section, before[section.name].keys() - items.keys(), target)


def _collect(document: Document, section: Section, key: Path, data: Any, items: Items) -> Iterator[Problem]:
    """Add the items below a name of the file."""
    path = (section.name, *key)
    if data is None and len(key) < section.depth:
        return
    if not isinstance(data, dict):
        names = ", then ".join(("a name", "a name")[: section.depth - len(key)]) or "its members"
        yield Problem(path, document.line_of(path), "is not a mapping", names)
    elif len(key) == section.depth:
        items[key] = data
    else:
        for name, each in data.items():
            yield from _collect(document, section, (*key, name), each, items)


def _apply_item(
    document: Document, section: Section, key: Path, data: dict[str, Any], target: _Target
) -> Iterator[Problem]:
    path = (section.name, *key)
    try:
        target.apply(section, key, data)
    except ItemInvalid as error:
        for within, problem, allowed in error.problems:
            place = (*path, *within)
            yield Problem(place, document.line_of(place), problem, allowed)
    except ScoringError as error:
        yield Problem(path, document.line_of(path), str(error))


def _prune(document: Document, section: Section, keys: set[Path], target: _Target) -> Iterator[Problem]:
    for key in sorted(keys):
        path = (section.name, *key)
        try:
            target.remove(section, key)
        except ScoringError as error:
            yield Problem(path, document.line_of((section.name,)), f"cannot be pruned: {error}")


def _unknown_sections(document: Document) -> Iterator[Problem]:
    known = [section.name for section in sections()]
    for name in document.data:
        if name not in (*known, "version"):
            yield Problem((name,), document.line_of((name,)), "is not a section", known)


def _changes(before: State, after: State) -> Iterator[ItemChange]:
    for name, items in after.items():
        for key in sorted(before[name].keys() | items.keys()):
            old, new = before[name].get(key), items.get(key)
            if old != new:
                yield ItemChange((name, *key), old, new)


def _digest(state: State) -> str:
    text = document_text({name: _nested(items) for name, items in state.items()})
    return hashlib.sha256(text.encode()).hexdigest()


def _nested(items: Mapping[Path, Any]) -> dict[str, Any]:
    """Items by their names, one below the other."""
    nested: dict[str, Any] = {}
    for (*names, last), data in items.items():
        place = nested
        for name in names:
            place = place.setdefault(name, {})
        place[last] = data
    return nested
