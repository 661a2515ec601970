"""`manage.py log_status`: the log's length, its consumers and their lag, and pending entries."""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Count

from scoring.lanes.models import Pending
from scoring.log.consumers.status import ConsumerStatus, LogStatus, read_status
from scoring.management.outcomes import ANSWER_IS_NO, add_json_option, write_json

PARKED_SHOWN = 20


class Command(BaseCommand):
    help = "Show the log, its consumers and pending entries. Exits with 3 if a consumer has stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        status = read_status()
        if options["json"]:
            write_json(self.stdout, status_facts(status))
        else:
            lines = [*_log_lines(status), *_consumer_lines(status), *_pending_lines(), *_parked_lines()]
            self.stdout.write("\n".join(lines))
        if any(consumer.error for consumer in status.consumers):
            raise SystemExit(ANSWER_IS_NO)


def status_facts(status: LogStatus) -> dict[str, Any]:
    """The state of the log and the queues as JSON values; `parked` lists at most PARKED_SHOWN entries."""
    return {
        "entries": status.entries,
        "last_position": status.last_position,
        "epoch": status.epoch,
        "above_horizon": status.horizon.entries,
        "consumers": [consumer._asdict() for consumer in status.consumers],
        "pending": [{"lane": lane, "state": state, "entries": n} for lane, state, n in _pending()],
        "parked": [
            {"position": row.position, "event": row.event_stream, "error": row.error} for row in _parked()
        ],
    }


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
    rows = [f"lane {lane}: {count:,} {state}" for lane, state, count in _pending()]
    return rows or ["lanes: nothing pending"]


def _pending() -> Iterable[tuple[str, str, int]]:
    counted = Pending.objects.values_list("lane", "state").annotate(count=Count("position"))
    return counted.order_by("lane", "state")


def _parked_lines() -> list[str]:
    return [f"parked {row.kind} at {row.position}, {row.event_stream}: {row.error}" for row in _parked()]


def _parked() -> Iterable[Pending]:
    return Pending.objects.filter(state=Pending.State.PARKED).order_by("position")[:PARKED_SHOWN]
