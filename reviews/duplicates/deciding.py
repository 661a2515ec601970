"""One verdict for a group of near-duplicates, and its undoing."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from reviews.duplicates.automatic import Automatic, automatic_decisions, is_automatic, open_for_verdict
from reviews.errors import CaseNotFound, InvalidVerdict, ReviewError
from reviews.models import Case
from reviews.strikes.recording import struck_entity
from reviews.work.claims import release_case
from reviews.work.transitions import append_to_case, lock_cases
from reviews.work.verdict_rules import Verdict
from reviews.work.verdicts import close_case, undo_verdict
from scoring.admin_kit.row_rules.limits import UNLIMITED, Limits

MAX_GROUP = 100  # events with one verdict, beside the one that was looked at
UNDONE = "the verdict on its near-duplicates was undone"


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
    adjudications: bool = False,
    confirmations: bool = False,
    limits: Limits = UNLIMITED,
) -> GroupVerdict:
    """Decide a claimed case, and give `others` of its type the same verdict in one transaction.

    Others are pending cases, and near-duplicates that software decided: these get a case with the verdict.
    Those that somebody holds, that were decided in the meantime or whose other labels contradict the verdict
    without a note are left out, and said, and so are those whose verdict needs a second person. An author
    gets at most one strike of a group. Raises what `decide_case` raises, and `InvalidVerdict` for more than
    `MAX_GROUP` others.
    """
    chosen = sorted(set(others) - {position})
    if len(chosen) > MAX_GROUP:
        raise InvalidVerdict(
            field="also", problem=f"{len(chosen)} others were chosen", allowed=f"at most {MAX_GROUP}"
        )
    with transaction.atomic():
        cases = lock_cases([position, *chosen])
        if (first := cases.get(position)) is None:
            raise CaseNotFound(position)
        group = f"{position}-{first.version}" if chosen else ""
        case = close_case(
            first,
            verdict,
            reviewer=reviewer,
            now=now,
            group=group,
            escalations=escalations,
            adjudications=adjudications,
            confirmations=confirmations,
            limits=limits,
        )
        if case.proposed_at is not None and chosen:
            waits = "the verdict waits for a second person, who can give it to them too"
            return GroupVerdict(case, 0, [f"{len(chosen)} others: {waits}"])
        done, skipped = _decide_others(chosen, cases, like=case, verdict=verdict, reviewer=reviewer, now=now)
    return GroupVerdict(case, done, skipped)


def _decide_others(
    chosen: Sequence[int],
    cases: Mapping[int, Case],
    *,
    like: Case,
    verdict: Verdict,
    reviewer: str,
    now: datetime,
) -> tuple[int, list[str]]:
    """Give the verdict on a case to the chosen others; how many got it, and why others did not."""
    struck = {struck_entity(like.event_stream)} if verdict.strike else set()
    done, skipped = 0, []
    automatic = automatic_decisions([each for each in chosen if is_automatic(cases.get(each))], like=like)
    for each in chosen:
        stream = _stream_of(each, cases, automatic)
        if not stream:
            continue  # no such event
        author = struck_entity(stream) if verdict.strike else ""
        given = verdict._replace(strike=verdict.strike and author not in struck)
        try:
            with transaction.atomic():  # a savepoint: what is left out is not changed
                other = _pending(each, cases, automatic, reviewer=reviewer, now=now)
                _give(other, like, given, reviewer=reviewer, now=now)
        except ReviewError as error:
            skipped.append(f"{stream}: {error}")
            continue
        done += 1
        struck.add(author)
    return done, skipped


def undo_group(group: str, *, reviewer: str, now: datetime, may_undo_any: bool = False) -> list[Case]:
    """Undo every verdict of a group that still stands. The cases return to the queue; those that only the
    verdict had opened are closed, and what software decided holds again.

    Raises `NotYourVerdict`, and then undoes none.
    """
    decided = Case.objects.filter(verdict_group=group, state=Case.State.DECIDED).exclude(verdict_group="")
    undone = []
    with transaction.atomic():
        # Locked before any is undone: a case that has just got another verdict is no longer of the group.
        for position in [each.pk for each in decided.select_for_update().order_by("pk")]:
            case = undo_verdict(position, reviewer=reviewer, now=now, may_undo_any=may_undo_any)
            if case.why == Case.Why.DUPLICATE:
                data = {"outcome": case.outcome, "because": UNDONE}
                undone.append(append_to_case(case, "case.closed", data, reviewer=reviewer, now=now))
            else:
                undone.append(release_case(position, reviewer=reviewer, now=now))
    return undone


def _pending(
    position: int,
    cases: Mapping[int, Case],
    automatic: Mapping[int, Automatic],
    *,
    reviewer: str,
    now: datetime,
) -> Case:
    """The case of an event, opened if software decided the event. Raises `ReviewError`."""
    if position not in automatic:
        return cases[position]
    return open_for_verdict(automatic[position], cases.get(position), reviewer=reviewer, now=now)


def _stream_of(position: int, cases: Mapping[int, Case], automatic: Mapping[int, Automatic]) -> str:
    """The stream of an event, "" if there is no such event."""
    if position in cases:
        return cases[position].event_stream
    return automatic[position].stream if position in automatic else ""


def _give(case: Case, first: Case, verdict: Verdict, *, reviewer: str, now: datetime) -> None:
    """Give a case the verdict of the first one, in its group. Raises `ReviewError`."""
    if case.event_type != first.event_type:
        raise InvalidVerdict(
            field="also", problem=f"is a {case.event_type}", allowed=f"cases of the type {first.event_type}"
        )
    close_case(case, verdict, reviewer=reviewer, now=now, group=first.verdict_group, claimed=False)
