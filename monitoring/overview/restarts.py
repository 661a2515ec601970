"""Processes that this machine's supervisor restarted after they ended unexpectedly."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from supervision.record import ProcessExit, describe_code, read_record

PERIOD = timedelta(hours=1)


@dataclass(frozen=True)
class ProcessRestarts:
    """How often a process was restarted, how it ended last, and the last line of its output."""

    name: str
    count: int
    how: str
    last_output: str


def read_restarts(*, now: datetime) -> list[ProcessRestarts]:
    """The restarts of the last hour, most frequent first; empty without a supervisor on this machine."""
    return count_restarts(read_record(settings.VAR_DIR).exits, since=(now - PERIOD).timestamp())


def count_restarts(ends: Iterable[ProcessExit], *, since: float) -> list[ProcessRestarts]:
    by_name: dict[str, list[ProcessExit]] = {}
    for end in ends:
        if end.at >= since:
            by_name.setdefault(end.name, []).append(end)
    found = [
        ProcessRestarts(name, len(each), describe_code(each[-1].code), each[-1].last_line)
        for name, each in by_name.items()
    ]
    return sorted(found, key=lambda each: -each.count)
