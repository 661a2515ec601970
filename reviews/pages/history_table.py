"""An entity's events as a paginated table."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from reviews.console.entity_index import EntityRef
from reviews.console.event_details import EventDetail, HistoryRow, entity_history
from reviews.duplicates.finding import is_fingerprint
from reviews.pages.event_panels import entity_link, entity_names, entity_words, words_of_name
from reviews.quality.blinding import seen_rows
from scoring.admin_kit.personal.access import PersonalAccess
from scoring.admin_kit.row_rules.visible import limits_of
from scoring.catalog.fields import Category, Entity
from scoring.catalog.registry import event_type

ROWS = 12
MAX_NAMES = 2


class HistoryLine(NamedTuple):
    """An event of the entity; `names` distinguish it from the others, `here` marks the event of this page."""

    row: HistoryRow
    names: list[str]
    here: bool


class EntityTab(NamedTuple):
    """An entity to choose; `link` shows its history on the same page."""

    words: str
    link: str
    chosen: bool


class EntityHistory(NamedTuple):
    """The history of the chosen entity; `older`, `newest` and `next_tab` are links, "" for none."""

    tabs: list[EntityTab]
    entity: str
    entity_link: str
    lines: list[HistoryLine]
    older: str
    newest: str
    next_tab: str


def history_of(
    detail: EventDetail,
    *,
    chosen: int,
    before: int | None,
    position: int,
    personal: PersonalAccess,
    viewer: Any,
) -> EntityHistory | None:
    """A page of entity number `chosen`, of events before position `before`; None without entities.

    `viewer`: the user, who sees only events of the types that their groups allow.

    Fingerprints of content are left out: pages show near-duplicates instead.
    """
    named = [
        (name, ref)
        for name, ref in zip(entity_names(detail), detail.entities, strict=True)
        if not is_fingerprint(ref.kind)
    ]
    entities = [ref for _, ref in named]
    if not entities:
        return None
    chosen %= len(entities)
    ref = entities[chosen]
    types = limits_of(viewer).event_types
    found = entity_history(ref.kind, ref.value, before=before, limit=ROWS + 1, event_types=types)
    rows = seen_rows(found, viewer.get_username())
    return EntityHistory(
        tabs=[
            EntityTab(words, _query(entity=number), number == chosen)
            for number, words in enumerate(_tab_words(named))
        ],
        entity=entity_words(ref, personal=personal),
        entity_link=entity_link(ref),
        lines=lines_of(rows[:ROWS], ref=ref, position=position),
        older=_query(entity=chosen, before=rows[ROWS - 1].position) if len(rows) > ROWS else "",
        newest=_query(entity=chosen) if before is not None else "",
        next_tab=_query(entity=(chosen + 1) % len(entities)) if len(entities) > 1 else "",
    )


def _tab_words(named: Sequence[tuple[str, EntityRef]]) -> list[str]:
    """The kind of each entity, or its role where an event has two of a kind: "Sender", "Receiver"."""
    kinds = [ref.kind for _, ref in named]
    return [words_of_name(name if kinds.count(ref.kind) > 1 else ref.kind) for name, ref in named]


def lines_of(rows: list[HistoryRow], *, ref: EntityRef, position: int | None = None) -> list[HistoryLine]:
    """Rows ready to show, latest event first; `ref`, the entity they share, is not repeated.

    Pages follow the order of receipt, so history that was loaded later comes later.
    """
    names = _distinguishing_fields(rows, ref)
    return [
        HistoryLine(
            row=row,
            names=[str(row.fields[name]) for name in names if name in row.fields],
            here=row.position == position,
        )
        for row in sorted(rows, key=lambda row: row.occurred_at, reverse=True)
    ]


def number_in(text: str | None) -> int | None:
    """A non-negative integer from a query string, None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _distinguishing_fields(rows: list[HistoryRow], ref: EntityRef) -> list[str]:
    """The first few fields that distinguish these events: categories and other entities.

    In a transfer between accounts either field may name the account other than `ref`.
    """
    fields = {name: field for row in rows for name, field in event_type(row.type).fields.items()}
    categories = [name for name, field in fields.items() if isinstance(field, Category)]
    others = [
        name
        for name, field in fields.items()
        if isinstance(field, Entity)
        and (field.kind != ref.kind or any(row.fields.get(name) not in (None, ref.value) for row in rows))
    ]
    names = [*categories, *others]
    differing = [name for name in names if len({row.fields.get(name) for row in rows}) > 1]
    return (differing if len(rows) > 1 else names)[:MAX_NAMES]


def _query(**parameters: int) -> str:
    return "?" + urlencode(parameters)
