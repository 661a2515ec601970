"""All hash banks in memory, as of a version of the ruleset: what processes that decide look files up in.

It answers as the database does (`lookup.py`); a contract test holds the two together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from scoring.log.entries import Entry
from scoring.rules.banks.definitions import (
    ADDED,
    REMOVED,
    BankDefinitions,
    fold_bank_definition,
)
from scoring.rules.banks.models import UNKNOWN_QUALITY, item_id
from scoring.rules.banks.search.hits import BankHit, MediaHashes, ReadFrames, hashes_of_hex
from scoring.rules.banks.search.item_table import NEVER, NOT_REMOVED, ItemColumns
from scoring.rules.banks.search.matching import BankTable, empty_bank, hits_among
from scoring.rules.banks.search.video_table import VideoColumns
from scoring.timestamps import from_iso, to_micros


@dataclass(frozen=True, slots=True)
class BankIndex:
    """The banks of a version of the ruleset; never changed, `after` gives the next one."""

    definitions: BankDefinitions = field(default_factory=dict)
    tables: Mapping[str, BankTable] = field(default_factory=dict)

    def __len__(self) -> int:
        """The number of items, expired ones too."""
        return sum(len(each.pictures) + len(each.videos) for each in self.tables.values())

    def hits(self, media: Sequence[MediaHashes], now: datetime, *, read_frames: ReadFrames) -> list[BankHit]:
        """The files of an event that match banks, by items that have not expired `now`."""
        if not self.tables:
            return []
        return hits_among(media, self.definitions, self.tables, now=now, read_frames=read_frames)

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
            name: each.applied_to(self.tables.get(name) or empty_bank()) for name, each in changes.items()
        }
        return BankIndex(definitions, {**self.tables, **changed})


class _Added(NamedTuple):
    """An item that an entry adds. `frames`: of a video."""

    hash: str
    expires_us: int
    quality: int
    frames: Sequence[str]


@dataclass(slots=True)
class _Changes:
    """What entries change in one bank: the items that they add and leave there, and those they remove."""

    added: dict[int, _Added] = field(default_factory=dict)
    removed_pictures: list[int] = field(default_factory=list)
    removed_videos: list[int] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        for index, item in enumerate(entry.data["items"]):
            expires, quality = item["expires_at"], item["quality"]
            self.added[item_id(entry.stream_version, index)] = _Added(
                item["hash"],
                to_micros(from_iso(expires)) if expires else NEVER,
                UNKNOWN_QUALITY if quality is None else quality,
                item.get("frames", ()),
            )

    def remove(self, entry: Entry) -> None:
        for item in entry.data["items"]:
            number = item_id(item["added"], item["index"])
            if self.added.pop(number, None) is None:
                (self.removed_videos if item.get("frames") else self.removed_pictures).append(number)

    def applied_to(self, table: BankTable) -> BankTable:
        pictures = {number: each for number, each in self.added.items() if not each.frames}
        videos = {number: each for number, each in self.added.items() if each.frames}
        hashes = hashes_of_hex([each.hash for each in pictures.values()])
        frames = VideoColumns.of(_columns_of(videos), [each.frames for each in videos.values()])
        return BankTable(
            table.pictures.changed(_columns_of(pictures), hashes, self.removed_pictures),
            table.videos.changed(frames, self.removed_videos)
            if videos or self.removed_videos
            else table.videos,
        )


def _columns_of(items: Mapping[int, _Added]) -> ItemColumns:
    return ItemColumns.of(
        list(items),
        [each.expires_us for each in items.values()],
        [NOT_REMOVED] * len(items),
        [each.quality for each in items.values()],
    )


NO_BANKS = BankIndex()
