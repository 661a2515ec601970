"""Hits of one event, answered by the database as of any version of the ruleset and any time.

For processes that do not keep the lists in memory: the failure policy in the web process, simulation, replay
of single events, pages.
"""

from collections.abc import Mapping
from datetime import datetime

from scoring.catalog.fields import Canonical
from scoring.log import vault
from scoring.rules.lists.definitions import definitions_as_of
from scoring.rules.lists.hits import Listed, ListHit, hits_among, lists_by_kind
from scoring.rules.lists.keys import EventKeys, digests_of, event_keys, fields_to_reveal
from scoring.rules.lists.models import ListedValue


def find_hits(
    type_name: str,
    fields: Mapping[str, Canonical],
    *,
    version: int,
    now: datetime,
    personal: Mapping[str, str] | None = None,
) -> list[ListHit]:
    """The values of an event, whose `fields` are as in the log, on the lists of a version of the ruleset.

    Values that have expired `now` do not hit. `personal`: the raw values by digest of an event that was not
    stored, by default those in the vault. In two queries; three if a list needs raw personal values; one
    without lists.
    """
    lists = lists_by_kind(definitions_as_of(version)) if version else {}
    if not lists:
        return []
    held = frozenset(lists)
    digests = digests_of(fields, fields_to_reveal(type_name, held))
    revealed = vault.reveal(digests) if digests and personal is None else personal or {}
    keys = event_keys(type_name, fields, held=held, revealed=revealed)
    found = _rows_of(keys, version=version, now=now) if keys else {}
    return hits_among(keys, lists, lambda name, key: found.get((name, key)))


def _rows_of(keys: EventKeys, *, version: int, now: datetime) -> dict[tuple[str, bytes], Listed]:
    """The values of these keys that hold, by list and key."""
    wanted = {each.key for of_field in keys.values() for each in of_field}
    rows = ListedValue.objects.filter(key__in=sorted(wanted), added_version__lte=version)
    values = rows.values_list("list_name", "key", "id", "expires_at", "reason", "removed_version")
    return {
        (name, bytes(key)): Listed(number, expires_at, reason)
        for name, key, number, expires_at, reason, removed in values
        if (removed is None or removed > version) and (expires_at is None or expires_at > now)
    }
