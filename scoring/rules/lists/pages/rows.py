"""The values of a list as its page shows them: found, filtered and in words."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse

from scoring.admin_kit.personal.access import ERASED, HIDDEN, PersonalAccess
from scoring.catalog.errors import FieldError
from scoring.catalog.fields import Entity
from scoring.log import vault
from scoring.rules.lists.changing.values import parse_value
from scoring.rules.lists.definitions import ListDefinition
from scoring.rules.lists.keys import ALL_PREFIXES, domain_keys, network_keys
from scoring.rules.lists.kinds import listed_kinds
from scoring.rules.lists.models import ListedValue, ValueList

ROWS = 50
MAX_COUNTED = 10_000

LIVE, EXPIRED, REMOVED = STATES = ("live", "expired", "removed")


class ValueRow(NamedTuple):
    """A listed value: its text, or why it is not shown (`missing`), and the page of its entity ("": none)."""

    row: ListedValue
    text: str
    missing: bool
    state: str
    link: str
    added_by: str
    removed_by: str


def rows_in_state(name: str, state: str, *, now: datetime) -> QuerySet[ListedValue]:
    """The values of a list that hold, have expired, or were removed."""
    return ListedValue.objects.filter(conditions_of(now)[state], list_name=name)


def conditions_of(now: datetime) -> dict[str, Q]:
    on_list = Q(removed_version=None)
    return {
        LIVE: on_list & (Q(expires_at=None) | Q(expires_at__gt=now)),
        EXPIRED: on_list & Q(expires_at__lte=now),
        REMOVED: ~on_list,
    }


def find_rows(definition: ListDefinition, text: str) -> QuerySet[ListedValue]:
    """Every row, removed ones too, of a value, or of the networks or domains that hold it."""
    return ListedValue.objects.filter(list_name=definition.name, key__in=sorted(_searched(definition, text)))


def shown_rows(
    rows: Iterable[ListedValue], definition: ListDefinition, *, personal: PersonalAccess, now: datetime
) -> list[ValueRow]:
    """Rows as the page shows them, with personal values as `personal` has them."""
    found = list(rows)
    texts = revealed_texts(found) if personal.may_read else {}
    return [_shown(row, definition, texts, personal=personal, now=now) for row in found]


def revealed_texts(rows: Collection[ListedValue]) -> dict[str, str]:
    """The texts of personal values by digest."""
    digests = [bytes(row.key).hex() for row in rows if not row.value]
    return vault.reveal(digests) if digests else {}


def person(actor: str) -> str:
    """An actor as pages name it: "ana" for "user/ana"."""
    return actor.removeprefix("user/")


def _searched(definition: ListDefinition, text: str) -> set[bytes]:
    keys: set[bytes] = set()
    with suppress(FieldError):  # not a value of the list, but perhaps within one
        keys.update(parse_value(definition, text).keys)
    if definition.match == ValueList.Match.NETWORK:
        for name, field in listed_kinds()[definition.kind].fields:
            try:
                keys.update(network_keys(name, text, personal=field.personal, prefixes=ALL_PREFIXES))
            except ValueError:
                break  # no address
    elif definition.match == ValueList.Match.DOMAIN:
        keys.update(domain_keys(text))
    return keys


def _shown(
    row: ListedValue,
    definition: ListDefinition,
    texts: dict[str, str],
    *,
    personal: PersonalAccess,
    now: datetime,
) -> ValueRow:
    text = row.value or personal_words(row, definition, texts, personal=personal)
    state = REMOVED if row.removed_version is not None else EXPIRED if row.is_expired(now) else LIVE
    return ValueRow(
        row,
        text,
        not row.value and text in (HIDDEN, ERASED),
        state,
        _entity_link(row, definition),
        person(row.added_by),
        person(row.removed_by),
    )


def personal_words(
    row: ListedValue, definition: ListDefinition, texts: dict[str, str], *, personal: PersonalAccess
) -> str:
    """A personal value, its mask, or why neither can be shown."""
    digest = bytes(row.key).hex()
    return personal.words_of_kind(texts.get(digest, ""), definition.kind, digest=digest)


def _entity_link(row: ListedValue, definition: ListDefinition) -> str:
    """The page of the entity that is listed; "" for networks, domains, digests and categories."""
    fields = listed_kinds()[definition.kind].fields
    is_entity = definition.match == ValueList.Match.VALUE and isinstance(fields[0][1], Entity)
    if not is_entity:
        return ""
    given: dict[str, Any] = {"kind": definition.kind, "value": row.value or bytes(row.key).hex()}
    return f"{reverse('admin:entities')}?{urlencode(given)}"
