"""`manage.py log_status`: the log's length, its consumers and their lag, and pending entries."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count

from scoring.lanes.models import Pending
from scoring.log.consumers.status import ConsumerStatus, LogStatus, read_status

PARKED_SHOWN = 20


class Command(BaseCommand):
    help = "Show the log, its consumers and pending entries. Exits with 1 if a consumer has stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        status = read_status()
        for line in [*_log_lines(status), *_consumer_lines(status), *_pending_lines(), *_parked_lines()]:
            self.stdout.write(line)
        if any(consumer.error for consumer in status.consumers):
            raise SystemExit(1)


def _log_lines(status: LogStatus) -> list[str]:
    oldest = status.horizon.oldest_transaction_s
    writer = "no open writer" if oldest is None else f"oldest open writer {oldest:.1f} s"
    return [
        f"log: {status.entries:,} entries, epoch {status.epoch}, last position {status.last_position:,}",
        f"horizon: {status.horizon.entries:,} entries above it, {writer}",
    ]


def _consumer_lines(status: LogStatus) -> list[str]:
    return [f"consumer {c.name}: {c.lag:,} entries behind{_stopped(c)}" for c in status.consumers]


def _stopped(consumer: ConsumerStatus) -> str:
    return f", STOPPED before position {consumer.failed_position}: {consumer.error}" if consumer.error else ""


def _pending_lines() -> list[str]:
    counted = Pending.objects.values_list("lane", "state").annotate(count=Count("position"))
    rows = counted.order_by("lane", "state")
    return [f"lane {lane}: {count:,} {state}" for lane, state, count in rows] or ["lanes: nothing pending"]


def _parked_lines() -> list[str]:
    parked = Pending.objects.filter(state=Pending.State.PARKED).order_by("position")[:PARKED_SHOWN]
    return [f"parked {row.kind} at {row.position}, {row.event_stream}: {row.error}" for row in parked]
