"""Personal values, kept outside the log. The log holds their digest; deleting a row here erases the value."""

import hashlib
import hmac
from collections.abc import Iterable

from django.conf import settings
from django.db import connection

from scoring.log.models import VaultItem
from scoring.sql.statements import NOTHING, Sql, unnested

DIGEST_BYTES = 16  # 128 bits: no collisions by chance


def digest_of(kind: str, value: str) -> str:
    """The 32 hex digits that stand for `value` in the log: HMAC-SHA256 under `VAULT_KEY`, cut to 128 bits.

    Equal values of one kind have equal digests, so a personal value can identify an entity; without the key a
    digest reveals nothing.
    """
    message = f"{kind}\x1f{value}".encode()
    return hmac.digest(settings.VAULT_KEY.encode(), message, hashlib.sha256)[:DIGEST_BYTES].hex()


def store(items: Iterable[tuple[str, str]]) -> None:
    """Store values, each given as (kind, value), in the caller's transaction; existing ones stay."""
    statement = storing(items)
    if statement.text:
        with connection.cursor() as cursor:
            cursor.execute(statement.text, statement.values)


def storing(items: Iterable[tuple[str, str]]) -> Sql:
    """The statement of `store`, to be combined with others; empty when there is nothing to store."""
    digests = {digest_of(kind, value): (kind, value) for kind, value in items}
    if not digests:
        return NOTHING
    # In digest order, so that two writers of the same values wait for each other instead of deadlocking.
    rows = [(digest, *digests[digest]) for digest in sorted(digests)]
    given = unnested(list(zip(*rows, strict=True)), ("text", "text", "text"))
    return Sql(
        "INSERT INTO scoring_vaultitem (digest, kind, value, first_seen_at)"
        f" SELECT *, now() FROM {given.text} ON CONFLICT (digest) DO NOTHING",
        given.values,
    )


def reveal(digests: Iterable[str]) -> dict[str, str]:
    """The values behind `digests`; erased and unknown ones are absent."""
    return dict(VaultItem.objects.filter(digest__in=set(digests)).values_list("digest", "value"))
