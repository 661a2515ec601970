"""`manage.py demo`: the whole system on simulated payments, until Ctrl-C."""

import os
import signal
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from config.processes.running import procfile_programs, run_command, supervise
from config.status.servers import check_servers
from demo import demo_data
from demo.community.traffic import LABEL_SOURCE
from demo.simulation.sender import is_ready
from embedded import services
from embedded.paths import make_directory
from scoring.api.keys.issue import create_key, find_sender
from scoring.api.keys.requests import FOR_KEYS, SCOPES
from scoring.batch.declared import batch_views
from scoring.batch.versions import NONE, read_versions_of
from scoring.intake.models import Event
from scoring.lanes.models import Pending
from scoring.log.consumers.runs import run_consumers
from scoring.log.consumers.status import consumer_health
from scoring.management.arguments import integer, number
from scoring.registry.models import Route
from scoring.timestamps import to_micros
from serving.listening import PortUnavailable, listen, read_address
from supervision.record import ProcessRecord
from supervision.supervisor import AlreadyRunning, Program, sole_supervisor

HOST, EVENT_TYPE, SOURCE = "127.0.0.1", "payment", "demo"
READY_SECONDS, DECIDE_SECONDS, CAUGHT_UP_SECONDS = 120.0, 120.0, 300.0
MAX_LAG = 50  # entries by which a consumer may trail the log
CASE_GROUP_HOURS = "24"  # payments of one card or customer within a day are one case
MEMORY, DISK = "2.5 GB", "1.5 GB"
# The time before a start during which the system appears to have run. What is earlier is history, or a gap.
LAST_DAY = timedelta(days=1)
# By then 30-day windows, 90-day profiles and delayed labels have filled, so that models train on values like
# those that they decide on.
WARM_UP = timedelta(days=45)
COMMUNITY_DAYS = 60
MIN_DAYS = 145  # labels mature after 45 days, the first model is 21 days older, and features warm up

INTRODUCTION = """
  The demo simulates {days} days of payments and two months of a community, trains models on them, decides
  the last day with them, and then runs everything with live traffic.
  The first start takes about ten minutes on two idle cores, later starts half a minute. It needs {memory}
  of memory and {disk} of disk. Press Ctrl-C to stop everything. All data is in
  {var}.
"""
BANNER = """
  Assay is running and receiving payments. Press Ctrl-C to stop everything.

    Admin         {address}/admin/       user {user}   password {password}
                  same password for {people}
    API           {address}/api/docs/    key  {key}

    Score a payment:

      curl -s {address}/api/v1/events -H 'Authorization: Bearer {key}' \\
        -H 'Content-Type: application/json' -d '{{"type": "payment", "id": "T-{number}",
        "occurred_at": "{now}", "card": "card-1", "customer": "customer-1", "merchant": "shop-1",
        "amount": "249.90", "currency": "USD", "category": "electronics"}}'
"""


class Command(BaseCommand):
    help = "Run the whole system on simulated payments: history, models, web, workers, live traffic."
    requires_system_checks = []  # the command itself starts the database that the checks need

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port",
            type=integer(minimum=1, maximum=65_535),
            help="port of the web server (default: ASSAY_PORT, or 8000)",
        )
        parser.add_argument(
            "--days",
            type=integer(minimum=MIN_DAYS, maximum=3_650),
            default=170,
            help="days of history to simulate at the first start",
        )
        parser.add_argument(
            "--rate",
            type=number(exclusive=True),
            help="payments per second of the live traffic; by default it continues the history, and any other"
            " rate shows what drift looks like",
        )

    def handle(self, *, port: int | None, days: int, rate: float | None, **options: Any) -> None:
        interrupt_on_signals()
        make_directory(settings.VAR_DIR)
        try:
            port = read_address(os.environ)[1] if port is None else port
            # Take the port first: the command keeps it until the end, or fails before it has done anything.
            with closing(listen(HOST, port)) as listener, sole_supervisor(settings.VAR_DIR) as record:
                self.start_and_stop(listener, record, days=days, rate=rate)
        except (PortUnavailable, AlreadyRunning) as error:
            raise CommandError(str(error)) from error

    def start_and_stop(
        self, listener: socket.socket, record: ProcessRecord, *, days: int, rate: float | None
    ) -> None:
        # Plain HTTP on this machine: without it Django would redirect to an address that does not exist.
        environment = os.environ | {"ASSAY_HTTPS": "0", "PYTHONUNBUFFERED": "1"}
        environment.setdefault("ASSAY_LOG_LEVEL", "WARNING")
        environment.setdefault("ASSAY_CASE_GROUP_HOURS", CASE_GROUP_HOURS)
        try:
            since = self.prepare(days=days, environment=environment)
            learn_from = since - timedelta(days=days) + WARM_UP
            self.run(listener, record, since=since, learn_from=learn_from, rate=rate, environment=environment)
        except services.ServiceUnusable as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            pass  # the user stopped the demo
        finally:
            connection.close()
            stopped = services.stop(settings.VAR_DIR, names=settings.EMBEDDED_SERVICES)
            self.say(f"Stopped: {', '.join(stopped) or 'nothing was running'}.")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    # Preparation

    def prepare(self, *, days: int, environment: dict[str, str]) -> datetime:
        """Prepare all data up to the present. Returns that moment.

        Each step keeps what an earlier demo has made, so a second start is quick.
        """
        if not (settings.VAR_DIR / "demo_history").exists():
            self.say(INTRODUCTION.format(days=days, memory=MEMORY, disk=DISK, var=settings.VAR_DIR))
        self.say("Starting PostgreSQL and Redis ...")
        services.start(settings.VAR_DIR, names=settings.EMBEDDED_SERVICES)
        if problems := check_servers():
            raise CommandError("\n".join(map(str, problems)))
        call_command("migrate", verbosity=0)
        run_command(["collectstatic", "--no-input", "--verbosity=0"], environment)
        self.load_history(days=days, environment=environment)
        demo_password()  # creates the users, one of whom decides the first cases
        until = timezone.now()
        self.simulate_gap(until=until, days=days, environment=environment)
        self.say("Updating cases and metrics ...")
        run_consumers(now=timezone.now())
        self.say("Measuring models, labels and business ...")
        run_command(["performance"], environment)
        return until

    def simulate_gap(self, *, until: datetime, days: int, environment: dict[str, str]) -> None:
        """Train the first models, and decide payments since the end of the history or last demo."""
        since = gap_start(until=until)
        is_new = not Route.objects.filter(event_type=EVENT_TYPE).exists()
        action = "Training two models, then deciding" if is_new else "Deciding"
        self.say(f"{action} the payments since {since:%Y-%m-%d %H:%M} UTC ...")
        moments = {"since": since, "until": until, "learn-from": until - timedelta(days=days) + WARM_UP}
        options = [f"--{name}={moment.isoformat(timespec='seconds')}" for name, moment in moments.items()]
        run_command(["demo_day", f"--source={SOURCE}", *options], environment)
        if seconds := seconds_until_fresh(now=timezone.now()):
            self.say(f"Waiting {seconds:.0f} s for fresh batch values ...")
            time.sleep(seconds)

    def load_history(self, *, days: int, environment: dict[str, str]) -> None:
        """Load simulated history into an empty log, or resume an interrupted load."""
        note = settings.VAR_DIR / "demo_history"
        until, _, loaded = note.read_text().partition(" ") if note.exists() else ("", "", "")
        if Event.objects.exists() and (loaded or not until):
            return
        until = until or (timezone.now() - LAST_DAY).isoformat(timespec="seconds")
        note.write_text(until)
        self.say(f"Simulating {days} days of payments, and {COMMUNITY_DAYS} of a community ...")
        for command, length in (("simulate", days), ("simulate_community", COMMUNITY_DAYS)):
            loaded_with = [f"--days={length}", f"--until={until}", f"--source={SOURCE}"]
            run_command([command, "history", *loaded_with], environment)
        note.write_text(f"{until} loaded")

    # Running

    def run(
        self,
        listener: socket.socket,
        record: ProcessRecord,
        *,
        since: datetime,
        learn_from: datetime,
        rate: float | None,
        environment: dict[str, str],
    ) -> None:
        """Run the Procfile's processes and live traffic from `since` on, until Ctrl-C."""
        port = listener.getsockname()[1]
        address = f"http://localhost:{port}"
        key, password = demo_key(), demo_password()
        self.say("Starting web, workers, scheduler and live traffic ...")
        environment |= {"ASSAY_HOST": HOST, "ASSAY_PORT": str(port), "ASSAY_API_KEY": key}
        mode = f"--continue --since {since.isoformat()}" if rate is None else f"--rate {rate:g}"
        manage = f"{sys.executable} manage.py"
        live = f"{manage} simulate live {mode} --url {address}"
        community = f"{manage} simulate_community live --since {since.isoformat()} --url {address}"
        programs = [
            *procfile_programs(environment, listener=listener),
            Program("live", live, environment, settings.BASE_DIR),
            Program("community", community, environment, settings.BASE_DIR),
        ]
        announce = partial(self.announce, address, key=key, password=password, learn_from=learn_from)
        announcer = threading.Thread(target=announce, daemon=True)
        connection.close()
        announcer.start()
        supervise(programs, record)

    def announce(self, address: str, *, key: str, password: str, learn_from: datetime) -> None:
        """Print addresses and passwords once all payments are decided and visible on the pages."""
        try:
            wait_until(lambda: is_ready(address), seconds=READY_SECONDS)
            wait_until(has_decided_all, seconds=DECIDE_SECONDS)
            wait_until(has_caught_up, seconds=CAUGHT_UP_SECONDS)
            demo_data.request_candidate(EVENT_TYPE, since=learn_from, now=timezone.now())
        except TimeoutError:
            self.say("Not everything is up to date yet; see the messages above and `/readyz`.")
        finally:
            connection.close()
        now = timezone.now().replace(microsecond=0)
        self.say(
            BANNER.format(
                address=address,
                user=demo_data.ADMIN,
                people=", ".join(f"{name} ({group})" for name, group in demo_data.USERS.items()),
                password=password,
                key=key,
                number=int(now.timestamp()),
                now=now.isoformat().replace("+00:00", "Z"),
            )
        )


def interrupt_on_signals() -> None:
    """Stop the services on `kill` or a closed terminal, even before the supervisor handles signals."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))


def gap_start(*, until: datetime) -> datetime:
    """The time of the last payment, at most a day ago: an earlier gap is not filled."""
    last = Event.objects.filter(type=EVENT_TYPE, occurred_at__lt=until).aggregate(last=Max("occurred_at"))[
        "last"
    ]
    return max(last or until, until - LAST_DAY)


def seconds_until_fresh(*, now: datetime) -> float:
    """Seconds until new payments read a fresh version of every batch view that has one published."""
    now_us = to_micros(now)
    stale = [
        versions.published[-1]
        for versions in read_versions_of(batch_views().values()).values()
        if versions.published and versions.read_at(now_us) == NONE
    ]
    return max([0.0, *((version.valid_from_us - now_us) / 1e6 for version in stale)])


def demo_password() -> str:
    """The password of the demo's users, who are created with it if they do not exist."""
    password = services.read_or_create_secret(settings.VAR_DIR, "demo_password", size=12)
    demo_data.create_users(password)
    administrator = User.objects.get(username=demo_data.ADMIN)
    return password if administrator.check_password(password) else "(as you set it)"


def demo_key() -> str:
    """The demo's API key, kept with the other secrets; a new one if it is no longer valid."""
    path = settings.VAR_DIR / "secrets" / "demo_api_key"
    if path.exists() and find_sender(key := path.read_text()):
        return key
    _, key = create_key(
        name="demo",
        source=SOURCE,
        scopes=list(SCOPES),
        label_sources=(*FOR_KEYS, LABEL_SOURCE),
        now=timezone.now(),
        actor="command/demo",
    )
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(key)
    return key


def has_decided_all() -> bool:
    return not Pending.objects.filter(state=Pending.State.READY).exists()


def has_caught_up() -> bool:
    """Whether all consumers have nearly caught up with the log, so that the pages are up to date."""
    return all(consumer.lag <= MAX_LAG and not consumer.error for consumer in consumer_health(max_lag=1_000))


def wait_until(condition: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.5)
