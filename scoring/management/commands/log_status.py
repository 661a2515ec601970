"""`manage.py log_status`: how long the log is, who follows it and how far behind, what waits for its lane."""

from typing import Any

from django.core.management.base import BaseCommand

from scoring.log.status import LogStatus, read_status


class Command(BaseCommand):
    help = "Show the log: entries, horizon, consumers and what waits for its lane. Exits with 1 if a consumer stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        status = read_status()
        for line in _lines(status):
            self.stdout.write(line)
        if any(consumer.error for consumer in status.consumers):
            raise SystemExit(1)


def _lines(status: LogStatus) -> list[str]:
    oldest = status.horizon.oldest_transaction_s
    since = "no open writer" if oldest is None else f"oldest open writer {oldest:.1f} s"
    return [
        f"entries            {status.entries:,} (epoch {status.epoch}, last position {status.last_position:,})",
        f"above the horizon  {status.horizon.entries:,} ({since})",
        "consumers" if status.consumers else "consumers          none",
        *(f"  {c.name:<24} {c.lag:,} behind{_stopped(c)}" for c in status.consumers),
        "waiting for their lane" if status.pending else "waiting for their lane: nothing",
        *(f"  {lane:<24} {state:<10} {count:,}" for lane, state, count in status.pending),
        *(f"parked {p.position} ({p.event_stream}): {p.error}" for p in status.parked),
    ]


def _stopped(consumer: Any) -> str:
    return f", STOPPED before position {consumer.failed_position}: {consumer.error}" if consumer.error else ""
