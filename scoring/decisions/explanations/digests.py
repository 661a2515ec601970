"""SHA-256 digests of entries as they are stored, so that a document can be compared with the log."""

import hashlib
from collections.abc import Collection
from typing import NamedTuple

from scoring.log.models import LogEntry


class EntryDigest(NamedTuple):
    """The digests of an entry's stored data, and of its packed arrays ("" without any), in hexadecimal."""

    data: str
    packed: str


def digests_of(positions: Collection[int]) -> dict[int, EntryDigest]:
    """The digests of the entries at `positions`, in one query.

    PostgreSQL computes the same from `scoring_logentry`: `encode(sha256(convert_to(data, 'UTF8')), 'hex')`
    and `encode(sha256(packed), 'hex')`.
    """
    rows = LogEntry.objects.filter(position__in=positions).values_list("position", "data", "packed")
    return {
        position: EntryDigest(_sha256(data.encode()), _sha256(bytes(packed)) if packed is not None else "")
        for position, data, packed in rows
    }


def _sha256(stored: bytes) -> str:
    return hashlib.sha256(stored).hexdigest()
