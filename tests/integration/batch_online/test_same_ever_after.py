"""Whatever became of versions, decisions come out of the log again; training learns from the same rows."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from scoring.batch.models import BatchVersion
from scoring.batch.publishing import publish
from scoring.features.compile import plan
from scoring.features.compile.plan import lane_plan
from scoring.features.logged_vectors import unpack_vectors
from scoring.intake.labels import LabelStatement, record_labels
from scoring.learning.dataset.training_set import VectorTable
from scoring.learning.dataset.vectors_and_labels import read_vectors
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.offline.export import export_log
from scoring.offline.store import OfflineStore
from scoring.registry import loaded_models
from scoring.registry.models import ModelArtifact
from scoring.replay.consistency.checking import check_lane
from scoring.replay.consistency.mismatches import read_mismatches
from scoring.replay.models import FeatureConsistency
from scoring.replay.report import ReplayReport
from scoring.replay.service import replay
from scoring.runner.sweep import sweep_lanes
from tests.factories.models import promote
from tests.factories.sales import DAY, HOUR, MINUTE, NOON, Sale
from tests.integration.batch_online.conftest import (
    BATCH_FEATURES,
    LANE,
    Shop,
    batch_values,
    decisions,
    publish_all,
)
from tests.integration.replay.traffic import rewrite

pytestmark = pytest.mark.django_db(transaction=True)

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def replayed() -> ReplayReport:
    return replay("sale", since=BEGINNING, until=datetime.now(UTC))


def eventful_day(shop: Shop, flush: Callable[[], None]) -> dict[str, list[int]]:
    """Sales before, with, between, without and after versions; their numbers."""
    numbers = {"unpublished": shop.sell(4, at=NOON - 20 * MINUTE)}
    publish_all(at=NOON)
    numbers["first"] = shop.sell(6, at=NOON + 5 * MINUTE)
    publish_all(at=NOON + 10 * MINUTE)
    numbers["between"] = shop.receive(3, at=NOON + 10 * MINUTE + timedelta(seconds=15))
    numbers["second"] = shop.receive(3, at=NOON + 12 * MINUTE)
    shop.work()
    numbers["new"] = shop.sell(2, at=NOON + 13 * MINUTE, customer="nobody knows", merchant=None)
    numbers["stale"] = shop.sell(4, at=NOON + 2 * HOUR)
    flush()
    numbers["lost"] = shop.sell(4, at=NOON + 14 * MINUTE)
    publish_all(at=NOON + DAY)
    numbers["next day"] = shop.sell(5, at=NOON + DAY + MINUTE)
    return numbers


def sale_vectors() -> VectorTable:
    return read_vectors("sale", vocabulary={}, store=OfflineStore())


def rows_of(table: VectorTable, entries: list[Entry]) -> np.ndarray:
    row_of = {position: row for row, position in enumerate(table.positions.tolist())}
    return table.X[[row_of[entry.data["event_position"]] for entry in entries]]


def logged(entries: list[Entry]) -> np.ndarray:
    width = len(Sale.features)
    return np.stack([unpack_vectors(entry.packed, width=width)[0] for entry in entries]).astype(np.float32)


def test_every_decision_comes_out_again_bit_for_bit(shop: Shop, online_redis) -> None:
    eventful_day(shop, online_redis.flushdb)
    report = replayed()
    assert report.facts()["differences"] == []
    assert (report.decisions, report.identical) == (31, 31)


def test_a_decision_that_names_another_version_is_found(shop: Shop, online_redis) -> None:
    numbers = eventful_day(shop, online_redis.flushdb)
    wrong, null, *_ = decisions(numbers["second"])
    rewrite(wrong, batch=wrong.data["batch"] | {"sale.rush": 1})
    rewrite(null, batch=null.data["batch"] | {"sale.habits": None})
    report = replayed()
    assert report.decisions - report.identical == 2
    assert set(report.features) == {"habits_sales", "amount_to_habits_typical", "rush_ratio", "rush_count"}


def test_a_version_whose_file_is_gone_is_told_of_the_decisions_that_read_it(shop: Shop, online_redis) -> None:
    numbers = eventful_day(shop, online_redis.flushdb)
    store = OfflineStore()
    store._fs.rm_file(f"{store._root}/batch/sale.rush/00000002.parquet")
    report = replayed()
    (why,) = report.not_recomputed
    assert why.startswith("version 2 of sale.rush cannot be read")
    assert report.not_recomputed[why] == len(numbers["second"] + numbers["new"])
    assert report.identical == report.decisions - report.not_recomputed[why]


def test_the_continuous_check_recomputes_batch_values_too(shop: Shop, online_redis) -> None:
    numbers = eventful_day(shop, online_redis.flushdb)
    now = datetime.now(UTC)
    assert check_lane(LANE, now=now, share=1.0) == 31
    assert read_mismatches(since=BEGINNING) == []
    compared = {row.feature: row.compared for row in FeatureConsistency.objects.all()}
    assert {compared[name] for name in BATCH_FEATURES} == {31}

    more = shop.sell(3, at=NOON + DAY + 2 * MINUTE)
    (entry, *_) = decisions(more)
    rewrite(entry, batch=entry.data["batch"] | {"sale.rush": 1})
    check_lane(LANE, now=now, share=1.0)
    assert {mismatch.feature for mismatch in read_mismatches(since=BEGINNING)} == {"rush_ratio", "rush_count"}
    assert numbers


def test_training_learns_from_the_rows_that_were_decided_on(shop: Shop, online_redis) -> None:
    numbers = eventful_day(shop, online_redis.flushdb)
    same = decisions(
        [n for name in ("first", "between", "second", "new", "stale", "next day") for n in numbers[name]]
    )
    from_log = sale_vectors()
    assert rows_of(from_log, same).tobytes() == logged(same).tobytes()
    export_log(OfflineStore(), now=datetime.now(UTC))
    from_store = sale_vectors()
    assert from_store.X.tobytes() == from_log.X.tobytes()
    # What Redis had lost was there all the same: the rule says what they should have read.
    columns = [from_log.feature_names.index(name) for name in BATCH_FEATURES]
    lost = rows_of(from_log, decisions(numbers["lost"]))[:, columns]
    assert not np.isnan(lost).any()
    assert all(math.isnan(value) for entry in decisions(numbers["lost"]) for value in batch_values(entry))


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Lets sales have these features: the newest set, and an earlier one."""

    def declare(newest: object, earlier: object) -> None:
        monkeypatch.setattr(Sale, "features", newest)
        monkeypatch.setattr(Sale, "earlier_features", {"earlier": earlier})
        plan._cached_plan.cache_clear()

    yield declare
    plan._cached_plan.cache_clear()


def test_each_feature_set_is_trained_on_the_views_that_it_reads(shop: Shop, online_redis, declare) -> None:
    eventful_day(shop, online_redis.flushdb)
    alone = sale_vectors()
    declare([Sale.rush.count, Sale.customer.count(over="1h")], Sale.features)
    newest, earlier = lane_plan(LANE, {"sale": {}}).feature_sets("sale")
    beside = read_vectors("sale", vocabulary={}, feature_set=earlier)
    assert beside.X.tobytes() == alone.X.tobytes()
    own = [alone.feature_names.index(name) for name in newest.names]
    assert np.array_equal(sale_vectors().X, alone.X[:, own], equal_nan=True)


def test_events_of_before_the_first_version_read_what_the_schedule_would_have_given(shop: Shop) -> None:
    early = shop.sell(4, at=NOON - 20 * MINUTE)
    before = sale_vectors()
    publish_all(at=NOON)
    after = sale_vectors()
    assert before.X.tobytes() == after.X.tobytes()  # publishing does not change the past
    column = after.feature_names.index("habits_sales")
    (row, *_) = rows_of(after, decisions(early))
    # Of the day before yesterday's midnight, a period late: 240 sales in 8 days until two hours before noon.
    since, until = NOON - 2 * HOUR - 8 * DAY, NOON.replace(hour=0) - DAY
    mine = [n for n in range(0, 240, 4) if since + n * 48 * MINUTE < until]
    assert early[0] % 4 == 0
    assert row[column] == len(mine)
    is_first_day = after.occurred_at < (since + DAY).timestamp() * 1e6
    assert np.isnan(after.X[is_first_day, column]).all()  # never from the future


def test_training_at_a_position_of_the_log_gives_the_same_rows_ever_after(shop: Shop, online_redis) -> None:
    shop.sell(4, at=NOON - 20 * MINUTE)
    publish_all(at=NOON)
    shop.sell(4, at=NOON + 5 * MINUTE)
    position = decisions([shop.count - 1])[0].position
    first = read_vectors("sale", vocabulary={}, log_position=position)
    shop.sell(4, at=NOON + 6 * MINUTE)
    publish_all(at=NOON + DAY)
    online_redis.flushdb()
    again = read_vectors("sale", vocabulary={}, log_position=position)
    assert first.X.tobytes() == again.X.tobytes()


@pytest.fixture
def model(shop: Shop, settings, tmp_path) -> str:
    """A version trained on the history, with every fourth customer a fraudster. Not promoted."""
    settings.VAR_DIR = tmp_path / "var"
    loaded_models.load_model.cache_clear()
    said = [
        LabelStatement("sale", f"S-{n}", "fraud" if n % 4 == 0 or n % 7 == 0 else "legitimate", "review")
        for n in range(shop.count)
    ]
    record_labels(said, source="shop", now=NOON - HOUR)
    shop.work()
    request = TrainingRequest("sale", as_of=datetime.now(UTC), matures_after=timedelta(days=1))
    config = TrainingConfig(trees=5, depth=3, min_child_weight=0.1, minimum_positives=2)
    return run_training(request, config=config, actor="tests", now=datetime.now(UTC)).name


def test_what_a_model_decides_later_names_the_versions_of_its_vector(model: str, shop: Shop) -> None:
    publish_all(at=NOON)
    promote(model)
    by_model = decisions(shop.sell(3, at=NOON + 5 * MINUTE))
    stored = {row.digest: bytes(row.booster) for row in ModelArtifact.objects.all()}
    ModelArtifact.objects.update(booster=b"gone")
    loaded_models.load_model.cache_clear()
    fallbacks = shop.sell(3, at=NOON + 6 * MINUTE)
    publish(Sale.rush, now=NOON + 10 * MINUTE)
    for digest, booster in stored.items():
        ModelArtifact.objects.filter(digest=digest).update(booster=booster)
    loaded_models.load_model.cache_clear()
    sweep_lanes(now=datetime.now(UTC) + 2 * HOUR)
    shop.work()
    assert {entry.data["basis"] for entry in by_model} == {"model"}
    for number in fallbacks:
        made, revised = read_stream(f"sale/shop/S-{number}")[1:]
        assert (made.data["basis"], revised.data["basis"]) == ("fallback", "model")
        assert revised.data["batch"] == made.data["batch"] == by_model[0].data["batch"]
        assert revised.data["batch"]["sale.rush"] == 1
    report = replayed()
    assert report.facts()["differences"] == []
    assert (report.decisions, report.identical) == (9, 9)
    assert BatchVersion.objects.filter(view="sale.rush").count() == 2
