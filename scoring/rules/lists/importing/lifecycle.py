"""The life of an import: uploaded, checked, then added or discarded; small files at once, others by a worker.

A Celery message is only a hint. A step that was interrupted can be run again: what is on the list already
stays as it is.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from scoring.catalog.errors import FieldError
from scoring.rules.lists.changing.values import check_expiry, clean_reason
from scoring.rules.lists.errors import ImportNotPossible, InvalidListChange, Problem
from scoring.rules.lists.importing.files import delete_files, store_file
from scoring.rules.lists.importing.running import run_step
from scoring.rules.lists.importing.target import INTO_LIST, ImportTarget
from scoring.rules.lists.models import ListImport

logger = logging.getLogger(__name__)

State = ListImport.State

SMALL_BYTES = 256 * 1024  # files that are imported within a request
KEPT = timedelta(days=7)  # how long an import without a decision, and rejected lines, are kept
STALLED = timedelta(minutes=2)  # without progress for so long, a step may be started again
MESSAGE_SECONDS = 3_600.0


def start_import(
    *,
    list_name: str,
    file_name: str,
    size: int,
    chunks: Iterable[bytes],
    actor: str,
    now: datetime,
    reason: str = "",
    expires_at: datetime | None = None,
    replace: bool = False,
    target: ImportTarget = INTO_LIST,
) -> ListImport:
    """Store a file for a list, or another target, and have it checked.

    `reason` and `expires_at` are for lines without their own. Raises UnknownList, ListArchived,
    InvalidListChange.
    """
    target.find_open(list_name)
    problems = []
    checks: dict[str, Callable[[], object]] = {
        "reason": lambda: clean_reason(reason) if reason.strip() else "",
        "expires_at": lambda: check_expiry(expires_at, now),
    }
    for field, check in checks.items():
        try:
            check()
        except FieldError as error:
            problems.append(Problem(field, error.problem, error.allowed))
    if problems:
        raise InvalidListChange(list_name, problems)
    delete_old(now=now)
    with transaction.atomic():
        row = ListImport.objects.create(
            into=target.into,
            list_name=list_name,
            file_name=file_name[:200],
            size=size,
            reason=" ".join(reason.split()),
            expires_at=expires_at,
            replace=replace,
            requested_by=actor,
            requested_at=now,
            updated_at=now,
        )
        store_file(row.number, chunks)
    begin_step(row, target)
    return ListImport.objects.get(number=row.number)


def confirm_import(*, number: int, now: datetime, target: ImportTarget = INTO_LIST) -> ListImport:
    """Add the values of a checked file. Raises ImportNotPossible, ListArchived."""
    row = ListImport.objects.get(number=number)
    target.find_open(row.list_name)
    row = _step(number, {State.CHECKED}, State.ADDING, "added", now=now)
    begin_step(row, target)
    return ListImport.objects.get(number=number)


def discard_import(*, number: int, now: datetime) -> ListImport:
    """Drop a file, or stop adding it; what was added until then stays listed. Raises ImportNotPossible."""
    row = _step(number, {State.CHECKING, State.CHECKED, State.ADDING}, State.DISCARDED, "discarded", now=now)
    delete_files([number])
    return row


def continue_import(*, number: int, now: datetime, target: ImportTarget = INTO_LIST) -> ListImport:
    """Start an interrupted step again. Raises ImportNotPossible for one that is making progress."""
    row = ListImport.objects.get(number=number)
    if not is_stalled(row, now=now):
        raise ImportNotPossible(number=number, state=row.state, step="continued")
    send_message(number, target.task)
    return row


def is_stalled(row: ListImport, *, now: datetime) -> bool:
    """Whether a step makes no progress: its worker ended, or its message was lost."""
    return row.is_running and now - row.updated_at > STALLED


def delete_old(*, now: datetime) -> None:
    """Delete the files of imports that nothing has happened to for a week."""
    old = ListImport.objects.filter(updated_at__lt=now - KEPT)
    delete_files(old.values_list("number", flat=True))
    old.filter(state__in=[State.CHECKING, State.CHECKED, State.ADDING]).update(state=State.DISCARDED)


def begin_step(row: ListImport, target: ImportTarget) -> None:
    """Run the step that the import is in: now if its file is small, otherwise in a worker."""
    if row.size <= SMALL_BYTES:
        run_step(row.number, target)
    else:
        transaction.on_commit(partial(send_message, row.number, target.task))


def send_message(number: int, task: str) -> None:
    """Notify a worker. If the broker is unavailable, the page offers to continue."""
    try:
        current_app.send_task(
            task,
            args=[number],
            queue="training",
            retry=False,
            expires=MESSAGE_SECONDS,
        )
    except (OperationalError, OSError) as error:
        logger.warning("no message sent for import %s: %s", number, error)


def _step(number: int, allowed: set[str], to: str, step: str, *, now: datetime) -> ListImport:
    with transaction.atomic():
        row = ListImport.objects.select_for_update().get(number=number)
        if row.state not in allowed:
            raise ImportNotPossible(number=number, state=row.state, step=step)
        row.state, row.updated_at, row.done = to, now, 0
        row.save()
    return row
