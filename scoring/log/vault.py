"""Personal values, kept outside the log. The log holds their digest; deleting a row here erases the value."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from scoring.log.models import VaultItem
from scoring.log.tables import mogrify_rows

DIGEST_BYTES = 16  # 128 bits: no two values of one installation meet by chance


class PersonalValue(NamedTuple):
    """A value to keep: `kind` is the personal field's name, `digest` what stands in the log."""

    digest: str
    kind: str
    value: str


def digest_of(kind: str, value: str) -> str:
    """The 32 hex digits that stand for `value` in the log: HMAC-SHA256 under `VAULT_KEY`, cut to 128 bits.

    Equal values of one kind have equal digests, so entities can be personal; without the key a digest tells nothing.
    """
    message = f"{kind}\x1f{value}".encode()
    return hmac.digest(settings.VAULT_KEY.encode(), message, hashlib.sha256)[:DIGEST_BYTES].hex()


def personal(kind: str, value: str) -> PersonalValue:
    """`value` with its digest, ready for `store`."""
    return PersonalValue(digest_of(kind, value), kind, value)


def store(items: Iterable[PersonalValue], *, now: datetime) -> None:
    """Keep `items`; those already kept stay as they are. In the caller's transaction."""
    distinct = {item.digest: item for item in items}
    if not distinct:
        return
    # In digest order, so that two writers of the same values wait for each other instead of deadlocking.
    rows = [(*distinct[digest], now) for digest in sorted(distinct)]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scoring_vaultitem (digest, kind, value, first_seen_at) VALUES "
            + mogrify_rows(cursor, rows)
            + " ON CONFLICT (digest) DO NOTHING"
        )


def reveal(digests: Iterable[str]) -> dict[str, str]:
    """The values behind `digests`; erased and unknown ones are absent."""
    return dict(VaultItem.objects.filter(digest__in=set(digests)).values_list("digest", "value"))
