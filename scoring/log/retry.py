"""Retry an append after another writer came first."""

from collections.abc import Callable
from typing import Final, TypeVar

from django.db import transaction

from scoring.log.errors import StreamConflict

ATTEMPTS: Final = 5

T = TypeVar("T")


def append_retrying(step: Callable[[], T], *, final: str = "") -> T:
    """Run `step`, which reads streams and appends to them, again after a StreamConflict; returns its result.

    Each attempt is a transaction, or a savepoint in the caller's: a failed one leaves nothing behind. Raises
    StreamConflict after ATTEMPTS, or at once if it concerns the stream `final`.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            with transaction.atomic():
                return step()
        except StreamConflict as conflict:
            if conflict.stream == final:
                raise
    with transaction.atomic():
        return step()
