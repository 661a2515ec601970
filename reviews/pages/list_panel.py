"""Which lists the entities of an event are on, and the dialogs that put one of them on a list."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractUser, AnonymousUser

from reviews.console.entity_index import EntityRef
from reviews.console.event_details import EventDetail
from reviews.pages.event_panels import entity_names, entity_words, words_of_name
from reviews.pages.reasons.waterfall import ScoreExplanation
from scoring.admin_kit.personal.access import PersonalAccess
from scoring.catalog.fields import Category
from scoring.catalog.registry import event_type, event_types
from scoring.rules.lists.hits import ListHit
from scoring.rules.lists.lookup import find_hits
from scoring.rules.lists.models import ListedValue, ValueList, value_id
from scoring.rules.lists.pages.expiries import DAYS, DEFAULT_DAYS
from scoring.rules.lists.pages.permissions import ADD, DEFINE, VIEW, may
from scoring.rules.lists.pages.rows import person
from scoring.rules.lists.pages.words import ACTION_TONES, ACTION_WORDS
from scoring.rules.ruleset.stream import current_version

# A single value can be listed where it is matched itself; an address also among networks.
MATCHES = (ValueList.Match.VALUE, ValueList.Match.NETWORK)


class Membership(NamedTuple):
    """An entity on a list, in words."""

    entity: str
    kind: str
    title: str
    name: str
    action: str
    tone: str
    reason: str
    tags: list[str]
    expires_at: datetime | None
    added_by: str
    added_at: datetime | None


class Listable(NamedTuple):
    """An entity that can be put on a list, as the dialog offers it."""

    value: str  # "kind:value", the value as in the log
    kind: str
    words: str
    kind_words: str


class ListChoice(NamedTuple):
    """A list that the dialog offers for entities of its kind."""

    name: str
    title: str
    kind: str
    action: str


class ListDialog(NamedTuple):
    """A dialog: the entities, the most telling one first, and the lists that fit them."""

    entities: list[Listable]
    lists: list[ListChoice]

    @property
    def chosen(self) -> ListChoice | None:
        """The list that is chosen at first: one for the first entity."""
        first = self.entities[0].kind if self.entities else ""
        return next((each for each in self.lists if each.kind == first), None)


def event_lists_panel(
    detail: EventDetail,
    reasons: ScoreExplanation | None,
    *,
    user: AbstractUser | AnonymousUser,
    personal: PersonalAccess,
    now: datetime,
) -> dict[str, Any]:
    """The template context of an event's lists; nothing for users who may not see lists."""
    if not user.has_perm(VIEW):
        return {}
    names = entity_names(detail)
    refs = dict(zip(names, detail.entities, strict=True))
    hits = find_hits(detail.type, _logged_fields(detail, refs), version=current_version(), now=now)
    telling = [reason.contribution for reason in reasons.bars if reason.rises] if reasons else []
    order = most_telling(names, {each.feature: each.contribution for each in telling})
    return panel_of(hits, refs, [refs[name] for name in order], user=user, personal=personal)


def entity_lists_panel(
    ref: EntityRef, *, user: AbstractUser | AnonymousUser, personal: PersonalAccess, now: datetime
) -> dict[str, Any]:
    """The template context of one entity's lists."""
    if not user.has_perm(VIEW):
        return {}
    type_name, name = _field_of(ref)
    hits = find_hits(type_name, {name: ref.value}, version=current_version(), now=now)
    return panel_of(hits, {name: ref}, [ref], user=user, personal=personal)


def panel_of(
    hits: Sequence[ListHit],
    refs: Mapping[str, EntityRef],
    entities: Sequence[EntityRef],
    *,
    user: AbstractUser | AnonymousUser,
    personal: PersonalAccess,
) -> dict[str, Any]:
    """What the entities `refs`, by field, are on, and the dialogs that offer `entities` in this order."""
    lists = list(ValueList.objects.filter(archived_at=None).order_by("title", "name"))
    listable = [_listable(ref, personal=personal) for ref in entities if not ref.personal or ref.shown]
    may_list = user.has_perm(ADD)
    offered = [row for row in lists if may(user, ADD, row.action)]
    return {
        "memberships": _memberships(hits, refs, {row.name: row for row in lists}, personal=personal),
        "may_list": may_list,
        "may_define_lists": user.has_perm(DEFINE),
        "list_days": DAYS,
        "default_list_days": DEFAULT_DAYS,
        "list_actions": ACTION_WORDS,
        "block_dialog": _dialog(listable, offered, tags=False) if may_list else None,
        "tag_dialog": _dialog(listable, offered, tags=True) if may_list else None,
    }


def most_telling(names: Sequence[str], contributions: Mapping[str, float]) -> list[str]:
    """Entity fields by how much their features raised the score, then in order of declaration.

    A feature belongs to the entity that its name begins with.

    >>> most_telling(["card", "ip"], {"ip_distinct_card_24h": 0.5, "card_count_1h": 0.2})
    ['ip', 'card']
    """
    raised = dict.fromkeys(names, 0.0)
    for feature, contribution in contributions.items():
        owners = [name for name in names if feature.startswith(f"{name}_")]
        if owners and contribution > 0:
            raised[max(owners, key=len)] += contribution
    return sorted(names, key=lambda name: -raised[name])


def _logged_fields(detail: EventDetail, refs: Mapping[str, EntityRef]) -> dict[str, str]:
    """The values that can be listed, as they are in the log: entities, and categories as sent."""
    fields = event_type(detail.type).fields.items()
    categories = {
        name: str(detail.fields[name])
        for name, field in fields
        if isinstance(field, Category) and name in detail.fields
    }
    return {**categories, **{name: ref.value for name, ref in refs.items()}}


def _field_of(ref: EntityRef) -> tuple[str, str]:
    """An event type, and its field, whose values are of the entity's kind."""
    return next(
        (type_name, name)
        for type_name, declared in event_types().items()
        for name, field in declared.fields.items()
        if field.kind == ref.kind
    )


def _memberships(
    hits: Sequence[ListHit],
    refs: Mapping[str, EntityRef],
    lists: Mapping[str, ValueList],
    *,
    personal: PersonalAccess,
) -> list[Membership]:
    rows = ListedValue.objects.in_bulk([value_id(hit.added, hit.index) for hit in hits])
    found = [(hit, rows[value_id(hit.added, hit.index)]) for hit in hits if hit.list in lists]
    return [_membership(refs.get(hit.field), lists[hit.list], row, personal=personal) for hit, row in found]


def _membership(
    ref: EntityRef | None, of_list: ValueList, row: ListedValue, *, personal: PersonalAccess
) -> Membership:
    return Membership(
        entity=entity_words(ref, personal=personal) if ref else row.value,
        kind=words_of_name(of_list.kind),
        title=of_list.title,
        name=of_list.name,
        action=of_list.action,
        tone=ACTION_TONES[of_list.action],
        reason=row.reason,
        tags=row.tags,
        expires_at=row.expires_at,
        added_by=person(row.added_by),
        added_at=row.added_at,
    )


def _listable(ref: EntityRef, *, personal: PersonalAccess) -> Listable:
    return Listable(
        f"{ref.kind}:{ref.value}", ref.kind, entity_words(ref, personal=personal), words_of_name(ref.kind)
    )


def _dialog(entities: Iterable[Listable], lists: Iterable[ValueList], *, tags: bool) -> ListDialog:
    """The dialog for lists that decide, or for tags: entities for which there is a list, and these lists."""
    choices = [
        ListChoice(row.name, row.title, row.kind, row.action)
        for row in sorted(lists, key=lambda row: row.action != ValueList.Action.BLOCK)
        if row.match in MATCHES and (row.action == ValueList.Action.TAG) == tags
    ]
    kinds = {choice.kind for choice in choices}
    offered = [entity for entity in entities if entity.kind in kinds]
    fitting = {entity.kind for entity in offered}
    return ListDialog(offered, [choice for choice in choices if choice.kind in fitting])
