"""Saves queries, shares and deletes them. Their only writer."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from reviews.investigation.errors import InvalidQuery, NotYourQuery, UnknownSavedQuery
from reviews.investigation.query.query import Query
from reviews.models.investigation import EVERYONE, SavedQuery
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import last_version
from scoring.log.retry import append_retrying

MAX_NAME, MAX_DESCRIPTION = 80, 200


def visible_queries(user_name: str, groups: Collection[str]) -> QuerySet[SavedQuery]:
    """The saved queries that a user of these groups may open, by name."""
    shared = Q(owner=user_name) | Q(shared_with__in=[EVERYONE, *groups])
    return SavedQuery.objects.filter(shared, deleted=False).order_by("name")


def save_query(
    query: Query,
    *,
    name: str,
    user_name: str,
    groups: Collection[str],
    now: datetime,
    description: str = "",
    shared_with: str = "",
) -> str:
    """Save a query under a name, in place of the owner's query of this name; gives the name as it is kept.

    `groups`: those of the user, who may share with them. Raises InvalidQuery, and NotYourQuery if another
    user's query has the name.
    """
    name = " ".join(name.split())
    _check(name, description, shared_with, groups)
    data = {
        "name": name,
        "event_type": query.event_type,
        "parameters": query.parameters(),
        "description": description.strip(),
        "owner": user_name,
        "shared_with": shared_with,
    }
    append_retrying(lambda: _append(name, "saved", data, user_name=user_name, now=now))
    return name


def delete_query(name: str, *, user_name: str, now: datetime) -> None:
    """Delete a query of the user. Raises UnknownSavedQuery, NotYourQuery."""
    if not SavedQuery.objects.filter(pk=name, deleted=False).exists():
        raise UnknownSavedQuery(name)
    append_retrying(lambda: _append(name, "deleted", {"name": name}, user_name=user_name, now=now))


def _append(name: str, verb: str, data: Mapping[str, Any], *, user_name: str, now: datetime) -> None:
    stream = f"saved_query/{name}"
    version = last_version(stream)
    held = SavedQuery.objects.filter(pk=name, deleted=False).first()
    if held is not None and held.owner != user_name:
        raise NotYourQuery(name, owner=held.owner)
    entry = NewEntry(
        stream=stream,
        expected_version=version,
        type=f"saved_query.{verb}",
        data=data,
        metadata={"actor": f"user/{user_name}"},
    )
    append([entry], now=now)


def _check(name: str, description: str, shared_with: str, groups: Collection[str]) -> None:
    if not 0 < len(name) <= MAX_NAME or "\x00" in name:
        raise InvalidQuery("name", f"{len(name)} characters", f"1 to {MAX_NAME} characters")
    if len(description) > MAX_DESCRIPTION:
        raise InvalidQuery("description", f"{len(description)} characters", f"at most {MAX_DESCRIPTION}")
    if shared_with and shared_with not in (EVERYONE, *groups):
        raise InvalidQuery(
            "shared_with", f"{shared_with!r} is not a group of yours", "your groups, or everyone"
        )
