"""Claiming cases: take the next one or a given one, renew the lease, release it.

Each change is an entry of the case's stream, appended while the row is locked. `reviewer` is a user name;
`escalations`: they may decide escalated cases;
`adjudications`: cases on which two reviewers disagree; `confirmations`: verdicts that others have proposed.
Every function returns the case as it is afterwards.

A new claim waits for a break that is due, and one of a sensitive case for the hourly limit of those; a case
that the reviewer holds does not wait, and one that they opened within the hour counts already.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.db.models import Q

from reviews.errors import (
    CaseAlreadyClaimed,
    CaseEscalated,
    NothingToClaim,
    OwnVerdictAppealed,
    ViewingLimitReached,
)
from reviews.models import Case, CaseQuerySet
from reviews.models.quality import GivenVerdict
from reviews.models.queues import ReviewQueue, barred_among
from reviews.quality.errors import AdjudicatorNeeded, NotForThisReviewer
from reviews.queue.stages.choosing import lock_first, why_next
from reviews.queues.errors import CaseAssigned, NotYourQueue
from reviews.queues.names import queue_names
from reviews.wellness.limits import pace_at, require_no_break
from reviews.work.checks import golden_instead_of
from reviews.work.proposals import require_confirmer
from reviews.work.transitions import append_to_case, lock_case, require_claimed_by, require_pending
from reviews.work.viewing import has_opened
from scoring.catalog.parsing.reasons import clean_reason
from scoring.sql.advisory_locks import LockSpace, lock_until_commit
from scoring.timestamps import to_iso

LEASE = timedelta(minutes=15)
SKIPPED_FOR = timedelta(hours=1)  # how long a released case comes last for the reviewer who released it


def claim_next_case(
    *,
    reviewer: str,
    now: datetime,
    escalations: bool = False,
    adjudications: bool = False,
    confirmations: bool = False,
    queue: str = "",
    event_types: Collection[str] | None = None,
) -> Case:
    """The case that the reviewer already holds, or else the most urgent free one, claimed for `LEASE`.

    `queue`: only cases of this queue, "" for all that admit the reviewer. `event_types`: only cases of these
    types, None for all. Cases assigned to the reviewer come first, then escalated ones and proposed verdicts
    for people who may decide them, and those that the reviewer released within `SKIPPED_FOR` last. Who has
    reached the limit of sensitive cases gets another one. A share of claims gives a golden item instead.
    Where queues are defined, the stages of `reviews.queue.stages` choose.

    Raises `NothingToClaim` when every case is decided, closed, escalated or claimed by others; `BreakDue`;
    `ViewingLimitReached` when only sensitive cases are left.
    """
    with transaction.atomic():
        # One request per reviewer at a time: a double click would claim two cases.
        lock_until_commit(LockSpace.REVIEWER, reviewer)
        seen = Case.objects.of_types(event_types)
        held = seen.held_by(reviewer, now).order_by("-rank").first()
        if held is not None:
            return held
        limits, pace = pace_at(reviewer, now=now)
        require_no_break(pace)
        queues = list(ReviewQueue.objects.in_use())
        free = seen.free(now).open_to(
            reviewer,
            escalations=escalations,
            adjudications=adjudications,
            confirmations=confirmations,
            barred=barred_among(queues, reviewer),
        )
        if queue:
            free = free.filter(queue=queue)
        allowed = free.filter(sensitive=False) if pace.sensitive_from else free
        hands_over = escalations or confirmations
        case, because = _choose(allowed, reviewer, queues, handed_over=hands_over, queue=queue, now=now)
        if case is None and pace.sensitive_from and limits.sensitive_per_hour and free.exists():
            raise ViewingLimitReached(limit=limits.sensitive_per_hour, until=pace.sensitive_from)
        if case is None:
            raise NothingToClaim
        golden = golden_instead_of(case, reviewer=reviewer, sensitive=not pace.sensitive_from, now=now)
        return (
            _lease(golden, reviewer, now=now) if golden else _lease(case, reviewer, now=now, because=because)
        )


def claim_case(
    position: int,
    *,
    reviewer: str,
    now: datetime,
    escalations: bool = False,
    adjudications: bool = False,
    confirmations: bool = False,
) -> Case:
    """Claim the case of the event at `position` for `LEASE`; claiming a case one holds renews the lease.

    Raises `CaseNotFound`, `CaseAlreadyClaimed`, `CaseAlreadyDecided`, `CaseAlreadyClosed`, `CaseEscalated`,
    `OwnVerdictAppealed`, `NotForThisReviewer`, `AdjudicatorNeeded`, `OwnProposal`, `ConfirmerNeeded`,
    `CaseAssigned`, `NotYourQueue`,
    `BreakDue`, `ViewingLimitReached`.
    """
    with transaction.atomic():
        case = lock_case(position)
        require_pending(case)
        require_open_to(
            case,
            reviewer,
            escalations=escalations,
            adjudications=adjudications,
            confirmations=confirmations,
        )
        if not case.is_held_by(reviewer, now):
            _require_pace(case, reviewer, now=now)
        if case.lease_until is not None and case.is_held(now) and case.claimed_by != reviewer:
            raise CaseAlreadyClaimed(case.event_stream, by=case.claimed_by, until=case.lease_until)
        return _lease(case, reviewer, now=now)


def renew_lease(position: int, *, reviewer: str, now: datetime) -> Case:
    """Keep a case that the reviewer is working on; appends an entry only once half of the lease is used up.

    Raises `CaseNotFound`, `CaseNotHeld`, `CaseAlreadyDecided`, `CaseAlreadyClosed`.
    """
    with transaction.atomic():
        case = lock_case(position)
        require_claimed_by(case, reviewer)
        if case.lease_until is not None and case.lease_until - now > LEASE / 2:
            return case
        return _lease(case, reviewer, now=now)


def release_case(position: int, *, reviewer: str, now: datetime, reason: str = "") -> Case:
    """Return a case to the queue, where it keeps its rank for others. `reason`: why it was skipped, if said.

    Raises `CaseNotFound`, `CaseNotHeld`, `CaseAlreadyDecided`, `CaseAlreadyClosed`.
    """
    with transaction.atomic():
        case = lock_case(position)
        require_claimed_by(case, reviewer)
        data = {"reason": clean_reason(reason)} if reason.strip() else {}
        return append_to_case(case, "case.released", data, reviewer=reviewer, now=now)


def require_open_to(
    case: Case,
    reviewer: str,
    *,
    escalations: bool,
    adjudications: bool = False,
    confirmations: bool = False,
) -> None:
    """Refuse a case that the reviewer may not decide.

    Raises `CaseEscalated`, `OwnVerdictAppealed`, `NotForThisReviewer`, `AdjudicatorNeeded`, `OwnProposal`,
    `ConfirmerNeeded`, `CaseAssigned`, `NotYourQueue`.
    """
    require_confirmer(case, reviewer, confirmations=confirmations)
    if case.assigned_to and case.assigned_to != reviewer:
        raise CaseAssigned(case.event_stream, to=case.assigned_to)
    if case.queue and not case.assigned_to and case.queue in ReviewQueue.objects.barred_to(reviewer):
        raise NotYourQueue(case.event_stream, queue=case.queue)
    if case.quality_check and not Case.objects.filter(pk=case.pk).without_own_checks(reviewer).exists():
        raise NotForThisReviewer(case.event_stream)
    if case.quality_check == Case.Check.ADJUDICATION and not adjudications:
        raise AdjudicatorNeeded(case.event_stream)
    if case.not_for == reviewer or _has_judged(case.about, reviewer):
        raise OwnVerdictAppealed(case.event_stream)
    if case.escalated_at is not None and not escalations:
        raise CaseEscalated(case.event_stream, by=case.escalated_by)


def _has_judged(position: int | None, reviewer: str) -> bool:
    """Whether a verdict of the reviewer on the event that an appeal is about was not taken back."""
    if position is None:
        return False
    given = GivenVerdict.objects.filter(event_position=position, reviewer=reviewer, undone=False)
    return given.exists()


def _choose(
    free: CaseQuerySet,
    reviewer: str,
    queues: Sequence[ReviewQueue],
    *,
    handed_over: bool,
    queue: str,
    now: datetime,
) -> tuple[Case | None, dict[str, Any]]:
    """The next case, its row locked, and why it is next; None if there is none."""
    if (case := _first_of(free.filter(assigned_to=reviewer))) is not None:
        return case, {"assigned": True}
    if handed_over and (case := _first_of(free.filter(_HANDED_OVER))) is not None:
        return case, {"escalated": True} if case.escalated_at else {}
    if queues:
        names = [queue] if queue else queue_names(reviewer)
        unskipped = free.exclude(_skipped(reviewer, now=now))
        if found := lock_first(unskipped, queues, names=names, reviewer=reviewer, now=now):
            case, placed = found
            return case, why_next(placed)
    return _first(free, reviewer, now=now), {}


_HANDED_OVER = Q(escalated_at__isnull=False) | Q(proposed_at__isnull=False)  # also proposed verdicts


def _first_of(cases: CaseQuerySet) -> Case | None:
    return cases.select_for_update(skip_locked=True).order_by("-rank").first()


def _skipped(reviewer: str, *, now: datetime) -> Q:
    return Q(released_by=reviewer, released_at__gt=now - SKIPPED_FOR)


def _first(free: CaseQuerySet, reviewer: str, *, now: datetime) -> Case | None:
    """The most urgent of these cases, its row locked."""
    ordered = free.select_for_update(skip_locked=True).order_by("-rank")
    return ordered.exclude(_skipped(reviewer, now=now)).first() or ordered.first()


def _require_pace(case: Case, reviewer: str, *, now: datetime) -> None:
    limits, pace = pace_at(reviewer, now=now)
    require_no_break(pace)
    limit, until = limits.sensitive_per_hour, pace.sensitive_from
    if case.sensitive and limit and until and not has_opened(case, reviewer, now=now):
        raise ViewingLimitReached(limit=limit, until=until)


def _lease(
    case: Case, reviewer: str, *, now: datetime, because: Mapping[str, Any] = MappingProxyType({})
) -> Case:
    data: dict[str, Any] = {"reviewer": reviewer, "until": to_iso(now + LEASE)}
    if because:
        data |= {"because": dict(because)}
    if case.sensitive:
        data |= {"sensitive": True}
    return append_to_case(case, "case.claimed", data, reviewer=reviewer, now=now)
