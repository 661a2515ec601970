"""Server time and queries of every admin page on much data: `python -m benchmarks.pages [events cases]`.

Starts its own services in a temporary directory, loads simulated history, sends the last payments through a
lane whose model sends all of them to review, and as many posts of raids through another. Requests each page
seven times. Prints the median and maximum server time in milliseconds, the number
of queries and the size.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from statistics import median
from typing import Any

VAR = tempfile.mkdtemp(prefix="assay-pages-")
os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "ASSAY_VAR": VAR, "ASSAY_HTTPS": "0"}
os.environ.setdefault("ASSAY_LOG_LEVEL", "ERROR")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from benchmarks.content_pages import (  # noqa: E402
    VERDICTS,
    content_addresses,
    draw_samples,
    fill_bank,
    store_posts,
    store_verdicts,
)
from benchmarks.investigation import fill_store  # noqa: E402
from benchmarks.investigation import measure as measure_queries  # noqa: E402
from demo.simulation.live import LiveTraffic  # noqa: E402
from demo.simulation.payloads import to_payload  # noqa: E402
from embedded import services  # noqa: E402
from experiments.design.lifecycle import start_experiment  # noqa: E402
from experiments.tasks import refresh_results  # noqa: E402
from reviews.investigation.store.following import TABLES  # noqa: E402
from reviews.models import Case  # noqa: E402
from scoring.catalog.registry import event_type  # noqa: E402
from scoring.decisions.models import Decision  # noqa: E402
from scoring.intake.models import Event  # noqa: E402
from scoring.intake.receive import Submission, receive_events  # noqa: E402
from scoring.lanes.lock import held_lane  # noqa: E402
from scoring.learning.promotion.gate import approve  # noqa: E402
from scoring.learning.promotion.promote import promote  # noqa: E402
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest  # noqa: E402
from scoring.learning.training.runs import run_training  # noqa: E402
from scoring.log.consumers.runs import run_consumers  # noqa: E402
from scoring.offline.store import OfflineStore  # noqa: E402
from scoring.rules.lists.changing.defining import define_list  # noqa: E402
from scoring.rules.lists.changing.listing import add_values  # noqa: E402
from scoring.rules.lists.changing.values import NewValue  # noqa: E402
from scoring.runner.lane_runner import LaneRunner  # noqa: E402
from scoring.timestamps import to_iso  # noqa: E402

EVENTS, CASES, LISTED, TIMES = 200_000, 20_000, 20_000, 7
QUERIED = 1_000_000  # decisions in the investigation console's store
RATE_PER_DAY = 2_000
LIST = 500  # events per request
USER = "benchmark"
REVIEW_ALL = (("review", 0.0), ("block", 1.0))


@contextmanager
def stored(events: int, cases: int) -> Iterator[None]:
    """Store `events` events, the last `cases` of them decided and waiting for review."""
    try:
        services.start(settings.VAR_DIR)
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        store_posts(cases, now=now())  # first, because they are of the past
        load_history(events - cases)
        send_for_review(cases)
        run_consumers(now=now())
        refresh_results()
        draw_samples(now=now())
        fill_list()
        fill_bank(now=now())
        store_verdicts(VERDICTS, now=now())
        yield
    finally:
        connection.close()
        services.stop(settings.VAR_DIR)
        shutil.rmtree(VAR, ignore_errors=True)


def load_history(events: int) -> None:
    """Load history up to an hour ago, train two models on it and start an experiment between them."""
    until = now() - timedelta(hours=1)
    days = str(max(events // RATE_PER_DAY, 60))
    call_command("simulate", "history", "--days", days, "--until", until.isoformat(), stdout=StringIO())
    for trees in (30, 40):
        request = TrainingRequest("payment", as_of=now(), matures_after=timedelta(days=14))
        config = TrainingConfig(trees=trees, explicit_thresholds=REVIEW_ALL)
        name = run_training(request, config=config, actor="benchmark", now=now()).name
        approve(name, actor="user/benchmark", note="for a benchmark", forced=True, now=now())
        if trees == 30:
            promote(name, actor="user/benchmark", now=now())
    start_experiment(
        event_type="payment",
        treatment=name,
        share=0.5,
        name="more-trees",
        hypothesis="More trees, fewer reviews.",
        primary_metric="review_rate",
        actor="user/benchmark",
        now=now(),
    )


def send_for_review(cases: int) -> None:
    """Send live payments through the lane, in lists as a client would."""
    kind, traffic = event_type("payment"), LiveTraffic(seed=1, customers=3_000, rate=20.0)
    sent, batch = 0, []
    while sent < cases:
        event = next(traffic)
        if event.row["type"] != "payment":
            continue
        payload = to_payload(event.row, id=f"bench-{sent}", occurred_at=to_iso(now().replace(microsecond=0)))
        batch.append(Submission(kind.name, kind.parse(payload, now=now(), rates={})))
        sent += 1
        if len(batch) == LIST or sent == cases:
            receive_events(batch, source="bench", now=now())
            batch = []
    decide_pending(kind.lane)


def decide_pending(lane: str) -> None:
    with held_lane(lane):
        runner = LaneRunner(lane)
        while runner.step():
            pass


def fill_list() -> None:
    """A list of 20,000 cards, a third of which expire."""
    define_list(
        name="stolen_cards", title="Stolen cards", action="block", kind="card", actor="bench", now=now()
    )
    for start in range(0, LISTED, 10_000):
        values = [
            NewValue(f"c-{n}", "bench", now() + timedelta(days=n % 90 + 1) if n % 3 == 0 else None)
            for n in range(start, start + 10_000)
        ]
        add_values(list_name="stolen_cards", values=values, actor="bench", now=now())


def addresses() -> dict[str, str]:
    """The address of every page, with arguments that exist."""
    lists = {
        f"{model._meta.app_label}.{model._meta.model_name}": reverse(
            f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        )
        for model in admin.site._registry
    }
    case = Case.objects.filter(event_type="payment").order_by("-rank")[0].event_position
    busy = Event.objects.latest("position")
    pages = {
        "overview": reverse("admin:index"),
        "queue": reverse("admin:queue"),
        "case": reverse("admin:case", args=[case]),
        "event": reverse("admin:event", args=[busy.position]),
        "linked entities": reverse("admin:event_links", args=[case]),
        "find": reverse("admin:entities") + "?q=m-0001",
        "a busy merchant": reverse("admin:entities") + "?kind=merchant&value=m-0001",
        "model": reverse("admin:model", args=["payment-2"]),
        "drift": reverse("admin:drift"),
        "drift, a week": reverse("admin:drift") + "?span=week",
        "features": reverse("admin:features"),
        "features, a week": reverse("admin:features") + "?span=week",
        "feature, a week": reverse("admin:feature", args=["payment", "card_count_1h"]) + "?span=week",
        "feature sets": reverse("admin:feature_sets", args=["payment"]),
        "batch views": reverse("admin:batch_views"),
        "experiments": reverse("admin:experiments"),
        "experiment": reverse("admin:experiment", args=["more-trees"]),
        "label upload": reverse("admin:label_upload"),
        "lists": reverse("admin:lists"),
        "a list of 20,000": reverse("admin:list", args=["stolen_cards"]),
        "start a training": reverse("admin:training_start"),
        "start an experiment": reverse("admin:experiment_start"),
    }
    return pages | content_addresses(USER, now=now()) | lists


def measure(client: Client, address: str) -> tuple[float, float, int, int]:
    """Median and maximum milliseconds, queries and bytes of a page, after one request to warm up."""
    client.get(address)
    times = []
    for _ in range(TIMES):
        with CaptureQueriesContext(connection) as queries:
            started = time.perf_counter()
            answer = client.get(address)
            times.append(1000 * (time.perf_counter() - started))
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")
    return median(times), max(times), len(queries), len(answer.content)


def measure_console() -> None:
    """Print the times of the investigation console's queries on QUERIED decisions."""
    store = OfflineStore(f"{VAR}/queried", tables=TABLES)
    fill_store(store, rows=QUERIED, now=now())
    print(f"{f'query of {QUERIED:,} decisions':40} {'median ms':>10} {'max ms':>8} {'matches':>8}")
    for name, middle, largest, matches in measure_queries(store, now=now()):
        print(f"{name:40} {middle:10.1f} {largest:8.1f} {matches:8d}")


def now() -> datetime:
    return datetime.now(UTC)


def main(arguments: list[Any]) -> None:
    events, cases = [int(each) for each in arguments] or (EVENTS, CASES)
    with stored(events, cases):
        client = Client(SERVER_NAME="localhost")
        client.force_login(User.objects.create_superuser(USER))
        print(
            f"{Event.objects.count():,} events, {Decision.objects.count():,} decisions,"
            f" {Case.objects.count():,} cases"
        )
        print(f"{'page':40} {'median ms':>10} {'max ms':>8} {'queries':>8} {'KiB':>6}")
        for name, address in addresses().items():
            middle, largest, queries, size = measure(client, address)
            print(f"{name:40} {middle:10.1f} {largest:8.1f} {queries:8d} {size / 1024:6.0f}")
        measure_console()


if __name__ == "__main__":
    main(sys.argv[1:])
