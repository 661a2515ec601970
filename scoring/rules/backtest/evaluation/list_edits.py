"""What an edited list would have found in past events."""

from collections.abc import Iterator, Mapping, Sequence

from scoring.catalog.event_type import EventType
from scoring.log import vault
from scoring.rules.backtest.evaluation.configuration import ListEdit
from scoring.rules.backtest.evaluation.reading import EventPage
from scoring.rules.deciding.precedence import Finding
from scoring.rules.lists.keys import digests_of, event_keys, fields_to_reveal

NO_KEYS: frozenset[bytes] = frozenset()

FieldKeys = Mapping[str, frozenset[bytes]]


def listed_after(edit: ListEdit, page: EventPage, *, kind: type[EventType]) -> list[list[Finding]]:
    """What lists and hash banks would have found if the edit had held all the time.

    Removed values are not found, added ones are found in every event, and an archived list finds nothing.
    """
    keys = _keys_of(edit, page, kind)
    return [list(_edited(edit, own, found)) for own, found in zip(keys, page.listed, strict=True)]


def _edited(edit: ListEdit, keys: FieldKeys, logged: Sequence[Finding]) -> Iterator[Finding]:
    of_list = ("list", edit.definition.name)
    yield from (each for each in logged if (each.kind, each.name) != of_list)
    if edit.archived:
        return
    numbers = {each.field: each.number for each in logged if (each.kind, each.name) == of_list}
    for field in dict.fromkeys((*numbers, *keys)):
        own = keys.get(field, NO_KEYS)
        if own & edit.added or (field in numbers and not own & edit.removed):
            yield _finding(edit, field, numbers.get(field, 0))


def _finding(edit: ListEdit, field: str, number: int) -> Finding:
    definition = edit.definition
    return Finding(
        kind="list",
        name=definition.name,
        number=number,
        outcome=edit.outcome,
        code=definition.code,
        text=definition.sentence,
        field=field,
    )


def _keys_of(edit: ListEdit, page: EventPage, kind: type[EventType]) -> list[FieldKeys]:
    """The keys of each event's fields that the list is about; none if no value is added or removed."""
    if edit.archived or not (edit.added or edit.removed):
        return [{}] * len(page)
    held = {edit.definition.holds}
    names = fields_to_reveal(kind.name, held)
    digests = {digest for each in page.versions for digest in digests_of(each["fields"], names)}
    revealed = vault.reveal(digests) if digests else {}
    return [
        {
            field: frozenset(each.key for each in keys)
            for field, keys in event_keys(kind.name, version["fields"], held=held, revealed=revealed).items()
        }
        for version in page.versions
    ]
