"""A benchmark's installation: months of simulated payments, a large champion model, an API key.

Existing data is kept.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO

from django.core.management import call_command
from django.db import connection

from benchmarks.django_setup import KEPT, VAR
from benchmarks.rules import store_ruleset
from embedded import services
from scoring.api.keys.issue import create_key, find_sender
from scoring.explain.treeshap import TableExplainer
from scoring.features.compile.plan import lane_plan
from scoring.intake.models import Event
from scoring.learning.dataset.split import SplitShares
from scoring.learning.promotion.gate import approve
from scoring.learning.promotion.promote import promote
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.log.consumers.runs import run_consumers
from scoring.registry.loaded_models import load_model
from scoring.registry.models import Route
from scoring.replay.consistency.checking import check_lane
from scoring.replay.models import LaneCheckpoint
from scoring.rules.ruleset.stream import current_version
from scoring.states.store import OnlineStore

EVENT_TYPE, LANE, SOURCE = "payment", "commerce", "bench"
SEED = 1
DAYS = 45  # 30-day windows are full and already drop events
RATE_PER_DAY = 2_000
TREES, DEPTH = 200, 6
# Each slice contains fraud even in a small history; the quality of the model does not matter here.
SLICES = SplitShares(train=0.4, validation=0.2, calibration=0.2, test=0.2, gap_days=1)


@dataclass(frozen=True)
class InstallationSize:
    """Size of the history and the model. History and traffic use the same number of `customers`.

    `rules`: whether lists and rules are on, those of `benchmarks.rules`.
    """

    days: int = DAYS
    rate_per_day: int = RATE_PER_DAY
    trees: int = TREES
    depth: int = DEPTH
    rules: bool = True

    @property
    def customers(self) -> int:
        return self.rate_per_day * 4


@contextmanager
def installation(size: InstallationSize) -> Iterator[dict[str, float]]:
    """Run services with history and a model for the block; yields the seconds that each step took."""
    try:
        yield set_up(size)
    finally:
        connection.close()
        services.stop(VAR)
        if not KEPT:
            shutil.rmtree(VAR, ignore_errors=True)


def set_up(size: InstallationSize) -> dict[str, float]:
    """Set up services, tables, history up to now and a champion. Returns the seconds of each step.

    Consumers and the replay check are run to the end; otherwise they would catch up with the history while
    the first requests are measured.
    """
    return {
        "set_up_services_s": seconds_of(start_services),
        "set_up_history_s": seconds_of(lambda: Event.objects.exists() or load_history(size)),
        "set_up_model_s": seconds_of(lambda: is_routed() or train_champion(size)),
        "set_up_ruleset_s": seconds_of(lambda: set_up_ruleset(rules=size.rules)),
        "set_up_consumers_s": seconds_of(lambda: run_consumers(now=now())),
        "set_up_check_s": seconds_of(lambda: check_replay(LANE)),
    }


def set_up_ruleset(*, rules: bool) -> None:
    """Store the rules and lists, or make sure that there are none: what was set up earlier is kept."""
    if rules:
        store_ruleset()
    elif version := current_version():
        raise SystemExit(
            f"{VAR} has rules and lists (version {version} of the ruleset), so --without-rules would measure"
            " with them. Name another directory in ASSAY_BENCH_VAR."
        )


def seconds_of(step: Callable[[], object]) -> float:
    began = time.monotonic()
    step()
    return time.monotonic() - began


def start_services() -> None:
    services.start(VAR)
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def check_replay(lane: str) -> None:
    """Run the continuous check of replayed decisions to the lane's head."""
    before, reached = None, -1
    while before != reached:
        check_lane(lane, now=now())
        before, reached = reached, LaneCheckpoint.objects.values_list("position", flat=True).get(lane=lane)


def is_routed() -> bool:
    return Route.objects.filter(event_type=EVENT_TYPE).exists()


def load_history(size: InstallationSize) -> None:
    arguments = ["--days", size.days, "--rate-per-day", size.rate_per_day, "--customers", size.customers]
    call_command(
        *("simulate", "history", "--seed", str(SEED), *map(str, arguments)),
        *("--until", (now() - timedelta(minutes=1)).isoformat()),
        stdout=StringIO(),
    )


def train_champion(size: InstallationSize) -> str:
    """Train a model with exactly `trees` trees: a low learning rate and high patience avoid early stopping.

    Small leaves make the trees as large as their depth allows, and as costly.
    """
    request = TrainingRequest(EVENT_TYPE, as_of=now(), matures_after=timedelta(days=14))
    config = TrainingConfig(
        trees=size.trees,
        depth=size.depth,
        learning_rate=0.007,
        min_child_weight=0.1,
        patience=size.trees,
        minimum_positives=1,
        shares=SLICES,
    )
    name = run_training(request, config=config, actor="benchmark", now=now()).name
    approve(name, actor="user/benchmark", note="for a benchmark", forced=True, now=now())
    promote(name, actor="user/benchmark", now=now())
    return name


def describe_model() -> dict[str, object]:
    """The champion's number of trees and leaves, and its kind of explainer."""
    arms = Route.objects.get(event_type=EVENT_TYPE).arms
    model = load_model(next(arm["model"] for arm in arms if arm["role"] == "champion"))
    nodes = model.booster.trees_to_dataframe()
    trees = model.booster.num_boosted_rounds()
    tables = isinstance(model.explainer, TableExplainer)
    return {
        "model_trees": trees,
        "model_leaves_per_tree": float((nodes.Feature == "Leaf").sum() / trees),
        "model_features": len(model.spec.medians),
        "model_explained_by": "tables" if tables else str(model.explainer),
    }


def sender_key() -> str:
    """An API key that may send events, created once."""
    path = VAR / "bench_api_key"
    if path.exists() and find_sender(key := path.read_text()):
        return key
    _, key = create_key(
        name="benchmark", source=SOURCE, scopes=["events:write"], now=now(), actor="benchmark"
    )
    path.touch(mode=0o600)
    path.write_text(key)
    return key


def online_store() -> OnlineStore:
    return OnlineStore(LANE, lane_plan(LANE).layout_id)


def now() -> datetime:
    return datetime.now(UTC)
