"""List entries for the values of a field, with one reason and one end."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from reviews.investigation.bulk.outcome import Item, Outcome
from reviews.investigation.bulk.reviewer import Reviewer
from reviews.investigation.bulk.terms import ListTerms
from scoring.catalog.errors import FieldError
from scoring.log import vault
from scoring.rules.lists.changing.defining import find_open_list
from scoring.rules.lists.changing.listing import add_values, remove_rows
from scoring.rules.lists.changing.values import NewValue, parse_value
from scoring.rules.lists.definitions import ListDefinition
from scoring.rules.lists.kinds import listed_kinds
from scoring.rules.lists.models import ListedValue


class _Value(NamedTuple):
    """A value to list: its text, and the keys of its entries."""

    text: str
    keys: tuple[bytes, ...]


def texts_of(items: Sequence[Item], definition: ListDefinition, field: str) -> dict[Item, str]:
    """The text of each value of a field, as it is logged; erased personal ones are absent."""
    fields = listed_kinds()[definition.kind].fields
    if not any(declared.personal for name, declared in fields if name == field):
        return {item: str(item) for item in items}
    return dict(vault.reveal(str(item) for item in items).items())


def refusals(items: Sequence[Item], terms: ListTerms, *, now: datetime) -> dict[Item, str]:
    """Why values are not listed: erased, listed already, or not of the list's form.

    Raises UnknownList, ListArchived.
    """
    _, refused = _sorted_out(find_open_list(terms.list_name), items, terms.field, now=now)
    return refused


def act(
    items: Sequence[Item], terms: ListTerms, reviewer: Reviewer, *, reason: str, now: datetime
) -> Outcome:
    """Put the values on the list. The mark of each is the ids of its rows.

    Raises UnknownList, ListArchived, InvalidListChange.
    """
    definition = find_open_list(terms.list_name)
    values, refused = _sorted_out(definition, items, terms.field, now=now)
    outcome = Outcome.without(refused.items())
    if not values:
        return outcome
    new = [NewValue(value.text, reason, terms.until) for value in values.values()]
    add_values(list_name=terms.list_name, values=new, actor=reviewer.actor, now=now)
    rows = _live_rows(terms.list_name, [key for value in values.values() for key in value.keys])
    for item, value in values.items():
        own = [rows[key].pk for key in value.keys if key in rows and _is_own(rows[key], reviewer, now)]
        if own:
            outcome.done.append((item, own))
        else:
            outcome.left_out.append((item, "was listed by someone else in the meantime"))
    return outcome


def undo(
    done: Sequence[tuple[Item, Any]], terms: ListTerms, reviewer: Reviewer, *, reason: str, now: datetime
) -> Outcome:
    """Take the values off the list whose entries are still those of the action."""
    live = ListedValue.objects.filter(list_name=terms.list_name, removed_version=None)
    still = set(live.filter(pk__in=[row for _, rows in done for row in rows]).values_list("pk", flat=True))
    outcome = Outcome.nothing()
    ended: list[int] = []
    for item, rows in done:
        if own := [row for row in rows if row in still]:
            ended += own
            outcome.done.append((item, own))
        else:
            outcome.left_out.append((item, "was removed or changed since then"))
    if ended:
        remove_rows(list_name=terms.list_name, ids=ended, reason=reason, actor=reviewer.actor, now=now)
    return outcome


def _sorted_out(
    definition: ListDefinition, items: Sequence[Item], field: str, *, now: datetime
) -> tuple[dict[Item, _Value], dict[Item, str]]:
    """The values that can be listed, and why the others cannot."""
    texts = texts_of(items, definition, field)
    values: dict[Item, _Value] = {}
    refused: dict[Item, str] = {}
    for item in items:
        if item not in texts:
            refused[item] = "was erased, so its value is not known"
            continue
        try:
            values[item] = _Value(texts[item], parse_value(definition, texts[item]).keys)
        except FieldError as error:
            refused[item] = f"{error.problem}; allowed: {error.allowed}"
    rows = _live_rows(definition.name, [key for value in values.values() for key in value.keys])
    seen: set[bytes] = set()
    for item, value in list(values.items()):
        why = _listed(value, rows, now=now) or ("repeats another value" if seen & set(value.keys) else "")
        if why:
            refused[item] = why
            del values[item]
        seen.update(value.keys)
    return values, refused


def _listed(value: _Value, rows: Mapping[bytes, ListedValue], *, now: datetime) -> str:
    """That a value is on the list, "" if it is not or has expired."""
    there = [rows[key] for key in value.keys if key in rows]
    if len(there) < len(value.keys) or any(row.is_expired(now) for row in there):
        return ""
    until = there[0].expires_at
    return f"is listed already, {f'until {until:%Y-%m-%d}' if until else 'without an end'}"


def _live_rows(list_name: str, keys: Sequence[bytes]) -> dict[bytes, ListedValue]:
    found = ListedValue.objects.filter(list_name=list_name, key__in=keys, removed_version=None)
    return {bytes(row.key): row for row in found}


def _is_own(row: ListedValue, reviewer: Reviewer, now: datetime) -> bool:
    return row.added_by == reviewer.actor and row.added_at == now
