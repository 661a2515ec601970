"""Hits of one event in hash banks, answered by the database as of any version of the ruleset and any time.

For processes that do not keep the banks in memory: the failure policy in the web process, simulation, pages.
The database compares every item with every hash, so a bank that is too large for that is left out, and named.
"""

from collections.abc import Iterator, Mapping, Sequence
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
from scoring.rules.banks.hits import BankHit, MediaHashes, Nearest, media_of
from scoring.rules.banks.models import HASH_BITS, UNKNOWN_QUALITY, Bank

MAX_COMPARISONS = 20_000_000  # of an item with a hash, for one bank and event: about 3 seconds

_HOLDS = f"""
    bank_name = %s AND added_version <= %s AND (removed_version IS NULL OR removed_version > %s)
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
    given. A query for each bank and file, and one for all; none for an event without hashes.
    """
    media = media_of(event)
    if not media or not version:
        return NO_BANK_HITS
    banks = list(open_banks(bank_definitions_as_of(version) if definitions is None else definitions))
    sizes = dict(Bank.objects.values_list("name", "size")) if banks else {}
    work = sum(len(each.hashes) for each in media)
    seen = [bank for bank in banks if sizes.get(bank.name, 0) * work <= MAX_COMPARISONS]
    hits = [hit for each in media for hit in _hits_of(each, seen, version=version, now=now)]
    return BankHits(hits, [bank.name for bank in banks if bank not in seen])


def _hits_of(
    media: MediaHashes, banks: Sequence[BankDefinition], *, version: int, now: datetime
) -> Iterator[BankHit]:
    for bank in banks:
        hashes = media.of_quality(bank.min_quality)
        if len(hashes) and (found := _nearest(bank, hashes, version=version, now=now)):
            yield BankHit(bank.name, found.item, media.id, found.distance)


def _nearest(bank: BankDefinition, hashes: Words, *, version: int, now: datetime) -> Nearest | None:
    distances = ", ".join([_DISTANCE] * len(hashes))
    held: list[Any] = [bank.name, version, version, now, bank.min_quality]
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST.format(distances=distances), [*map(_bits_of, hashes), *held, bank.distance])
        row = cursor.fetchone()
    return Nearest(*row) if row else None


def _bits_of(words: Words) -> str:
    return f"{int.from_bytes(words.astype('>u8').tobytes()):0{HASH_BITS}b}"
