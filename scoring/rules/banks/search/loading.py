"""Loads hash banks from the database into memory: those of a version of the ruleset, or of all versions."""

from array import array
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from struct import Struct

from django.db import connection
from django.db.models import Q

from scoring.images.hash_index import HashIndex
from scoring.images.hashes import words_of
from scoring.rules.banks.definitions import bank_definitions_as_of
from scoring.rules.banks.models import UNKNOWN_QUALITY
from scoring.rules.banks.search.index import BankIndex
from scoring.rules.banks.search.item_table import NEVER, NOT_REMOVED, ItemColumns, ItemTable
from scoring.rules.banks.search.matching import BankTable
from scoring.rules.banks.search.stored_videos import items_as_of, load_videos

# In the binary format of COPY a row of fixed columns
# (https://www.postgresql.org/docs/current/sql-copy.html): 2 bytes, then each column after its length in 4. A
# string of bits has its number of bits in 4 bytes before them.
_COPY = f"""
COPY (
    SELECT id, hash, coalesce((extract(epoch FROM expires_at) * 1000000)::bigint, {NEVER}),
           coalesce(removed_version, {NOT_REMOVED}), coalesce(quality, {UNKNOWN_QUALITY}::smallint)
    FROM scoring_bankitem WHERE bank_name = %s AND frames = '' AND {{condition}} ORDER BY id
) TO STDOUT (FORMAT binary)
"""  # noqa: S608
_LIVE = "added_version <= %s AND (removed_version IS NULL OR removed_version > %s)"
_ROW = Struct(">hiqii32siqiiih")
_SIGNATURE_BYTES = 19  # of the file, before the first row
_END_BYTES = 2


def load_banks(version: int) -> BankIndex:
    """The banks of this version of the ruleset. A million items take some seconds."""
    definitions = bank_definitions_as_of(version)
    tables = {
        name: BankTable(
            _load_pictures(name, _LIVE, version, version),
            load_videos(name, items_as_of(version)).indexed(),
        )
        for name in definitions
    }
    return BankIndex(definitions, tables)


def load_history(names: Collection[str]) -> Mapping[str, BankTable]:
    """The items of these banks that there ever were, to be looked up as of any version (`hits_among`)."""
    return {name: BankTable(_load_pictures(name, "true"), load_videos(name, Q()).indexed()) for name in names}


@dataclass(slots=True)
class _Rows:
    """Receives rows of COPY one by one, as the driver writes them, and keeps them as columns."""

    ids: "array[int]" = field(default_factory=lambda: array("q"))
    hashes: bytearray = field(default_factory=bytearray)
    expires_us: "array[int]" = field(default_factory=lambda: array("q"))
    removed: "array[int]" = field(default_factory=lambda: array("i"))
    quality: "array[int]" = field(default_factory=lambda: array("h"))

    def write(self, data: bytes) -> None:
        """A message of the server: a row, the first one after the file's signature; or the file's end."""
        start = _SIGNATURE_BYTES if data.startswith(b"PGCOPY") else 0
        if len(data) - start <= _END_BYTES:
            return
        row = _ROW.unpack_from(data, start)
        _, _, number, _, _, bits, _, expires_us, _, removed, _, quality = row
        self.ids.append(number)
        self.hashes += bits
        self.expires_us.append(expires_us)
        self.removed.append(removed)
        self.quality.append(quality)

    def table(self) -> ItemTable:
        columns = ItemColumns.of(self.ids, self.expires_us, self.removed, self.quality)
        return ItemTable(HashIndex.of(words_of(bytes(self.hashes)), columns.ids), columns)


def _load_pictures(name: str, condition: str, *versions: int) -> ItemTable:
    rows = _Rows()
    statement = _COPY.format(condition=condition)
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.copy_expert(cursor.mogrify(statement, [name, *versions]).decode(), rows)
    return rows.table()
