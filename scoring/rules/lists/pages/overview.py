"""The page of all lists."""

from datetime import timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, register_page
from scoring.rules.lists.definitions import definition_in
from scoring.rules.lists.models import ValueList
from scoring.rules.lists.pages.permissions import DEFINE, VIEW
from scoring.rules.lists.pages.rows import person
from scoring.rules.lists.pages.words import ACTION_TONES, ACTION_WORDS, holds_words

SOON = timedelta(days=7)

# Of each list: the values that have expired, and those that expire soon.
_DATED = "SELECT count(*) FROM scoring_listedvalue WHERE list_name = l.name AND removed_version IS NULL"
_COUNTS = f"""
SELECT name, ({_DATED} AND expires_at <= %s), ({_DATED} AND expires_at > %s AND expires_at <= %s)
FROM scoring_valuelist l
"""  # noqa: S608


class ListLine(NamedTuple):
    """A list on the page of all lists. `live`: values that have not expired; `soon`: of these, in 7 days."""

    row: ValueList
    holds: str
    tone: str
    live: int
    expired: int
    soon: int
    changed_by: str


@register_page
class ListsPage(AdminPage):
    """Every list with what it does, how much is on it and when it changed; archived ones last."""

    path, name, title = "lists/", "lists", "Lists"
    permission = VIEW
    template_name = "lists/lists.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines = lines_of_lists()
        return super().get_context_data(
            open_lists=[line for line in lines if not line.row.is_archived],
            archived=[line for line in lines if line.row.is_archived],
            actions=ACTION_WORDS,
            tones=ACTION_TONES,
            may_define=self.request.user.has_perm(DEFINE),
            **kwargs,
        )


def lines_of_lists() -> list[ListLine]:
    """A line for every list, by title; in two queries, one of them along the index of expiries."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [now, now, now + SOON])
        counts = {name: (expired, soon) for name, expired, soon in cursor.fetchall()}
    return [_line(row, *counts.get(row.name, (0, 0))) for row in ValueList.objects.order_by("title", "name")]


def _line(row: ValueList, expired: int, soon: int) -> ListLine:
    return ListLine(
        row,
        holds_words(definition_in(row)),
        ACTION_TONES[row.action],
        row.size - expired,
        expired,
        soon,
        person(row.changed_by),
    )
