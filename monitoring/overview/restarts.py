"""What the supervisor of this machine noted: processes that ended by themselves and were started again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from supervision.record import ProcessExit, describe_code, read_record

LOOKED_AT = timedelta(hours=1)


@dataclass(frozen=True)
class Restarts:
    """How often a process was started again, and how it ended last."""

    name: str
    count: int
    how: str
    said: str


def read_restarts(*, now: datetime) -> list[Restarts]:
    """Those of the last hour, the most frequent first; empty where no supervisor runs on this machine."""
    return count_restarts(read_record(settings.VAR_DIR).exits, since=(now - LOOKED_AT).timestamp())


def count_restarts(ends: Iterable[ProcessExit], *, since: float) -> list[Restarts]:
    by_name: dict[str, list[ProcessExit]] = {}
    for end in ends:
        if end.at >= since:
            by_name.setdefault(end.name, []).append(end)
    found = [
        Restarts(name, len(each), describe_code(each[-1].code), each[-1].last_line)
        for name, each in by_name.items()
    ]
    return sorted(found, key=lambda each: -each.count)
