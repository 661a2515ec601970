"""The page of all hash banks."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, register_page
from scoring.rules.banks.matches import Overturns, overturns_of
from scoring.rules.banks.models import Bank
from scoring.rules.banks.pages.permissions import DEFINE, VIEW
from scoring.rules.banks.pages.words import ACTION_TONES, ACTION_WORDS, overturn_words
from scoring.rules.lists.pages.rows import person

SOON, RECENT = timedelta(days=7), timedelta(days=30)
MAX_COUNTED = 10_000  # matches of a bank in 30 days

# Of each bank: the items that have expired, those that expire soon, and the matches of 30 days.
_DATED = "SELECT count(*) FROM scoring_bankitem WHERE bank_name = b.name AND removed_version IS NULL"
_COUNTS = f"""
SELECT name, ({_DATED} AND expires_at <= %s), ({_DATED} AND expires_at > %s AND expires_at <= %s),
       (SELECT count(*) FROM (SELECT 1 FROM scoring_bankmatch
                              WHERE bank_name = b.name AND decided_at > %s LIMIT {MAX_COUNTED + 1}) recent)
FROM scoring_bank b
"""  # noqa: S608


class BankLine(NamedTuple):
    """A bank on the page of all banks. `live`: items that have not expired; `soon`: of these, in 7 days.

    `matches`: of the last 30 days, at most MAX_COUNTED + 1. `overturned`: what people made of them, in words.
    """

    row: Bank
    tone: str
    live: int
    expired: int
    soon: int
    matches: int
    overturns: Overturns
    overturned: str
    changed_by: str


@register_page
class BanksPage(AdminPage):
    """Every bank with what it does, how much is in it and what it matched; archived ones last."""

    path, name, title = "banks/", "banks", "Hash banks"
    permission = VIEW
    template_name = "banks/banks.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines = lines_of_banks(now=timezone.now())
        return super().get_context_data(
            open_banks=[line for line in lines if not line.row.is_archived],
            archived=[line for line in lines if line.row.is_archived],
            actions=ACTION_WORDS,
            tones=ACTION_TONES,
            max_counted=MAX_COUNTED,
            may_define=self.request.user.has_perm(DEFINE),
            **kwargs,
        )


def lines_of_banks(*, now: datetime) -> list[BankLine]:
    """A line for every bank, by title; in two queries, and one for the matches of each open bank."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [now, now, now + SOON, now - RECENT])
        counts = {name: tuple(found) for name, *found in cursor.fetchall()}
    return [_line(row, *counts.get(row.name, (0, 0, 0))) for row in Bank.objects.order_by("title", "name")]


def _line(row: Bank, expired: int, soon: int, matches: int) -> BankLine:
    overturns = Overturns(0, 0) if row.is_archived or not matches else overturns_of(row.name)
    return BankLine(
        row,
        ACTION_TONES[row.action],
        row.size - expired,
        expired,
        soon,
        matches,
        overturns,
        overturn_words(overturns),
        person(row.changed_by),
    )
