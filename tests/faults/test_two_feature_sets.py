"""A feature set is replaced during traffic; no order is lost or decided on a wrong value."""

import importlib
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import count

import numpy as np
import pandas as pd
import pytest
from django.core.management import call_command
from django.db import connections

from scoring.catalog import registry as catalog
from scoring.decisions.consumers import SHADOW
from scoring.decisions.models import Decision, ShadowScore
from scoring.features.compile import plan
from scoring.ingest.imports import ingest_frame
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping
from scoring.intake.models import Event
from scoring.intake.receive import Submission, receive_events
from scoring.lanes.models import Pending
from scoring.learning.promotion.promote import start_canary, start_shadow, stop_arm
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.log.consumers.registry import catch_up
from scoring.log.read import iter_log
from scoring.registry.errors import FeatureSetMissing
from scoring.registry.feature_sets import check_live_sets, declared_set_of
from scoring.registry.loaded_models import load_model
from scoring.registry.models import FeatureSetVersion, ModelVersion
from scoring.replay.service import replay
from scoring.runner.sweep import sweep_lanes
from scoring.states.history import sequence_history
from scoring.timestamps import to_iso
from tests.factories.catalog import catalog_with
from tests.factories.models import approved, promote
from tests.faults.growing import event_types as growing
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

LANE = "orders"
NOW = datetime.now(UTC)
TRAINED_UNTIL = NOW - timedelta(days=15)
SECONDS = 60  # timeout of each wait
EVENTS_PER_STEP = 25

Release = Callable[[str], None]


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch, online_redis: object) -> Iterator[Release]:
    """Load the code of a release into this process: "before", "during" or "after" the change of features."""

    def take(name: str) -> None:
        monkeypatch.setenv("GROWING_RELEASE", name)
        importlib.reload(growing)
        catalog.event_types.cache_clear()
        plan._cached_plan.cache_clear()

    with catalog_with(growing.__name__):
        yield take
    plan._cached_plan.cache_clear()
    load_model.cache_clear()


class Fleet:
    """The workers of the releases, and the traffic that they decide."""

    def __init__(self, start: Callable[..., subprocess.Popen[bytes]]) -> None:
        self._start = start
        self.traffic = Traffic()

    def start(self, release: str) -> subprocess.Popen[bytes]:
        return self._start(
            queues="lanes", DJANGO_SETTINGS_MODULE="tests.faults.growing.settings", GROWING_RELEASE=release
        )

    def stop(self, worker: subprocess.Popen[bytes]) -> None:
        os.killpg(worker.pid, signal.SIGTERM)
        worker.wait(timeout=SECONDS)

    def decide_more(self, **by: object) -> None:
        """Wait for EVENTS_PER_STEP more decisions that match the filter."""
        wanted = Decision.objects.filter(**by).count() + EVENTS_PER_STEP
        wait_until(lambda: Decision.objects.filter(**by).count() >= wanted, seconds=SECONDS, seen=queued)


class Traffic(threading.Thread):
    """Submits a few orders and refusals at a time until ended."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.sent = 0
        self.ended = threading.Event()

    def run(self) -> None:
        draw = np.random.default_rng(9)
        for number in count():
            if self.ended.wait(0.1):
                break
            now = datetime.now(UTC)
            made = [submission(row, now) for row in orders(draw, [now] * 3, prefix=f"live-{number}")]
            made += [refusal(draw, now, number)] if number % 4 == 0 else []
            receive_events(made, source="till", now=now)
            self.sent += len(made)
        connections.close_all()

    def end(self) -> None:
        self.ended.set()
        self.join(timeout=SECONDS)


def orders(draw: np.random.Generator, times: list[datetime], *, prefix: str) -> list[dict[str, str]]:
    return [
        {
            "type": "order",
            "id": f"{prefix}-{number}",
            "occurred_at": to_iso(moment),
            "customer": f"customer-{draw.integers(30)}",
            "shop": f"shop-{draw.integers(12)}",
            "amount": f"{draw.lognormal(3, 1):.2f}",
            "goods": str(draw.choice(["books", "wine", "tools"])),
        }
        for number, moment in enumerate(times)
    ]


def submission(payload: dict[str, str], now: datetime) -> Submission:
    kind = catalog.event_type(payload["type"])
    return Submission(kind.name, kind.parse(payload, now=now, rates={}))


def refusal(draw: np.random.Generator, now: datetime, number: int) -> Submission:
    customer = f"customer-{draw.integers(30)}"
    payload = {"type": "refusal", "id": f"refusal-{number}", "occurred_at": to_iso(now), "customer": customer}
    return submission(payload, now)


def load_history() -> None:
    """Load forty days of labeled orders; those with high amounts are often fraud."""
    draw = np.random.default_rng(4)
    seconds = np.sort(draw.uniform(1, 40 * 86_400, 1_500))[::-1]
    frame = pd.DataFrame(
        orders(draw, [NOW - timedelta(seconds=float(ago)) for ago in seconds], prefix="history")
    )
    risky = (frame.amount.astype(float) > 40) & (draw.random(len(frame)) < 0.8)
    frame = frame.drop(columns="type").assign(label=np.where(risky, "fraud", "legitimate"))
    frame["label_known_at"] = frame.occurred_at
    label = LabelMapping(column="label", known_at="label_known_at", source="chargeback")
    ingest_frame(
        frame,
        mapping=ColumnMapping(type="order", source="till", label=label),
        history=True,
        now=NOW,
        name="h",
    )
    sequence_history(LANE)


def train() -> str:
    request = TrainingRequest("order", as_of=TRAINED_UNTIL, matures_after=timedelta(days=1))
    config = TrainingConfig(trees=12, depth=3, minimum_positives=4)
    return run_training(request, config=config, actor="tests", now=datetime.now(UTC)).name


def queued() -> list[dict[str, object]]:
    return list(Pending.objects.values("state", "error")[:5])


def settle() -> None:
    """Wait until the lane is empty, even if a stopped worker had taken the last notification."""

    def is_settled() -> bool:
        sweep_lanes(now=datetime.now(UTC))
        return not Pending.objects.exists()

    wait_until(is_settled, seconds=SECONDS, seen=queued)


def test_a_feature_set_is_replaced_while_orders_arrive(
    release: Release, celery_worker_process: Callable[..., subprocess.Popen[bytes]]
) -> None:
    release("before")
    load_history()
    old = train()
    promote(old)
    fleet = Fleet(celery_worker_process)
    first = fleet.start("before")
    fleet.traffic.start()
    fleet.decide_more(model=old)

    # Deploy the code with both sets. Its states are built during traffic, before its workers start.
    release("during")
    call_command("rebuild", "--online", "--lane", LANE, verbosity=0, stdout=StringIO())
    second = fleet.start("during")
    fleet.stop(first)
    fleet.decide_more(model=old)
    new = train()
    start_canary(approved(new), share=0.5, actor="tests", now=datetime.now(UTC))
    fleet.decide_more(model=new)
    fleet.decide_more(model=old)
    promote(new)
    start_shadow(old, actor="tests", now=datetime.now(UTC))
    fleet.decide_more(model=new, arm="champion")

    # The old set can only be removed once no model needs it.
    release("after")
    with pytest.raises(FeatureSetMissing, match=f"{old} was trained on feature set 1"):
        check_live_sets()
    release("during")
    catch_up(SHADOW, now=datetime.now(UTC))
    take_out_shadow(old)
    third = fleet.start("after")
    fleet.stop(second)
    fleet.decide_more(model=new)
    fleet.traffic.end()
    settle()
    fleet.stop(third)

    release("during")
    assert Event.objects.filter(source="till", history=False).count() == fleet.traffic.sent
    assert_each_order_was_decided_on_its_models_features(old, new)
    declared = FeatureSetVersion.objects.filter(event_type="order").order_by("number")
    assert list(declared.values_list("number", "digest")) == [
        (number, declared_set_of(ModelVersion.objects.get(name=name)))
        for number, name in ((1, old), (2, new))
    ]


def take_out_shadow(old: str) -> None:
    """Stop the shadow model. The old set is now unused, and the command says so."""
    call_command("feature_sets", stdout=(output := StringIO()))
    assert f"{old} (shadow)" in output.getvalue()
    stop_arm(old, actor="tests", now=datetime.now(UTC))
    call_command("feature_sets", stdout=(output := StringIO()))
    assert "it can be removed from the code" in output.getvalue()


def assert_each_order_was_decided_on_its_models_features(old: str, new: str) -> None:
    decided = [
        entry
        for entries in iter_log(types=["decision.made", "decision.revised"])
        for entry in entries
        if entry.stream.startswith("order/")
    ]
    orders_sent = Event.objects.filter(type="order", history=False).count()
    assert len(decided) == len({entry.stream for entry in decided}) == orders_sent
    by_model = Counter((entry.data["basis"], entry.data["model"]) for entry in decided)
    assert set(by_model) == {("model", old), ("model", new)}
    for entry in decided:
        assert entry.data["feature_set"] == load_model(entry.data["model"]).feature_set
    again = replay("order", since=NOW - timedelta(days=1), until=datetime.now(UTC) + timedelta(days=1))
    assert again.first == []
    assert again.identical == again.decisions == orders_sent
    assert ShadowScore.objects.filter(model=old).count() >= EVENTS_PER_STEP
