"""The only writer of `alert.*` entries, one at a time for each alert."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from monitoring.alerts.models import Alert
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version
from scoring.sql.advisory_locks import LockSpace, lock_until_commit

EVALUATION = "alerts"  # the actor of what no person does


@contextmanager
def changing(key: str) -> Iterator[Alert | None]:
    """A transaction that alone may write about this key, with the alert as it is; None if none ever fired."""
    with transaction.atomic():
        lock_until_commit(LockSpace.ALERTS, key)
        yield Alert.objects.filter(pk=key).first()


def append_about(key: str, change: str, data: Mapping[str, Any], *, actor: str, now: datetime) -> Entry:
    """Append `alert.{change}` to the stream of a key, within `changing`."""
    stream = f"alert/{key}"
    new = NewEntry(
        stream=stream,
        expected_version=last_version(stream),
        type=f"alert.{change}",
        data=data,
        metadata={"actor": actor},
    )
    return append([new], now=now)[0]
