"""What a micro-batch asks of Redis: which versions, whose values; nothing where no type has views."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from scoring.batch.serve import lookup
from scoring.batch.serve.filling import views_read_by
from scoring.batch.serve.lookup import BatchLookup
from scoring.batch.versions import ViewVersion, ViewVersions
from scoring.batch.views import BatchView
from scoring.features.compile.plan import LanePlan, compile_lane
from scoring.features.folding.encode import LaneItem, encode
from scoring.timestamps import to_micros
from tests.factories.catalog import catalog_with
from tests.factories.posts import Post
from tests.factories.sales import MINUTE, NOON, Sale

HOUR_US = 3_600_000_000


@pytest.fixture(autouse=True)
def _sales_in_the_catalog() -> Iterator[None]:
    with catalog_with("tests.factories.sales"):
        yield


@pytest.fixture
def plan() -> LanePlan:
    return compile_lane("sales", [Sale])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Versions of every view, one valid from NOON, another an hour later; and when they were asked for."""
    asked_as_of = []

    def read(views: Sequence[BatchView], *, as_of: datetime) -> dict[str, ViewVersions]:
        asked_as_of.append(as_of)
        noon = to_micros(NOON)
        published = [ViewVersion(noon, 1, noon), ViewVersion(noon + HOUR_US, 2, noon + HOUR_US)]
        return {view.key: ViewVersions(view.stale_after_us, published) for view in views}

    monkeypatch.setattr(lookup, "read_versions_of", read)
    return asked_as_of


def items(*fields: dict[str, Any], kind: Any = "event", type: str = "sale") -> list[LaneItem]:
    return [LaneItem(seq, kind, type, 0, each) for seq, each in enumerate(fields, start=1)]


ANN, BOB = {"customer": "ann", "merchant": "shop"}, {"customer": "bob"}


def test_a_lane_without_views_makes_no_calls(asked: list[datetime]) -> None:
    lane = BatchLookup(compile_lane("content", [Post]))
    reads = lane.choose(items({"author": "ann"}, type="post"), [NOON])
    assert (reads.script(), reads.numbers, asked) == (None, [{}], [])


def test_labels_read_nothing(plan: LanePlan, asked: list[datetime]) -> None:
    reads = BatchLookup(plan).choose(items(ANN, kind="label"), [NOON])
    assert (reads.script(), reads.numbers, asked) == (None, [{}], [])


def test_events_of_one_version_ask_for_each_entity_once(plan: LanePlan, asked: list[datetime]) -> None:
    reads = BatchLookup(plan).choose(items(ANN, BOB, ANN), [NOON, NOON + MINUTE, NOON + 2 * MINUTE])
    script = reads.script()
    assert script is not None
    assert [key.rpartition(":batch:")[2] for key in script.keys] == [
        "sale.habits:1",
        "sale.taste:1",
        "sale.rush:1",
    ]
    assert list(script.arguments[:3]) == [2, "ann\0bob\0", "shop\0"]
    assert reads.numbers == [{"sale.habits": 1, "sale.taste": 1, "sale.rush": 1}] * 3


def test_a_batch_across_a_change_reads_both_versions(plan: LanePlan, asked: list[datetime]) -> None:
    moments = [NOON + timedelta(minutes=minute) for minute in (59, 60, 61, 10)]
    reads = BatchLookup(plan).choose(items(ANN, ANN, BOB, BOB), moments)
    assert [each["sale.habits"] for each in reads.numbers] == [1, 2, 2, 1]
    assert [each["sale.rush"] for each in reads.numbers] == [None, 2, 2, 1]  # stale after 45 minutes


def test_versions_are_learned_again_before_an_unknown_one_can_be_valid(
    plan: LanePlan, asked: list[datetime]
) -> None:
    lane = BatchLookup(plan)
    for seconds in (0, 5, 19, 20, 21):
        lane.choose(items(ANN), [NOON + timedelta(seconds=seconds)])
    assert asked == [NOON - timedelta(days=7), NOON - timedelta(days=7)]
    lane.choose(items(ANN), [NOON - timedelta(days=1)])  # what has waited long
    lane.choose(items(ANN), [NOON + timedelta(seconds=10)])
    assert asked[2:] == [NOON - timedelta(days=8), NOON - timedelta(days=8)]


def test_values_are_spread_over_the_events_of_their_entities(plan: LanePlan, asked: list[datetime]) -> None:
    given = items(ANN, {"merchant": "shop"}, BOB, ANN)
    batch = encode(plan, given)
    reads = BatchLookup(plan).choose(given, [NOON] * 4)
    nothing = np.nan
    replies = [
        np.array([[3, 700], [nothing, nothing], [nothing, nothing]]),  # ann, bob has none, the last row
        np.array([[1, 0], [0.5, 0.5], [nothing, nothing], [0.25, 1], [nothing, nothing]]),
        None,
    ]
    reads.fill(batch, [None if each is None else each.astype("<f8").tobytes() for each in replies])
    columns = {name: column for column, name, _ in plan.encodings["sale"].values}
    found = {name: batch.values[:, column].tolist() for name, column in columns.items() if "." in name}
    assert np.array_equal(found["habits.typical"], [700, nothing, nothing, 700], equal_nan=True)
    assert np.array_equal(found["taste.affinity"], [0.25, nothing, nothing, 0.25], equal_nan=True)
    assert np.isnan(found["rush.ratio"]).all()
    assert reads.numbers == [{"sale.habits": 1, "sale.taste": 1, "sale.rush": None}] * 4


def test_a_set_names_the_views_that_its_features_read(plan: LanePlan) -> None:
    assert views_read_by(plan.feature_set("sale")) == ("sale.habits", "sale.rush", "sale.taste")


def test_the_version_of_many_moments_is_that_of_each() -> None:
    versions = ViewVersions(
        50, [ViewVersion(10, 1, 0), ViewVersion(30, 3, 20), ViewVersion(30, 4, 25), ViewVersion(200, 5, 190)]
    )
    moments = np.arange(0, 300)
    assert versions.read_by_all(moments).tolist() == [versions.read_at(moment) for moment in moments.tolist()]
    assert versions.read_at(30) == 4
    assert ViewVersions(50).read_by_all(moments).tolist() == [0] * 300
