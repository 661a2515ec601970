"""Hits of one event in hash banks, answered by the database as of any version of the ruleset and any time.

For processes that do not keep the banks in memory: the failure policy in the web process, simulation, pages.
The database compares every item with every hash, so a bank that is too large for that is left out, and named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from scoring.images.hashes import Words
from scoring.rules.banks.definitions import (
    BankDefinition,
    BankDefinitions,
    bank_definitions_as_of,
    open_banks,
)
from scoring.rules.banks.models import HASH_BITS, UNKNOWN_QUALITY, Bank
from scoring.rules.banks.search.hits import BankHit, MediaHashes, Nearest, hit_of_picture, media_of
from scoring.rules.banks.search.item_table import Conditions
from scoring.rules.banks.search.matching import video_hit, whole_videos
from scoring.rules.banks.search.stored_videos import items_as_of, load_videos, read_frames
from scoring.rules.banks.search.video_table import VideoTable
from scoring.timestamps import to_micros

MAX_COMPARISONS = 20_000_000  # of an item with a hash, for one bank and event: about 3 seconds

_HOLDS = f"""
    bank_name = %s AND frames = '' AND added_version <= %s
    AND (removed_version IS NULL OR removed_version > %s)
    AND (expires_at IS NULL OR expires_at > %s) AND coalesce(quality, {UNKNOWN_QUALITY}) >= %s
"""
_NEAREST = f"""
SELECT distance, id FROM (
    SELECT id, least({{distances}}) AS distance FROM scoring_bankitem WHERE {_HOLDS}
) item WHERE distance <= %s ORDER BY distance, id LIMIT 1
"""  # noqa: S608
_DISTANCE = "bit_count(hash # %s::varbit)"


class BankHits(NamedTuple):
    """The hits of an event, and the banks that were too large to be looked up."""

    hits: Sequence[BankHit] = ()
    unseen: Sequence[str] = ()


NO_BANK_HITS = BankHits()


def find_bank_hits(
    event: Mapping[str, Any],
    *,
    version: int,
    now: datetime,
    definitions: BankDefinitions | None = None,
) -> BankHits:
    """The files of an event (data of its receipt) that match banks of a version of the ruleset.

    Items that have expired `now` do not match. `definitions`: of that version, read if they are not
    given. A query for each bank and file, and one for all; none for an event without hashes. Videos in banks
    are read if the event has one.
    """
    media = media_of(event)
    if not media or not version:
        return NO_BANK_HITS
    banks = list(open_banks(bank_definitions_as_of(version) if definitions is None else definitions))
    sizes = {row.name: row for row in Bank.objects.only("name", "size", "frames")} if banks else {}
    has_videos = any(sizes[bank.name].frames for bank in banks if bank.name in sizes)
    videos = whole_videos(media, read_frames) if has_videos else {}
    lookup = _Lookup(version, now, videos)
    seen = [bank for bank in banks if lookup.comparisons(media, sizes.get(bank.name)) <= MAX_COMPARISONS]
    hits = [hit for each in media for bank in seen if (hit := lookup.find(bank, each))]
    return BankHits(hits, [bank.name for bank in banks if bank not in seen])


@dataclass(frozen=True, slots=True)
class _Lookup:
    """Looks files up as of a version and time. `videos`: those of the event, with all their frames."""

    version: int
    now: datetime
    videos: Mapping[str, MediaHashes]
    tables: dict[str, VideoTable] = field(default_factory=dict)

    def comparisons(self, media: Sequence[MediaHashes], bank: Bank | None) -> int:
        """How many hashes would be compared with each other, at most."""
        if bank is None:
            return 0
        hashes = sum(each.hashes for each in media)
        return bank.size * hashes + bank.frames * sum(each.hashes for each in self.videos.values())

    def find(self, bank: BankDefinition, media: MediaHashes) -> BankHit | None:
        conditions = Conditions(bank.distance, bank.min_quality, to_micros(self.now))
        video = self.videos.get(media.id)
        if video and (hit := video_hit(bank, self._videos_in(bank.name), video, conditions)):
            return hit
        hashes = media.of_quality(bank.min_quality)
        found = _nearest(bank, hashes, version=self.version, now=self.now) if len(hashes) else None
        return hit_of_picture(bank.name, media, found) if found else None

    def _videos_in(self, bank: str) -> VideoTable:
        if bank not in self.tables:
            self.tables[bank] = load_videos(bank, items_as_of(self.version))
        return self.tables[bank]


def _nearest(bank: BankDefinition, hashes: Words, *, version: int, now: datetime) -> Nearest | None:
    distances = ", ".join([_DISTANCE] * len(hashes))
    held: list[Any] = [bank.name, version, version, now, bank.min_quality]
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST.format(distances=distances), [*map(_bits_of, hashes), *held, bank.distance])
        row = cursor.fetchone()
    return Nearest(*row) if row else None


def _bits_of(words: Words) -> str:
    return f"{int.from_bytes(words.astype('>u8').tobytes()):0{HASH_BITS}b}"
