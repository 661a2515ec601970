"""Working the queue: take a case, keep it, give it back, decide it, undo a verdict.

Every change is an entry of the case's stream, appended while its row is locked; reviewers are named as they
log in. All but `queue_summary` and `note_of` give the case as it stands afterwards.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Min, Q

from reviews.errors import (
    CaseAlreadyClaimed,
    CaseAlreadyClosed,
    CaseAlreadyDecided,
    CaseNotDecided,
    CaseNotFound,
    CaseNotHeld,
    NothingToClaim,
    NotYourVerdict,
)
from reviews.models import Case
from reviews.work.verdict_rules import NOTE_KIND, Verdict, check_contradiction, check_verdict
from scoring.catalog.card_numbers import mask_card_numbers
from scoring.intake.labels import LabelStatement, record_labels, said_by_source
from scoring.intake.models import Event
from scoring.log import vault
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import read_stream
from scoring.sql.advisory_locks import LockSpace, lock_until_commit
from scoring.timestamps import to_iso

LEASE = timedelta(minutes=15)
SKIPPED_FOR = timedelta(hours=1)  # a case that a reviewer released comes to them last meanwhile
LABEL_SOURCE = "review"
MOST_COUNTED = 10_000  # beyond it a queue is "10,000+": counting on would cost more than the figure says


class QueueSummary(NamedTuple):
    """The queue as its head shows it.

    `waiting` counts the cases that can be taken now, up to `MOST_COUNTED` (then `waiting_capped`); `held` are
    in somebody's hands; `decided_today` are the reviewer's verdicts since midnight UTC that still stand.
    """

    waiting: int
    waiting_capped: bool
    held: int
    oldest_opened_at: datetime | None
    decided_today: int


def claim_next(*, reviewer: str, now: datetime) -> Case:
    """The most urgent case that nobody holds, for `LEASE`; before that, one that the reviewer holds already.

    What the reviewer released in the last `SKIPPED_FOR` comes after everything else.

    Raises `NothingToClaim` when every case is decided, closed or held by others.
    """
    with transaction.atomic():
        _take_turns(reviewer)
        held = Case.objects.held_by(reviewer, now).order_by("-rank").first()
        if held is not None:
            return held
        free = Case.objects.free(now).select_for_update(skip_locked=True).order_by("-rank")
        skipped = Q(released_by=reviewer, released_at__gt=now - SKIPPED_FOR)
        case = free.exclude(skipped).first() or free.first()
        if case is None:
            raise NothingToClaim
        return _hand_over(case, reviewer, now=now)


def claim(position: int, *, reviewer: str, now: datetime) -> Case:
    """The case of the event at `position`, for `LEASE` from now; a case one holds is held anew.

    Raises `CaseNotFound`, `CaseAlreadyClaimed`, `CaseAlreadyDecided`, `CaseAlreadyClosed`.
    """
    with transaction.atomic():
        case = _lock(position)
        _check_unfinished(case)
        if case.lease_until is not None and case.is_held(now) and case.claimed_by != reviewer:
            raise CaseAlreadyClaimed(case.event_stream, by=case.claimed_by, until=case.lease_until)
        return _hand_over(case, reviewer, now=now)


def keep(position: int, *, reviewer: str, now: datetime) -> Case:
    """Go on holding a case that one works at; an entry only once less than half of the lease is left.

    Raises `CaseNotFound`, `CaseNotHeld`, `CaseAlreadyDecided`, `CaseAlreadyClosed`.
    """
    with transaction.atomic():
        case = _lock(position)
        _check_in_hands(case, reviewer)
        if case.lease_until is not None and case.lease_until - now > LEASE / 2:
            return case
        return _hand_over(case, reviewer, now=now)


def release(position: int, *, reviewer: str, now: datetime) -> Case:
    """Give a case back to the queue, where it keeps its place for others.

    Raises `CaseNotFound`, `CaseNotHeld`, `CaseAlreadyDecided`, `CaseAlreadyClosed`.
    """
    with transaction.atomic():
        case = _lock(position)
        _check_in_hands(case, reviewer)
        return _append(case, "case.released", {}, reviewer=reviewer, now=now)


def decide(
    position: int, *, reviewer: str, verdict: str, reason_code: str, note: str = "", now: datetime
) -> Case:
    """Close a case that one holds with a verdict, and say so of its event: a label of source `review`.

    Both are appended in one transaction, and the event's lane is rung when it has been committed. A lease
    that ran out does no harm while nobody else has taken the case. The note is personal: its text goes to the
    vault, its digest into the log.

    Raises `InvalidVerdict`, `CaseNotFound`, `CaseNotHeld`, `CaseAlreadyDecided`, `CaseAlreadyClosed`.
    """
    with transaction.atomic():
        case = _lock(position)
        _check_in_hands(case, reviewer)
        given = check_verdict(case.event_type, Verdict(verdict, reason_code, note))
        check_contradiction(given, said_by_source(read_stream(f"label/{case.event_stream}")))
        data = {
            "reviewer": reviewer,
            "verdict": given.value,
            "reason_code": given.reason_code,
            "note": _keep_note(given.note),
        }
        case = _append(case, "case.decided", data, reviewer=reviewer, now=now)
        _label(case, given.value, reviewer=reviewer, now=now)
    return case


def undo(position: int, *, reviewer: str, now: datetime, may_undo_any: bool = False) -> Case:
    """Take a verdict back, and its label with it; the case is then held by whoever undid it.

    What the label has done to the lane in the meantime is undone as for every retraction: counts and sums,
    for the events to come. Raises `CaseNotFound`, `CaseNotDecided`, `NotYourVerdict`.
    """
    with transaction.atomic():
        case = _lock(position)
        if case.state != Case.State.DECIDED:
            raise CaseNotDecided(case.event_stream)
        if case.decided_by != reviewer and not may_undo_any:
            raise NotYourVerdict(case.event_stream, by=case.decided_by)
        data = {"reviewer": reviewer, "until": to_iso(now + LEASE)}
        case = _append(case, "case.reopened", data, reviewer=reviewer, now=now)
        _label(case, None, reviewer=reviewer, now=now)
    return case


def queue_summary(*, reviewer: str, now: datetime) -> QueueSummary:
    """The queue in figures; a few index probes, however long it is."""
    waiting = Case.objects.free(now).order_by("-rank").values("pk")[: MOST_COUNTED + 1].count()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    decided = Case.objects.filter(state=Case.State.DECIDED, decided_at__gte=midnight, decided_by=reviewer)
    return QueueSummary(
        waiting=min(waiting, MOST_COUNTED),
        waiting_capped=waiting > MOST_COUNTED,
        held=Case.objects.filter(state=Case.State.CLAIMED, lease_until__gt=now).count(),
        oldest_opened_at=Case.objects.waiting().aggregate(oldest=Min("opened_at"))["oldest"],
        decided_today=decided.count(),
    )


def note_of(case: Case) -> str:
    """What the reviewer noted; "" without a note, or when it was erased."""
    return vault.reveal([case.note]).get(case.note, "") if case.note else ""


def _take_turns(reviewer: str) -> None:
    """One request per reviewer at a time until the transaction ends: a double click would claim two cases."""
    lock_until_commit(LockSpace.REVIEWER, reviewer)


def _lock(position: int) -> Case:
    case = Case.objects.select_for_update().filter(pk=position).first()
    if case is None:
        raise CaseNotFound(position)
    return case


def _check_unfinished(case: Case) -> None:
    if case.state == Case.State.DECIDED and case.decided_at is not None:
        raise CaseAlreadyDecided(
            case.event_stream, verdict=case.verdict, by=case.decided_by, at=case.decided_at
        )
    if case.state == Case.State.CLOSED:
        raise CaseAlreadyClosed(case.event_stream, because=case.closed_because)


def _check_in_hands(case: Case, reviewer: str) -> None:
    _check_unfinished(case)
    if case.claimed_by != reviewer:
        raise CaseNotHeld(case.event_stream, by=case.claimed_by)


def _hand_over(case: Case, reviewer: str, *, now: datetime) -> Case:
    data = {"reviewer": reviewer, "until": to_iso(now + LEASE)}
    return _append(case, "case.claimed", data, reviewer=reviewer, now=now)


def _append(case: Case, entry_type: str, data: dict[str, Any], *, reviewer: str, now: datetime) -> Case:
    entry = NewEntry(
        stream=f"case/{case.event_stream}",
        expected_version=case.version,
        type=entry_type,
        data={"event_position": case.event_position, **data},
        metadata={"actor": f"user/{reviewer}"},
    )
    append([entry], now=now)
    case.refresh_from_db()
    return case


def _keep_note(note: str) -> str:
    """The digest under which the vault keeps the note, its card numbers masked; "" for none."""
    if not note:
        return ""
    note = mask_card_numbers(note)
    vault.store([(NOTE_KIND, note)])
    return vault.digest_of(NOTE_KIND, note)


def _label(case: Case, value: str | None, *, reviewer: str, now: datetime) -> None:
    event = Event.objects.get(position=case.event_position)
    statement = LabelStatement(event.type, event.external_id, value, LABEL_SOURCE)
    [receipt] = record_labels([statement], source=event.source, now=now, actor=f"user/{reviewer}")
    if receipt.refused is not None:
        raise receipt.refused
