"""Add items to hash banks, replace and remove them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.rules.banks.changing.defining import find_open_bank, required_bank_reason
from scoring.rules.banks.changing.items import CheckedItem, NewItem, check_item
from scoring.rules.banks.definitions import ADDED, REMOVED, BankDefinition
from scoring.rules.banks.errors import InvalidBankChange
from scoring.rules.banks.models import MAX_ITEMS, BankItem
from scoring.rules.lists.changing.listing import EXPIRED, Added, in_parts, on_line
from scoring.rules.lists.changing.values import check_expiry
from scoring.rules.lists.errors import Problem
from scoring.rules.ruleset.stream import Change, change_ruleset
from scoring.timestamps import to_iso

# LIMIT has each hash looked up in the index. PostgreSQL cannot hash bit strings, so without statistics, as
# while a bank is filled, it would compare every row with every hash.
_LIVE = """
    SELECT item.*
      FROM unnest(%s::text[]) AS wanted (hex)
     CROSS JOIN LATERAL (
           SELECT * FROM scoring_bankitem
            WHERE bank_name = %s AND hash = ('x' || wanted.hex)::bit(256) AND removed_version IS NULL
            LIMIT 1) item
"""

MAX_FRAMES = 5_000  # of videos in one entry of the log: 400 KB


@dataclass(slots=True)
class ItemChanges:
    """What adding items does: those to add, the rows that they replace, and how many are there already.

    `replaced` of those to add take the place of others.
    """

    new: list[CheckedItem] = field(default_factory=list)
    ended: list[BankItem] = field(default_factory=list)
    replaced: int = 0
    unchanged: int = 0


def add_items(
    *,
    bank: str,
    items: Sequence[NewItem],
    actor: str,
    now: datetime,
    replace: bool = False,
    only_own: bool = False,
) -> Added:
    """Add hashes to a bank, all or none. A hash that is there stays as it is, unless it has expired.

    With `replace` a hash that is there gets the new quality, source, reason, expiry and tags; `only_own`
    refuses this for items that others added. Raises UnknownBank, BankArchived, and InvalidBankChange with
    every problem, each with the line of its item.
    """
    definition = find_open_bank(bank)
    checked = _check_all(definition, items, now=now)
    return add_checked_items(definition, checked, actor=actor, now=now, replace=replace, only_own=only_own)


def add_checked_items(
    definition: BankDefinition,
    items: Sequence[CheckedItem],
    *,
    actor: str,
    now: datetime,
    replace: bool = False,
    only_own: bool = False,
) -> Added:
    """`add_items` of items that were checked and differ from each other."""
    changes = ItemChanges()

    def build() -> list[Change]:
        nonlocal changes
        find_open_bank(definition.name)
        changes = count_item_changes(definition, items, now=now, replace=replace)
        if only_own and (problems := _of_others(changes, items, actor=actor, now=now)):
            raise InvalidBankChange(definition.name, problems)
        added = (item.as_data() for item in changes.new)
        return [
            *_removals(definition.name, changes.ended, reason="replaced" if replace else EXPIRED),
            *_additions(definition.name, added),
        ]

    change_ruleset(build, actor=actor, now=now)
    return Added(len(changes.new), changes.replaced, changes.unchanged)


def remove_items(*, bank: str, ids: Iterable[int], reason: str, actor: str, now: datetime) -> int:
    """Remove the items of these rows, and returns how many were still in the bank.

    Raises UnknownBank, BankArchived, and InvalidBankChange without a reason.
    """
    chosen, removed = list(ids), 0

    def build() -> list[Change]:
        nonlocal removed
        rows = _live_among(find_open_bank(bank), chosen)
        removed = len(rows)
        return list(_removals(bank, rows, reason=required_bank_reason(bank, reason)))

    change_ruleset(build, actor=actor, now=now)
    return removed


def change_item_expiry(
    *, bank: str, ids: Iterable[int], expires_at: datetime | None, actor: str, now: datetime
) -> int:
    """Give the items of these rows another expiry (None: for good). Returns how many changed.

    An item keeps all else, and has a new row: what held until now stays on record. Raises UnknownBank,
    BankArchived, InvalidBankChange.
    """
    chosen, changed = list(ids), 0
    try:
        check_expiry(expires_at, now)
    except FieldError as error:
        raise InvalidBankChange(bank, [Problem("expires_at", error.problem, error.allowed)]) from None

    def build() -> list[Change]:
        nonlocal changed
        rows = [row for row in _live_among(find_open_bank(bank), chosen) if row.expires_at != expires_at]
        changed = len(rows)
        again = (_row_as_data(row, expires_at) for row in rows)
        return [*_removals(bank, rows, reason="expiry changed"), *_additions(bank, again)]

    change_ruleset(build, actor=actor, now=now)
    return changed


def count_item_changes(
    definition: BankDefinition, items: Sequence[CheckedItem], *, now: datetime, replace: bool = False
) -> ItemChanges:
    """What `add_checked_items` would do now."""
    live = _live_rows(definition.name, [item.hash for item in items])
    changes = ItemChanges()
    for item in items:
        row = live.get(item.hash)
        if row is not None and not (replace or row.is_expired(now)):
            changes.unchanged += 1
            continue
        changes.new.append(item)
        if row is not None:
            changes.ended.append(row)
            changes.replaced += 1
    return changes


def _check_all(definition: BankDefinition, items: Sequence[NewItem], *, now: datetime) -> list[CheckedItem]:
    """Every item in canonical form. Raises InvalidBankChange with all problems, by line."""
    checked: list[CheckedItem] = []
    problems: list[Problem] = []
    first_lines: dict[str, int] = {}
    for line, new in enumerate(items, start=1):
        result = check_item(definition, new, now=now)
        if isinstance(result, list):
            problems += [on_line(line, problem) for problem in result]
            continue
        first = first_lines.setdefault(result.hash, line)
        if first != line:
            problems.append(on_line(line, Problem("hash", f"repeats line {first}", "each hash once")))
        checked.append(result)
    if problems:
        raise InvalidBankChange(definition.name, problems)
    return checked


def _of_others(
    changes: ItemChanges, items: Sequence[CheckedItem], *, actor: str, now: datetime
) -> list[Problem]:
    """The items that would take the place of one that another person added and that still holds."""
    authors = {
        row.hex: row.added_by for row in changes.ended if row.added_by != actor and not row.is_expired(now)
    }
    allowed = "hashes that you added; others need the permission to change any item"
    return [
        on_line(line, Problem("hash", f"was added by {authors[item.hash].removeprefix('user/')}", allowed))
        for line, item in enumerate(items, start=1)
        if item.hash in authors
    ]


def _live_rows(bank: str, hashes: Sequence[str]) -> dict[str, BankItem]:
    """The rows of these hashes that are in the bank, expired ones too."""
    found = BankItem.objects.raw(_LIVE, [list(hashes), bank])
    return {row.hex: row for row in found}


def _live_among(definition: BankDefinition, ids: Sequence[int]) -> list[BankItem]:
    """The rows of `ids` that are in the bank."""
    found = BankItem.objects.filter(bank_name=definition.name, id__in=ids, removed_version=None)
    return list(found.order_by("id"))


def _additions(bank: str, items: Iterable[dict[str, Any]]) -> Iterator[Change]:
    for part in _parts(items):
        yield Change(ADDED, {"bank": bank, "items": part})


def _parts(items: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Items for one entry each: at most MAX_ITEMS, and about MAX_FRAMES frames of videos."""
    part: list[dict[str, Any]] = []
    frames = 0
    for item in items:
        more = len(item.get("frames", ()))
        if part and (len(part) == MAX_ITEMS or frames + more > MAX_FRAMES):
            yield part
            part, frames = [], 0
        part.append(item)
        frames += more
    if part:
        yield part


def _removals(bank: str, rows: Sequence[BankItem], *, reason: str) -> Iterator[Change]:
    for part in in_parts(rows, MAX_ITEMS):
        yield Change(REMOVED, {"bank": bank, "reason": reason, "items": [_removed(row) for row in part]})


def _removed(row: BankItem) -> dict[str, Any]:
    """An item in a `bank.items_removed`; of a video with the number of its frames."""
    told = {"hash": row.hex, "added": row.added_version, "index": row.index}
    return {**told, "frames": len(row.frame_lines)} if row.is_video else told


def _row_as_data(row: BankItem, expires_at: datetime | None) -> dict[str, Any]:
    return {
        "hash": row.hex,
        "quality": row.quality,
        "source": row.source,
        "reason": row.reason,
        "expires_at": to_iso(expires_at) if expires_at else None,
        "tags": row.tags,
        "media": row.media,
        **({"frames": row.frame_lines} if row.is_video else {}),
    }
