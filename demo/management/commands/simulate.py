"""Simulated payments: `manage.py simulate history`, then `manage.py simulate live`."""

import os
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from demo.simulation.continued import continue_history
from demo.simulation.history import RATE_PER_DAY, customers_for, simulate_history
from demo.simulation.live import LiveTraffic
from demo.simulation.payloads import COLUMNS, REFUND_FIELDS
from demo.simulation.population import make_population
from demo.simulation.sender import (
    EVENTS,
    ApiClient,
    Message,
    Tally,
    send_messages,
    traffic_messages,
    wait_until_ready,
)
from demo.worlds import PAYMENT, SEED, find_received
from scoring.api.keys.issue import find_sender
from scoring.errors import ScoringError
from scoring.ingest.imports import ingest_frame
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping
from scoring.management.arguments import integer, number, read_http_url, read_moment, read_new_file
from scoring.management.bars import StepProgressBars
from scoring.states.history import sequence_history

SOURCE = "simulator"
LANE = "commerce"


class Command(BaseCommand):
    help = "Simulate payments with the kinds of fraud seen in practice, as history or as live traffic."

    def add_arguments(self, parser: CommandParser) -> None:
        modes = parser.add_subparsers(dest="mode", required=True, parser_class=type(parser))
        history = modes.add_parser("history", help="load months of payments with their labels into the log")
        live = modes.add_parser("live", help="send payments to the REST API until interrupted")
        _add_history(history)
        _add_live(live)
        for mode in (history, live):
            _add_population(mode)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["mode"] == "live":
            self._live(options)
        else:
            self._history(options, now=timezone.now())

    def _history(self, options: dict[str, Any], *, now: datetime) -> None:
        until = (now if options["until"] is None else options["until"]).replace(microsecond=0)
        frame = simulate_history(
            days=options["days"],
            rate_per_day=options["rate_per_day"],
            seed=options["seed"],
            customers=options["customers"],
            end=until,
        )
        if options["out"]:
            frame.to_parquet(options["out"], index=False)
            self.stdout.write(f"{len(frame):,} events written to {options['out']}")
            return
        try:
            self._load(without_later_labels(frame, until=until), now=now, source=options["source"])
        except ScoringError as error:
            raise CommandError(str(error)) from error

    def _load(self, frame: pd.DataFrame, *, now: datetime, source: str = SOURCE) -> None:
        with tqdm(total=len(frame), unit=" events", desc="loading", leave=False) as bar:
            for mapping, part in split_by_type(frame[frame.occurred_at <= now], source=source):
                report = ingest_frame(
                    part,
                    mapping=mapping,
                    history=True,
                    now=now,
                    name=f"simulated {mapping.type}s",
                    progress=bar.update,
                )
                self.stdout.write(f"{report.name}: {report.accepted:,} accepted, {report.labels:,} labels")
        with StepProgressBars() as watch:
            count = sequence_history(LANE, watch=watch)
        self.stdout.write(f"{count:,} entries sequenced")

    def _live(self, options: dict[str, Any]) -> None:
        if not options["key"]:
            raise CommandError(
                "--key is missing: create one with `manage.py create_api_key`, or set ASSAY_API_KEY"
            )
        client, tally = ApiClient(options["url"], options["key"]), Tally()
        messages = continued_history(options) if options["continued"] else steady_traffic(options)
        rate = "continuing the history" if options["continued"] else f"{options['rate']:g} per second"
        self.stdout.write(f"Sending payments to {options['url']}, {rate}; press Ctrl-C to stop")
        try:
            wait_until_ready(options["url"])
            send_messages(messages, post=client.post, seconds=options["seconds"], tally=tally)
        except KeyboardInterrupt:
            self.stdout.write("")
        self.stdout.write(tally_line(tally))


def without_later_labels(frame: pd.DataFrame, *, until: datetime) -> pd.DataFrame:
    """The frame as known at `until`; labels that become known later are sent with the live traffic."""
    return frame.assign(label=frame.label.where(~(frame.label_known_at > until), None))


def steady_traffic(options: dict[str, Any]) -> Iterator[Message]:
    """Traffic at a constant rate, with fraud scenarios sped up."""
    session = int(time.time())
    traffic = LiveTraffic(
        seed=options["seed"], customers=options["customers"], rate=options["rate"], session=session
    )
    return traffic_messages(traffic, run=f"live-{session}")


def continued_history(options: dict[str, Any]) -> Iterator[Message]:
    """Traffic that continues the history loaded into this database under the key's source."""
    sender = find_sender(options["key"])
    if sender is None:
        raise CommandError(
            "The key is not in this database; --continue works only where the history was loaded."
        )
    now = timezone.now()
    since = options["since"] or now
    messages = continue_history(
        make_population(customers=options["customers"], seed=options["seed"]),
        since=since,
        rate=options["rate_per_day"],
        received=find_received(PAYMENT, source=sender.source),
    )
    late = (now - since).total_seconds()
    return ((due - late, path, body) for due, path, body in messages)


def split_by_type(frame: pd.DataFrame, *, source: str = SOURCE) -> list[tuple[ColumnMapping, pd.DataFrame]]:
    """Payments and refunds separately, each with its type's columns and their mapping."""
    label = LabelMapping(column="label", known_at="label_known_at", source="chargeback")
    payments = frame[frame.type == "payment"][[*COLUMNS, "label", "label_known_at"]].drop(columns="type")
    refunds = frame[frame.type == "refund"][["id", "occurred_at", *REFUND_FIELDS]]
    return [
        (ColumnMapping(type="payment", source=source, label=label), payments),
        (ColumnMapping(type="refund", source=source), refunds),
    ]


def tally_line(tally: Tally) -> str:
    """A one-line summary of the results."""
    sent, decided, queued = tally.total(EVENTS), tally.total(EVENTS, 200, 201), tally.total(EVENTS, 202)
    refused = sent - decided - queued
    return f"{sent:,} events sent: {decided:,} decided at once, {queued:,} accepted, {refused:,} refused"


def _add_history(history: CommandParser) -> None:
    history.add_argument(
        "--days",
        type=integer(minimum=1, maximum=3_650),
        default=120,
        help="days of history (default: %(default)s)",
    )
    history.add_argument(
        "--until",
        type=read_moment,
        help="end of the history (default: now); repeat the same value to resume an interrupted load",
    )
    history.add_argument(
        "--source",
        default=SOURCE,
        help="source of the events (default: %(default)s); must match the API key that will label them",
    )
    history.add_argument(
        "--out", type=read_new_file, metavar="FILE.parquet", help="write a file instead of the log"
    )


def _add_live(live: CommandParser) -> None:
    rate = live.add_mutually_exclusive_group()
    rate.add_argument(
        "--rate",
        type=number(exclusive=True),
        default=5.0,
        help="payments per second (default: %(default)s)",
    )
    rate.add_argument(
        "--continue",
        dest="continued",
        action="store_true",
        help="continue the history: with its rate, daily rhythm, fraud and delayed labels",
    )
    live.add_argument(
        "--since", type=read_moment, help="with --continue: start from this earlier time (default: now)"
    )
    add_address(live)


def add_address(live: CommandParser) -> None:
    """Where traffic is sent, with which key, and for how long."""
    live.add_argument(
        "--url",
        type=read_http_url,
        default="http://127.0.0.1:8000",
        help="address of Assay (default: %(default)s)",
    )
    live.add_argument(
        "--key", default=os.environ.get("ASSAY_API_KEY", ""), help="API key (default: ASSAY_API_KEY)"
    )
    live.add_argument("--seconds", type=number(exclusive=True), help="stop after this many seconds")


def _add_population(mode: CommandParser) -> None:
    mode.add_argument(
        "--rate-per-day",
        type=number(exclusive=True),
        default=RATE_PER_DAY,
        help="payments per day of the simulated population (default: %(default)s)",
    )
    mode.add_argument("--seed", type=integer(), default=SEED, help="seed of the simulated population")
    mode.add_argument(
        "--customers",
        type=integer(minimum=10),
        default=customers_for(RATE_PER_DAY),
        help="size of the simulated population (default: %(default)s)",
    )
