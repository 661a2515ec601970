"""Which of the lists that an expression names hold events' values now: for many events in a few queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from scoring.log import vault
from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.expressions.operands import operands_of
from scoring.rules.expressions.rewriting import Lookup
from scoring.rules.lists.definitions import current_definitions
from scoring.rules.lists.hits import Listed, hits_among, lists_by_kind
from scoring.rules.lists.keys import EventKeys, digests_of, event_keys, fields_to_reveal
from scoring.rules.lists.models import ListedValue
from scoring.rules.rules.trial.decided_events import DecidedEvent

NO_HITS: frozenset[Lookup] = frozenset()


def find_list_hits(
    compiled: CompiledExpression, events: Sequence[DecidedEvent], *, now: datetime
) -> list[frozenset[Lookup]]:
    """For each event, the (field, list) of the expression that hold now."""
    named = {name: each for name, each in current_definitions().items() if name in compiled.lists}
    lists = lists_by_kind(named) if compiled.lists else {}
    if not lists:
        return [NO_HITS] * len(events)
    names = {operand.column: operand.name for operand in operands_of(compiled.event_type)}
    keys = _keys_of(compiled.event_type, events, lists)
    found = _listed(named, keys, now=now)
    return [
        frozenset(
            (names[hit.field], hit.list)
            for hit in hits_among(of_event, lists, lambda name, key: found.get((name, key)))
        )
        for of_event in keys
    ]


def _keys_of(event_type: str, events: Sequence[DecidedEvent], lists: Any) -> list[EventKeys]:
    to_reveal = fields_to_reveal(event_type, lists)
    digests = {digest for event in events for digest in digests_of(event.fields, to_reveal)}
    revealed = vault.reveal(digests) if digests else {}
    return [event_keys(event_type, event.fields, held=lists, revealed=revealed) for event in events]


def _listed(names: Any, keys: Sequence[EventKeys], *, now: datetime) -> dict[tuple[str, bytes], Listed]:
    """The values of these keys that are on the lists now, by list and key."""
    wanted = {each.key for of_event in keys for of_field in of_event.values() for each in of_field}
    rows = ListedValue.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        key__in=sorted(wanted),
        list_name__in=list(names),
        removed_version=None,
    )
    values = rows.values_list("list_name", "key", "id", "expires_at", "reason")
    return {
        (name, bytes(key)): Listed(number, expires, reason) for name, key, number, expires, reason in values
    }
