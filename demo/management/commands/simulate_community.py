"""A simulated community: `manage.py simulate_community history`, then `manage.py simulate_community live`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from demo.community.days import simulate_community
from demo.community.members import make_community
from demo.community.strikes import with_strikes
from demo.community.traffic import continue_community, split_by_type
from demo.management.commands.simulate import SOURCE, add_address, tally_line, without_later_labels
from demo.simulation.sender import ApiClient, Message, Tally, send_messages, wait_until_ready
from demo.worlds import CONTENT, SEED, find_received
from scoring.api.keys.issue import find_sender
from scoring.catalog.registry import event_type
from scoring.errors import ScoringError
from scoring.ingest.imports import ingest_frame
from scoring.management.arguments import integer, read_moment
from scoring.management.bars import StepProgressBars
from scoring.states.history import sequence_history

DAYS = 60


class Command(BaseCommand):
    help = "Simulate a community with spam waves, raids and returning banned members, as history or live."

    def add_arguments(self, parser: CommandParser) -> None:
        modes = parser.add_subparsers(dest="mode", required=True, parser_class=type(parser))
        history = modes.add_parser("history", help="load weeks of posts with their labels into the log")
        history.add_argument(
            "--days",
            type=integer(minimum=1, maximum=3_650),
            default=DAYS,
            help="days of history (default: %(default)s)",
        )
        history.add_argument("--until", type=read_moment, help="end of the history (default: now)")
        history.add_argument("--source", default=SOURCE, help="source of the events (default: %(default)s)")
        live = modes.add_parser(
            "live", help="send what continues the history to the REST API until interrupted"
        )
        live.add_argument("--since", type=read_moment, help="start from this earlier time (default: now)")
        add_address(live)
        for mode in (history, live):
            mode.add_argument("--seed", type=integer(), default=SEED, help="seed of the simulated community")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["mode"] == "live":
                self._live(options)
            else:
                self._history(options, now=timezone.now())
        except ScoringError as error:
            raise CommandError(str(error)) from error

    def _history(self, options: dict[str, Any], *, now: datetime) -> None:
        until = (options["until"] or now).replace(microsecond=0)
        frame = simulate_community(make_community(seed=options["seed"]), days=options["days"], end=until)
        frame = with_strikes(without_later_labels(frame, until=until))
        with tqdm(total=len(frame), unit=" events", desc="loading", leave=False) as bar:
            for mapping, part in split_by_type(frame[frame.occurred_at <= now], source=options["source"]):
                report = ingest_frame(
                    part,
                    mapping=mapping,
                    history=True,
                    now=now,
                    name=f"simulated {mapping.type}",
                    progress=bar.update,
                )
                self.stdout.write(f"{report.name}: {report.accepted:,} accepted, {report.labels:,} labels")
        with StepProgressBars() as watch:
            count = sequence_history(event_type(CONTENT).lane, watch=watch)
        self.stdout.write(f"{count:,} entries sequenced")

    def _live(self, options: dict[str, Any]) -> None:
        messages = continued_community(options)
        client, tally = ApiClient(options["url"], options["key"]), Tally()
        self.stdout.write(f"Sending posts to {options['url']}; press Ctrl-C to stop")
        try:
            wait_until_ready(options["url"])
            send_messages(messages, post=client.post, seconds=options["seconds"], tally=tally)
        except KeyboardInterrupt:
            self.stdout.write("")
        self.stdout.write(tally_line(tally))


def continued_community(options: dict[str, Any]) -> Iterator[Message]:
    """Messages that continue the history in this database under the key's source."""
    sender = find_sender(options["key"] or "")
    if sender is None:
        raise CommandError(
            "The key is not in this database; set --key or ASSAY_API_KEY to one that is."
            " (`manage.py create_api_key`)."
        )
    now = timezone.now()
    since = options["since"] or now
    received = find_received(CONTENT, source=sender.source)
    messages = continue_community(make_community(seed=options["seed"]), since=since, received=received)
    late = (now - since).total_seconds()
    return ((due - late, path, body) for due, path, body in messages)
