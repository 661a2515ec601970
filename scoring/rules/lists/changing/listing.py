"""Add values to lists, replace and remove them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from scoring.catalog.errors import FieldError
from scoring.log import vault
from scoring.rules.lists.changing.defining import find_open_list, required_reason
from scoring.rules.lists.changing.values import (
    CheckedValue,
    NewValue,
    check_expiry,
    check_value,
    parse_value,
    store_personal,
)
from scoring.rules.lists.definitions import ADDED, REMOVED, ListDefinition
from scoring.rules.lists.errors import InvalidListChange, Problem
from scoring.rules.lists.kinds import listed_kinds
from scoring.rules.lists.models import MAX_VALUES, ListedValue
from scoring.rules.ruleset.stream import Change, change_ruleset
from scoring.timestamps import to_iso

T = TypeVar("T")

EXPIRED = "expired"  # why a value is removed whose place another one takes


@dataclass(frozen=True, slots=True)
class Added:
    """How many values were added, how many of them in place of others, and how many were there already."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class Changes:
    """What adding values does: those to add, the rows that they replace, and how many are there already.

    `replaced` of those to add take the place of others.
    """

    new: list[CheckedValue] = field(default_factory=list)
    ended: list[ListedValue] = field(default_factory=list)
    replaced: int = 0
    unchanged: int = 0


def add_values(
    *,
    list_name: str,
    values: Sequence[NewValue],
    actor: str,
    now: datetime,
    replace: bool = False,
    only_own: bool = False,
) -> Added:
    """Add values to a list, all or none. A value that is there stays as it is, unless it has expired.

    With `replace` a value that is there gets the new reason, expiry and tags; `only_own` refuses this for
    values that others listed. Raises UnknownList, ListArchived, and InvalidListChange with every problem,
    each with the line of its value.
    """
    definition = find_open_list(list_name)
    checked = _check_all(definition, values, now=now)
    return add_checked(definition, checked, actor=actor, now=now, replace=replace, only_own=only_own)


def add_checked(
    definition: ListDefinition,
    values: Sequence[CheckedValue],
    *,
    actor: str,
    now: datetime,
    replace: bool = False,
    only_own: bool = False,
) -> Added:
    """`add_values` of values that were checked and differ from each other."""
    changes = Changes()

    def build() -> list[Change]:
        nonlocal changes
        find_open_list(definition.name)
        changes = count_changes(definition, values, now=now, replace=replace)
        if only_own and (problems := _of_others(changes, values, actor=actor, now=now)):
            raise InvalidListChange(definition.name, problems)
        store_personal(changes.new)
        elements = (element for value in changes.new for element in value.as_data())
        reason = "replaced" if replace else EXPIRED
        return [
            *_removals(definition.name, changes.ended, reason=reason),
            *(
                Change(ADDED, {"list": definition.name, "values": part})
                for part in in_parts(elements, MAX_VALUES)
            ),
        ]

    change_ruleset(build, actor=actor, now=now)
    return Added(len(changes.new), changes.replaced, changes.unchanged)


def remove_values(*, list_name: str, values: Sequence[str], reason: str, actor: str, now: datetime) -> int:
    """Remove values, given as text, from a list, all or none. Returns how many.

    Raises UnknownList, ListArchived, and InvalidListChange naming each line whose value is not on the list.
    """
    definition = find_open_list(list_name)
    keys = [_keys_on_line(definition, line, text) for line, text in enumerate(values, start=1)]

    def build() -> list[Change]:
        rows = _live_rows(list_name, [key for each in keys if not isinstance(each, Problem) for key in each])
        problems = [
            problem for line, each in enumerate(keys, start=1) if (problem := _not_listed(each, line, rows))
        ]
        if problems:
            raise InvalidListChange(list_name, problems)
        return list(_removals(list_name, list(rows.values()), reason=required_reason(list_name, reason)))

    change_ruleset(build, actor=actor, now=now)
    return len(values)


def remove_rows(*, list_name: str, ids: Iterable[int], reason: str, actor: str, now: datetime) -> int:
    """Remove the values of these rows, and returns how many were still on the list."""
    chosen, removed = list(ids), 0

    def build() -> list[Change]:
        nonlocal removed
        rows = _live_among(find_open_list(list_name), chosen)
        removed = len(rows)
        return list(_removals(list_name, rows, reason=required_reason(list_name, reason)))

    change_ruleset(build, actor=actor, now=now)
    return removed


def change_expiry(
    *, list_name: str, ids: Iterable[int], expires_at: datetime | None, actor: str, now: datetime
) -> int:
    """Give the values of these rows another expiry (None: for good). Returns how many changed.

    A value keeps its reason and tags, and has a new row: what held until now stays on record. Raises
    UnknownList, ListArchived, InvalidListChange.
    """
    chosen, changed = list(ids), 0
    try:
        check_expiry(expires_at, now)
    except FieldError as error:
        raise InvalidListChange(list_name, [Problem("expires_at", error.problem, error.allowed)]) from None

    def build() -> list[Change]:
        nonlocal changed
        live = _live_among(find_open_list(list_name), chosen)
        rows = [row for row in live if row.expires_at != expires_at]
        changed = len(rows)
        again = [_row_as_data(row, expires_at) for row in rows]
        return [
            *_removals(list_name, rows, reason="expiry changed"),
            *(Change(ADDED, {"list": list_name, "values": part}) for part in in_parts(again, MAX_VALUES)),
        ]

    change_ruleset(build, actor=actor, now=now)
    return changed


def _check_all(
    definition: ListDefinition, values: Sequence[NewValue], *, now: datetime
) -> list[CheckedValue]:
    """Every value in canonical form. Raises InvalidListChange with all problems, by line."""
    checked: list[CheckedValue] = []
    problems: list[Problem] = []
    first_lines: dict[bytes, int] = {}
    for line, new in enumerate(values, start=1):
        result = check_value(definition, new, now=now)
        if isinstance(result, list):
            problems += [on_line(line, problem) for problem in result]
            continue
        first = first_lines.setdefault(result.parsed.keys[0], line)
        if first != line:
            problems.append(on_line(line, Problem("value", f"repeats line {first}", "each value once")))
        checked.append(result)
    if problems:
        raise InvalidListChange(definition.name, problems)
    return checked


def on_line(line: int, problem: Problem) -> Problem:
    return problem._replace(field=f"line {line}, {problem.field}")


def count_changes(
    definition: ListDefinition, values: Sequence[CheckedValue], *, now: datetime, replace: bool = False
) -> Changes:
    """What `add_checked` would do now."""
    live = _live_rows(definition.name, [key for value in values for key in value.parsed.keys])
    changes = Changes()
    for value in values:
        there = [live[key] for key in value.parsed.keys if key in live]
        is_whole = len(there) == len(value.parsed.keys)
        if is_whole and not (replace or any(row.is_expired(now) for row in there)):
            changes.unchanged += 1
            continue
        changes.ended += there
        changes.new.append(value)
        changes.replaced += bool(there)
    return changes


def _of_others(
    changes: Changes, values: Sequence[CheckedValue], *, actor: str, now: datetime
) -> list[Problem]:
    """The values that would take the place of one that another person listed and that still holds."""
    authors = {
        bytes(row.key): row.added_by
        for row in changes.ended
        if row.added_by != actor and not row.is_expired(now)
    }
    allowed = "values that you listed; others need the permission to change any value"
    return [
        on_line(line, Problem("value", f"was listed by {author.removeprefix('user/')}", allowed))
        for line, value in enumerate(values, start=1)
        if (author := next((authors[key] for key in value.parsed.keys if key in authors), None))
    ]


def _live_rows(list_name: str, keys: Sequence[bytes]) -> dict[bytes, ListedValue]:
    """The rows of these keys that are on the list, expired ones too."""
    found = ListedValue.objects.filter(list_name=list_name, key__in=keys, removed_version=None)
    return {bytes(row.key): row for row in found}


def _live_among(definition: ListDefinition, ids: Sequence[int]) -> list[ListedValue]:
    """The rows of `ids` that are on the list, with those of their values' other keys."""
    found = ListedValue.objects.filter(list_name=definition.name, id__in=ids, removed_version=None)
    rows = {bytes(row.key): row for row in found.order_by("id")}
    if len(listed_kinds()[definition.kind].fields) > 1:
        texts = vault.reveal(key.hex() for key, row in rows.items() if not row.value)
        others = {key for text in texts.values() for key in parse_value(definition, text).keys}
        rows |= _live_rows(definition.name, sorted(others - rows.keys()))
    return list(rows.values())


def _removals(list_name: str, rows: Sequence[ListedValue], *, reason: str) -> Iterator[Change]:
    for part in in_parts(rows, MAX_VALUES):
        values = [
            {"key": bytes(row.key).hex(), "added": row.added_version, "index": row.index} for row in part
        ]
        yield Change(REMOVED, {"list": list_name, "reason": reason, "values": values})


def _row_as_data(row: ListedValue, expires_at: datetime | None) -> dict[str, Any]:
    return {
        "key": bytes(row.key).hex(),
        "value": row.value,
        "reason": row.reason,
        "expires_at": to_iso(expires_at) if expires_at else None,
        "tags": row.tags,
    }


def _keys_on_line(definition: ListDefinition, line: int, text: str) -> tuple[bytes, ...] | Problem:
    try:
        return parse_value(definition, text).keys
    except FieldError as error:
        return on_line(line, Problem("value", error.problem, error.allowed))


def _not_listed(
    found: tuple[bytes, ...] | Problem, line: int, rows: Mapping[bytes, ListedValue]
) -> Problem | None:
    if isinstance(found, Problem):
        return found
    if any(key in rows for key in found):
        return None
    return on_line(line, Problem("value", "is not on the list", "a value of the list"))


def in_parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part
