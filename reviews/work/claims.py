"""Claiming cases: take the next one or a given one, renew the lease, release it.

Each change is an entry of the case's stream, appended while the row is locked. `reviewer` is a user name.
Every function returns the case as it is afterwards.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from reviews.errors import CaseAlreadyClaimed, NothingToClaim
from reviews.models import Case
from reviews.work.transitions import append_to_case, lock_case, require_claimed_by, require_pending
from scoring.sql.advisory_locks import LockSpace, lock_until_commit
from scoring.timestamps import to_iso

LEASE = timedelta(minutes=15)
SKIPPED_FOR = timedelta(hours=1)  # how long a released case comes last for the reviewer who released it


def claim_next_case(*, reviewer: str, now: datetime) -> Case:
    """The case that the reviewer already holds, or else the most urgent free one, claimed for `LEASE`.

    Cases that the reviewer released within `SKIPPED_FOR` come last.

    Raises `NothingToClaim` when every case is decided, closed or claimed by others.
    """
    with transaction.atomic():
        # One request per reviewer at a time: a double click would claim two cases.
        lock_until_commit(LockSpace.REVIEWER, reviewer)
        held = Case.objects.held_by(reviewer, now).order_by("-rank").first()
        if held is not None:
            return held
        free = Case.objects.free(now).select_for_update(skip_locked=True).order_by("-rank")
        skipped = Q(released_by=reviewer, released_at__gt=now - SKIPPED_FOR)
        case = free.exclude(skipped).first() or free.first()
        if case is None:
            raise NothingToClaim
        return _lease(case, reviewer, now=now)


def claim_case(position: int, *, reviewer: str, now: datetime) -> Case:
    """Claim the case of the event at `position` for `LEASE`; claiming a case one holds renews the lease.

    Raises `CaseNotFound`, `CaseAlreadyClaimed`, `CaseAlreadyDecided`, `CaseAlreadyClosed`.
    """
    with transaction.atomic():
        case = lock_case(position)
        require_pending(case)
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


def release_case(position: int, *, reviewer: str, now: datetime) -> Case:
    """Return a case to the queue, where it keeps its rank for others.

    Raises `CaseNotFound`, `CaseNotHeld`, `CaseAlreadyDecided`, `CaseAlreadyClosed`.
    """
    with transaction.atomic():
        case = lock_case(position)
        require_claimed_by(case, reviewer)
        return append_to_case(case, "case.released", {}, reviewer=reviewer, now=now)


def _lease(case: Case, reviewer: str, *, now: datetime) -> Case:
    data = {"reviewer": reviewer, "until": to_iso(now + LEASE)}
    return append_to_case(case, "case.claimed", data, reviewer=reviewer, now=now)
