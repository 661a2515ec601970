"""manage.py demo: everything at once, on simulated payments, until Ctrl-C."""

import os
import signal
import socket
import subprocess
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

from config.running import procfile_programs, supervise
from config.status.servers import check_servers
from demo import demo_data as scene
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
from scoring.management.arguments import number, whole_number
from scoring.registry.models import Route
from scoring.timestamps import to_micros
from serving.listening import PortUnavailable, listen, read_address
from supervision.record import ProcessRecord
from supervision.supervisor import AlreadyRunning, Program, sole_supervisor

HOST, EVENT_TYPE, SOURCE = "127.0.0.1", "payment", "demo"
READY_SECONDS, DECIDED_SECONDS, CAUGHT_UP_SECONDS = 120.0, 120.0, 300.0
CAUGHT_UP_LAG = 50  # entries
MEMORY, DISK = "2.5 GB", "1.5 GB"
# Of the time before a start, what is decided as if the system had run: the rest of it is history, or a gap.
LAST_DAY = timedelta(days=1)
# Until then windows of 30 days, profiles of 90 and labels of two weeks before have filled as far as they do:
# what models learn from later is like what they decide on.
WARM_UP = timedelta(days=45)
MIN_DAYS = 145  # of these, the last 45 have not matured, the first model lacks 21 more, and it warms up

INTRODUCTION = """
  The demo simulates {days} days of payments, trains two models on them, decides the last day with them,
  and then runs everything with live traffic.
  The first start takes about five minutes on two idle cores, later starts half a minute. It needs {memory}
  of memory and {disk} of disk. Press Ctrl-C to stop everything. All data is in
  {var}.
"""
BANNER = """
  Assay is running, and payments arrive. Press Ctrl-C to stop everything.

    Admin         {address}/admin/       user {user}   password {password}
                  the same password for {people}
    API           {address}/api/docs/    key  {key}

    Score a payment:

      curl -s {address}/api/v1/events -H 'Authorization: Bearer {key}' \\
        -H 'Content-Type: application/json' -d '{{"type": "payment", "id": "T-{number}",
        "occurred_at": "{now}", "card": "card-1", "customer": "customer-1", "merchant": "shop-1",
        "amount": "249.90", "currency": "USD", "category": "electronics"}}'
"""


class Command(BaseCommand):
    help = "Run everything on simulated payments: history, a first model, web, workers, live traffic."
    requires_system_checks = []  # the database that checks ask is started here

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=whole_number(least=1, most=65_535), help="default: ASSAY_PORT, or 8000"
        )
        parser.add_argument(
            "--days",
            type=whole_number(least=MIN_DAYS, most=3_650),
            default=170,
            help="days of history to simulate at the first start",
        )
        parser.add_argument(
            "--rate",
            type=number(above=True),
            help="payments per second of the live traffic; by default it continues the history, and any other"
            " rate shows what drift looks like",
        )

    def handle(self, *, port: int | None, days: int, rate: float | None, **options: Any) -> None:
        end_as_if_interrupted()
        make_directory(settings.VAR_DIR)
        try:
            port = read_address(os.environ)[1] if port is None else port
            # The socket first: the port is ours until the end, or the command ends before it has begun.
            with closing(listen(HOST, port)) as listener, sole_supervisor(settings.VAR_DIR) as record:
                self.work(listener, record, days=days, rate=rate)
        except (PortUnavailable, AlreadyRunning) as error:
            raise CommandError(str(error)) from error

    def work(self, listener: socket.socket, record: ProcessRecord, *, days: int, rate: float | None) -> None:
        # Plain HTTP on this machine: without it Django would redirect to an address that does not exist.
        environment = os.environ | {"ASSAY_HTTPS": "0", "PYTHONUNBUFFERED": "1"}
        environment.setdefault("ASSAY_LOG_LEVEL", "WARNING")
        try:
            since = self.prepare(days=days, environment=environment)
            learn_from = since - timedelta(days=days) + WARM_UP
            self.run(listener, record, since=since, learn_from=learn_from, rate=rate, environment=environment)
        except services.ServiceUnusable as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            pass  # asked for
        finally:
            connection.close()
            stopped = services.stop(settings.VAR_DIR, names=settings.EMBEDDED_SERVICES)
            self.say(f"Stopped: {', '.join(stopped) or 'nothing was running'}.")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    # Before anything is shown

    def prepare(self, *, days: int, environment: dict[str, str]) -> datetime:
        """Everything until now; gives which moment that is.

        Each step leaves alone what an earlier demo has made: a second start is quick.
        """
        if not (settings.VAR_DIR / "demo_history").exists():
            self.say(INTRODUCTION.format(days=days, memory=MEMORY, disk=DISK, var=settings.VAR_DIR))
        self.say("Starting PostgreSQL and Redis ...")
        services.start(settings.VAR_DIR, names=settings.EMBEDDED_SERVICES)
        if problems := check_servers():
            raise CommandError("\n".join(map(str, problems)))
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        self.load_history(days=days, environment=environment)
        demo_password()  # its people: one of them works the first cases
        until = timezone.now()
        self.pass_time(until=until, days=days, environment=environment)
        self.say("Filling the pages ...")
        run_consumers(now=timezone.now())
        return until

    def pass_time(self, *, until: datetime, days: int, environment: dict[str, str]) -> None:
        """The first models, and what happened since the history or the last demo ended."""
        since = begin_of_gap(until=until)
        is_new = not Route.objects.filter(event_type=EVENT_TYPE).exists()
        first = "Training two models, then deciding" if is_new else "Deciding"
        self.say(f"{first} what came since {since:%Y-%m-%d %H:%M} UTC ...")
        moments = {"since": since, "until": until, "learn-from": until - timedelta(days=days) + WARM_UP}
        options = [f"--{name}={moment.isoformat(timespec='seconds')}" for name, moment in moments.items()]
        run_command(["demo_day", f"--source={SOURCE}", *options], environment)
        if seconds := seconds_until_fresh(now=timezone.now()):
            self.say(f"Batch values are fresh in {seconds:.0f} s ...")
            time.sleep(seconds)

    def load_history(self, *, days: int, environment: dict[str, str]) -> None:
        """Simulated history into an empty log; one that was interrupted is resumed where it stopped."""
        note = settings.VAR_DIR / "demo_history"
        until, _, loaded = note.read_text().partition(" ") if note.exists() else ("", "", "")
        if Event.objects.exists() and (loaded or not until):
            return
        until = until or (timezone.now() - LAST_DAY).isoformat(timespec="seconds")
        note.write_text(until)
        self.say(f"Simulating {days} days of payments ...")
        simulate = ["simulate", "history", f"--days={days}", f"--until={until}", f"--source={SOURCE}"]
        run_command(simulate, environment)
        note.write_text(f"{until} loaded")

    # While it runs

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
        """The processes of the Procfile and the live traffic from `since` on, until Ctrl-C."""
        port = listener.getsockname()[1]
        address = f"http://localhost:{port}"
        key, password = demo_key(), demo_password()
        self.say("Starting web, workers, scheduler and live traffic ...")
        environment |= {"ASSAY_HOST": HOST, "ASSAY_PORT": str(port), "ASSAY_API_KEY": key}
        pace = f"--continue --since {since.isoformat()}" if rate is None else f"--rate {rate:g}"
        live = f"{sys.executable} manage.py simulate live {pace} --url {address}"
        programs = [
            *procfile_programs(environment, listener=listener),
            Program("live", live, environment, settings.BASE_DIR),
        ]
        announce = partial(self.announce, address, key=key, password=password, learn_from=learn_from)
        announcer = threading.Thread(target=announce, daemon=True)
        connection.close()
        announcer.start()
        supervise(programs, record)

    def announce(self, address: str, *, key: str, password: str, learn_from: datetime) -> None:
        """Say where to look, once all payments are decided and the pages show them."""
        try:
            wait_until(lambda: is_ready(address), seconds=READY_SECONDS)
            wait_until(has_decided_all, seconds=DECIDED_SECONDS)
            wait_until(has_caught_up, seconds=CAUGHT_UP_SECONDS)
            scene.train_a_candidate(EVENT_TYPE, since=learn_from, now=timezone.now())
        except TimeoutError:
            self.say("Not everything is up to date yet; see the messages above and `/readyz`.")
        finally:
            connection.close()
        now = timezone.now().replace(microsecond=0)
        self.say(
            BANNER.format(
                address=address,
                user=scene.ADMIN,
                people=", ".join(f"{name} ({group})" for name, group in scene.PEOPLE.items()),
                password=password,
                key=key,
                number=int(now.timestamp()),
                now=now.isoformat().replace("+00:00", "Z"),
            )
        )


def end_as_if_interrupted() -> None:
    """A closed terminal or `kill` must stop the services too, also before the manager handles signals."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))


def run_command(arguments: list[str], environment: dict[str, str]) -> None:
    """A management command in a process of its own: what it holds in memory is given back."""
    result = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, env=environment, check=False
    )
    if result.returncode != 0:
        raise CommandError(f"`manage.py {' '.join(arguments)}` failed; see its message above.")


def begin_of_gap(*, until: datetime) -> datetime:
    """Since when no payment has come; at most a day ago: what lies further back is not made up for."""
    last = Event.objects.filter(type=EVENT_TYPE, occurred_at__lt=until).aggregate(last=Max("occurred_at"))[
        "last"
    ]
    return max(last or until, until - LAST_DAY)


def seconds_until_fresh(*, now: datetime) -> float:
    """Until a payment that arrives reads a fresh version of every batch view, where one is on its way."""
    now_us = to_micros(now)
    stale = [
        versions.published[-1]
        for versions in read_versions_of(batch_views().values()).values()
        if versions.published and versions.read_at(now_us) == NONE
    ]
    return max([0.0, *((version.valid_from_us - now_us) / 1e6 for version in stale)])


def demo_password() -> str:
    """The password of the demo's people, who are made with it if they are not there yet."""
    password = services.read_or_create_secret(settings.VAR_DIR, "demo_password", size=12)
    scene.make_people(password)
    administrator = User.objects.get(username=scene.ADMIN)
    return password if administrator.check_password(password) else "(the one you have set)"


def demo_key() -> str:
    """The demo's API key, kept beside the other secrets; a new one when it is not valid any more."""
    path = settings.VAR_DIR / "secrets" / "demo_api_key"
    if path.exists() and find_sender(key := path.read_text()):
        return key
    _, key = create_key(
        name="demo",
        source=SOURCE,
        scopes=list(SCOPES),
        label_sources=FOR_KEYS,
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
    """Whether the pages show all that has happened, but for the last moment."""
    return all(
        consumer.lag <= CAUGHT_UP_LAG and not consumer.error for consumer in consumer_health(most=1_000)
    )


def wait_until(condition: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.5)
