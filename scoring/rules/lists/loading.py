"""Loads the lists of a version of the ruleset from the database into memory."""

from array import array
from dataclasses import dataclass, field
from struct import Struct

import numpy as np
from django.db import connection

from scoring.rules.lists.definitions import Definitions, definitions_as_of
from scoring.rules.lists.index import ListIndex, ListPrefixes
from scoring.rules.lists.key_table import NEVER, KeyTable, SortedKeys
from scoring.rules.lists.kinds import Match

_LIVE = "added_version <= %s AND (removed_version IS NULL OR removed_version > %s)"
# In the binary format of COPY a row of fixed columns and a last one of any length
# (https://www.postgresql.org/docs/current/sql-copy.html): 2 bytes, then each column after its length in 4.
_COPY = f"""
COPY (
    SELECT key, id,
           coalesce((extract(epoch FROM expires_at) * 1000000)::bigint, {NEVER}), reason
    FROM scoring_listedvalue WHERE list_name = %s AND {_LIVE}
) TO STDOUT (FORMAT binary)
"""  # noqa: S608
_ROW = Struct(">hi16siqiqi")
_SIGNATURE_BYTES = 19  # of the file, before the first row
_END_BYTES = 2
_PREFIXES = f"""
SELECT DISTINCT position(':' IN value) > 0, split_part(value, '/', 2)::int
FROM scoring_listedvalue WHERE list_name = %s AND value <> '' AND {_LIVE}
"""  # noqa: S608


def load_index(version: int) -> ListIndex:
    """The lists of this version of the ruleset. A million values take about two seconds."""
    definitions = definitions_as_of(version)
    tables = {name: _load_table(name, version) for name in definitions}
    return ListIndex(definitions, tables, _load_prefixes(definitions, version))


@dataclass(slots=True)
class _Rows:
    """Receives rows of COPY one by one, as the driver writes them, and keeps them as columns."""

    keys: bytearray = field(default_factory=bytearray)
    ids: "array[int]" = field(default_factory=lambda: array("q"))
    expires_us: "array[int]" = field(default_factory=lambda: array("q"))
    reason_places: "array[int]" = field(default_factory=lambda: array("i"))
    reasons: dict[bytes, int] = field(default_factory=dict)

    def write(self, data: bytes) -> None:
        """A message of the server: a row, the first one after the file's signature; or the file's end."""
        start = _SIGNATURE_BYTES if data.startswith(b"PGCOPY") else 0
        if len(data) - start <= _END_BYTES:
            return
        _, _, key, _, number, _, expires_us, length = _ROW.unpack_from(data, start)
        reason = data[start + _ROW.size : start + _ROW.size + length]
        self.keys += key
        self.ids.append(number)
        self.expires_us.append(expires_us)
        self.reason_places.append(self.reasons.setdefault(reason, len(self.reasons)))

    def table(self) -> KeyTable:
        return KeyTable(
            SortedKeys.of(
                bytes(self.keys),
                np.array(self.ids, dtype=np.int64),
                np.array(self.expires_us, dtype=np.int64),
                np.array(self.reason_places, dtype=np.int32),
                tuple(reason.decode() for reason in self.reasons),
            )
        )


def _load_table(name: str, version: int) -> KeyTable:
    rows = _Rows()
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.copy_expert(cursor.mogrify(_COPY, [name, version, version]).decode(), rows)
    return rows.table()


def _load_prefixes(definitions: Definitions, version: int) -> ListPrefixes:
    found: dict[str, dict[int, tuple[int, ...]]] = {}
    networks = [name for name, each in definitions.items() if each.match == Match.NETWORK]
    with connection.cursor() as cursor:
        for name in networks:
            cursor.execute(_PREFIXES, [name, version, version])
            lengths = cursor.fetchall()
            found[name] = {
                4: tuple(length for is_v6, length in lengths if not is_v6),
                6: tuple(length for is_v6, length in lengths if is_v6),
            }
    return found
