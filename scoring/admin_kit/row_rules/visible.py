"""The rule of rows: which events, decisions, labels, cases and other rows of an event type a user sees.

Users see the event types that their groups allow. A row of another type does not exist for them: lists leave
it out, and its page is not found. The limits come with the user (`config.people.limits.backend`), so that a
request needs no query for them.
"""

from collections.abc import Iterable
from typing import Any, Final, Protocol, TypeVar

from django.db.models import Model, Q, QuerySet
from django.db.models.functions import JSONObject
from django.http import Http404

from scoring.admin_kit.row_rules.limits import UNLIMITED, Limits, union_of
from scoring.catalog.registry import event_types, scored_types


class OfAType(Protocol):
    """Something in memory that is of one event type."""

    @property
    def event_type(self) -> str: ...


Row = TypeVar("Row", bound=Model)
Typed = TypeVar("Typed", bound=OfAType)

STORED: Final = "stored_limits"  # attribute of a user: `IN_GROUP` of each group
_FOUND: Final = "_limits"

# The limits of a group as it is read; null without any.
IN_GROUP: Final = JSONObject(event_types="limits__event_types", labels="limits__labels")


def limits_of(user: Any) -> Limits:
    """What a user sees and may use: the union of their groups; superusers all. Read once a user object."""
    found: Limits | None = getattr(user, _FOUND, None)
    if found is None:
        found = UNLIMITED if user.is_superuser else union_of([_limits(each) for each in _stored(user)])
        setattr(user, _FOUND, found)
    return found


def is_limited(user: Any) -> bool:
    """Whether there are event types that a user does not see."""
    return limits_of(user).event_types is not None


def has_limits(user: Any) -> bool:
    """Whether there are event types that a user does not see, or labels that they may not use."""
    return not limits_of(user).is_nothing


def sees_type(user: Any, event_type: str) -> bool:
    """Whether a user sees the rows of an event type."""
    return limits_of(user).sees(event_type)


def of_seen_types(found: Iterable[Typed], user: Any) -> list[Typed]:
    """What a user sees of what is in memory; for rows of the database `visible_to` asks for no others."""
    return [each for each in found if sees_type(user, each.event_type)]


def seen_types(user: Any) -> list[str]:
    """The event types of the catalog whose rows a user sees."""
    return [name for name in event_types() if sees_type(user, name)]


def hidden_types(user: Any) -> list[str]:
    """The event types of the catalog whose rows a user does not see."""
    return [name for name in event_types() if not sees_type(user, name)]


def seen_scored_types(user: Any) -> list[str]:
    """The scored event types whose rows a user sees."""
    return [name for name in scored_types() if sees_type(user, name)]


def require_scored_types(user: Any) -> list[str]:
    """The scored event types that a user sees, at least one. Raises Http404 if there is none."""
    if not (found := seen_scored_types(user)):
        raise Http404("You see no scored event type.")
    return found


def visible_to(rows: QuerySet[Row], user: Any) -> QuerySet[Row]:
    """The rows that a user sees. Their model says by a column whose type they are: `condition_of`."""
    limits = limits_of(user)
    if limits.event_types is None:
        return rows
    return rows.filter(condition_of(rows.model, limits.event_types))


def has_event_type(model: type[Model]) -> bool:
    """Whether rows of a model belong to an event type."""
    names = {each.name for each in model._meta.concrete_fields}
    return hasattr(model, "event_type_column") or not names.isdisjoint(("event_type", "event_stream"))


def condition_of(model: type[Model], types: Iterable[str]) -> Q:
    """The condition that a row is of one of these types.

    By the column that the model names as `event_type_column`, else `event_type`, else the stream of its
    event, which begins with the type. Raises ValueError for models without any.
    """
    if not has_event_type(model):
        raise ValueError(f"rows of {model.__name__} have no event type")
    names = {each.name for each in model._meta.concrete_fields}
    column = getattr(model, "event_type_column", "event_type")
    if column in names:
        return Q(**{f"{column}__in": sorted(types)})
    return stream_condition(types)


def stream_condition(types: Iterable[str], column: str = "event_stream") -> Q:
    """The condition that the stream of an event in a column is of one of these types."""
    condition = Q(pk__in=[])
    for name in sorted(types):
        condition |= Q(**{f"{column}__startswith": f"{name}/"})
    return condition


def require_visible(user: Any, types: Iterable[str]) -> None:
    """Raises Http404 if a user does not see the rows of one of these event types."""
    for name in types:
        if not sees_type(user, name):
            raise Http404(f"There is nothing of the event type {name!r}.")


def _stored(user: Any) -> list[dict[str, Any]]:
    """The limits of each group of the user, which the user has with them or else are read."""
    if user.pk is None:
        return []
    if (stored := getattr(user, STORED, None)) is None:
        stored = list(user.groups.values_list(IN_GROUP, flat=True))
    return stored


def _limits(stored: dict[str, Any]) -> Limits:
    return Limits.of(stored["event_types"] or (), stored["labels"] or {})
