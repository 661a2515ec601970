"""One verdict for a group of near-duplicates, and its undoing."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from reviews.errors import InvalidVerdict, ReviewError
from reviews.models import Case
from reviews.strikes.recording import struck_entity
from reviews.work.claims import release_case
from reviews.work.transitions import lock_case
from reviews.work.verdict_rules import Verdict
from reviews.work.verdicts import close_case, undo_verdict

MAX_GROUP = 100  # cases with one verdict, beside the one that was looked at


class GroupVerdict(NamedTuple):
    """The case that was looked at as decided, how many others got its verdict, and why others did not."""

    case: Case
    others: int
    skipped: list[str]


def decide_group(
    position: int,
    verdict: Verdict,
    *,
    others: Collection[int],
    reviewer: str,
    now: datetime,
    escalations: bool = False,
) -> GroupVerdict:
    """Decide a claimed case, and give pending `others` of its type the same verdict in one transaction.

    Others that somebody holds, that were decided in the meantime or whose other labels contradict the verdict
    without a note are left out, and said. An author gets at most one strike of a group. Raises what
    `decide_case` raises, and `InvalidVerdict` for more than `MAX_GROUP` others.
    """
    chosen = sorted(set(others) - {position})
    if len(chosen) > MAX_GROUP:
        raise InvalidVerdict(
            field="also", problem=f"{len(chosen)} other cases were chosen", allowed=f"at most {MAX_GROUP}"
        )
    with transaction.atomic():
        first = lock_case(position)
        group = f"{position}-{first.version}" if chosen else ""
        case = close_case(first, verdict, reviewer=reviewer, now=now, group=group, escalations=escalations)
        struck = {struck_entity(case.event_stream)} if verdict.strike else set()
        done, skipped = 0, []
        for each in _locked(chosen):
            author = struck_entity(each.event_stream) if verdict.strike else ""
            given = verdict._replace(strike=verdict.strike and author not in struck)
            try:
                _give(each, case, given, reviewer=reviewer, now=now, group=group)
            except ReviewError as error:
                skipped.append(f"{each.event_stream}: {error}")
                continue
            done += 1
            struck.add(author)
    return GroupVerdict(case, done, skipped)


def undo_group(group: str, *, reviewer: str, now: datetime, may_undo_any: bool = False) -> list[Case]:
    """Undo every verdict of a group that still stands; the cases return to the queue.

    Raises `NotYourVerdict`, and then undoes none.
    """
    decided = Case.objects.filter(verdict_group=group, state=Case.State.DECIDED).exclude(verdict_group="")
    undone = []
    with transaction.atomic():
        for position in decided.order_by("pk").values_list("pk", flat=True):
            undo_verdict(position, reviewer=reviewer, now=now, may_undo_any=may_undo_any)
            undone.append(release_case(position, reviewer=reviewer, now=now))
    return undone


def _give(case: Case, first: Case, verdict: Verdict, *, reviewer: str, now: datetime, group: str) -> None:
    """Give a case the verdict of the first one. Raises `ReviewError`, and then changes nothing."""
    if case.event_type != first.event_type:
        raise InvalidVerdict(
            field="also", problem=f"is a {case.event_type}", allowed=f"cases of the type {first.event_type}"
        )
    with transaction.atomic():  # a savepoint
        close_case(case, verdict, reviewer=reviewer, now=now, group=group, claimed=False)


def _locked(positions: Sequence[int]) -> list[Case]:
    """The cases at these positions, locked in their order, which is the same for everyone."""
    return list(Case.objects.select_for_update().filter(pk__in=positions).order_by("pk"))
