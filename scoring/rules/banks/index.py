"""All hash banks in memory, as of a version of the ruleset: what processes that decide look pictures up in.

It answers as the database does (`lookup.py`); a contract test holds the two together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from scoring.log.entries import Entry
from scoring.rules.banks.definitions import (
    ADDED,
    REMOVED,
    BankDefinition,
    BankDefinitions,
    fold_bank_definition,
    open_banks,
)
from scoring.rules.banks.hits import BankHit, MediaHashes, Nearest, hashes_of_hex
from scoring.rules.banks.item_table import (
    NEVER,
    NOT_REMOVED,
    Conditions,
    ItemColumns,
    ItemTable,
    empty_table,
)
from scoring.rules.banks.models import UNKNOWN_QUALITY, item_id
from scoring.timestamps import from_iso, to_micros


@dataclass(frozen=True, slots=True)
class BankIndex:
    """The banks of a version of the ruleset; never changed, `after` gives the next one."""

    definitions: BankDefinitions = field(default_factory=dict)
    tables: Mapping[str, ItemTable] = field(default_factory=dict)

    def __len__(self) -> int:
        """The number of items, expired ones too."""
        return sum(map(len, self.tables.values()))

    def hits(self, media: Sequence[MediaHashes], now: datetime) -> list[BankHit]:
        """The files of an event that match banks, by items that have not expired `now`."""
        return hits_among(media, self.definitions, self.tables, now=now) if self.tables else []

    def after(self, entries: Iterable[Entry]) -> "BankIndex":
        """The index after further entries of the ruleset, in order; other rooms' are passed over."""
        definitions = self.definitions
        changes: dict[str, _Changes] = {}
        for entry in entries:
            definitions = fold_bank_definition(definitions, entry)
            if entry.type == ADDED:
                changes.setdefault(entry.data["bank"], _Changes()).add(entry)
            elif entry.type == REMOVED:
                changes.setdefault(entry.data["bank"], _Changes()).remove(entry)
        if definitions is self.definitions and not changes:
            return self
        changed = {
            name: each.applied_to(self.tables.get(name) or empty_table()) for name, each in changes.items()
        }
        return BankIndex(definitions, {**self.tables, **changed})


def hits_among(
    media: Sequence[MediaHashes],
    definitions: BankDefinitions,
    tables: Mapping[str, ItemTable],
    *,
    now: datetime,
    version: int | None = None,
) -> list[BankHit]:
    """The hits of an event's files, in order of the files and of the banks' names.

    `version`: of the ruleset, if the tables have the items of all versions.
    """
    now_us = to_micros(now)

    def nearest(definition: BankDefinition, each: MediaHashes) -> Nearest | None:
        conditions = Conditions(definition.distance, definition.min_quality, now_us, version)
        table = tables.get(definition.name)
        return table.nearest(each.of_quality(definition.min_quality), conditions) if table else None

    return [
        BankHit(definition.name, found.item, each.id, found.distance)
        for each in media
        for definition in open_banks(definitions)
        if (found := nearest(definition, each))
    ]


@dataclass(slots=True)
class _Changes:
    """What entries change in one bank: the items that they add and leave there, and those they remove."""

    added: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    removed: list[int] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        for index, item in enumerate(entry.data["items"]):
            expires, quality = item["expires_at"], item["quality"]
            self.added[item_id(entry.stream_version, index)] = (
                item["hash"],
                to_micros(from_iso(expires)) if expires else NEVER,
                UNKNOWN_QUALITY if quality is None else quality,
            )

    def remove(self, entry: Entry) -> None:
        for item in entry.data["items"]:
            number = item_id(item["added"], item["index"])
            if self.added.pop(number, None) is None:
                self.removed.append(number)

    def applied_to(self, table: ItemTable) -> ItemTable:
        ids = list(self.added)
        columns = ItemColumns.of(
            ids,
            [expires for _, expires, _ in self.added.values()],
            [NOT_REMOVED] * len(ids),
            [quality for _, _, quality in self.added.values()],
        )
        return table.changed(
            columns, hashes_of_hex([each for each, _, _ in self.added.values()]), self.removed
        )


NO_BANKS = BankIndex()
