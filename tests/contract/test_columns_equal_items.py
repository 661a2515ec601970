"""A lane read in whole columns equals the lane read item by item, bit for bit: vectors, states, labels."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import pairwise

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.core.management import call_command

from scoring.batch import reading
from scoring.batch.history import ViewHistory
from scoring.batch.serve.joining import RuleValues
from scoring.catalog.registry import event_type
from scoring.features.compile.plan import LanePlan, lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import encode
from scoring.features.folding.fold import fold, fold_slices
from scoring.intake.models import Event, Label
from scoring.lanes.order import head_after, read_head, sequenced_entry
from scoring.learning.dataset.export import read_training_set
from scoring.learning.dataset.matrix_files import is_on_disk
from scoring.learning.dataset.training_set import join_labels
from scoring.learning.dataset.vectors_and_labels import read_labels, read_vectors
from scoring.learning.dataset.vocabularies import count_vocabulary
from scoring.log.append import append
from scoring.offline import lane as lane_module
from scoring.offline import segments
from scoring.offline.export import export_log
from scoring.offline.lane import event_fields, iter_lane_batches
from scoring.offline.store import OfflineStore
from scoring.timestamps import to_iso, to_micros
from tests.factories.history import load_history
from tests.factories.lane_items import iter_lane_items
from tests.factories.log import labeled, received
from tests.factories.views import with_batch_values

pytestmark = pytest.mark.django_db(transaction=True)

END = datetime(2026, 3, 1, tzinfo=UTC)
NOW = END + timedelta(days=30)
LANE = "commerce"
VOCABULARY = {"payment": {"category": ("grocery", "travel")}}


def payment(number: int, **fields):
    """A payment after the history, with something about it that a column could get wrong."""
    entry = received(f"live-{number}", **fields)
    moment = END + timedelta(minutes=number, microseconds=number * 7)
    entry.data["occurred_at"] = to_iso(moment)
    entry.data["fields"].update(card="card-1", customer='ünïcode \\ "quoted"', merchant=f"m-{number % 3}")
    return entry


LIVE = [
    payment(0),
    payment(1, amount={"minor": 500, "currency": "EUR", "rate": "1.1", "base_minor": 550}),
    payment(2, category="never seen before", customer_lat=1 / 3, customer_lon=-0.1),
    payment(3, device="d-1", ip="0a1b2c", category="travel", merchant_lat=5, merchant_lon=6.25),
    payment(4, device="d-1", customer_city_pop=2**53, customer_birth_year=1980),
    received("refund-1", type="refund", customer="c", merchant="m-1"),
]


def sequence(entries) -> None:
    """Give entries that lie in the log the lane's next places."""
    head = read_head(LANE)
    positions = [entry.position for entry in entries]
    (written,) = append([sequenced_entry(head, positions=positions, clock_us=0)], now=NOW)
    assert head_after(head, position=written.position, count=len(positions), clock_us=0) == read_head(LANE)


@pytest.fixture
def store(transactional_db, online_redis, settings, tmp_path) -> OfflineStore:
    """A store of the settings, empty, and a lane with history and all that live traffic does to it."""
    settings.OFFLINE_URL = str(tmp_path / "offline")
    load_history(end=END, now=NOW, days=20, rate_per_day=60, customers=60, fraud_share=0.15)
    first, *others = LIVE
    held = append([labeled(first.stream)], now=NOW)  # a label whose event has not arrived
    export_log(OfflineStore(), now=NOW)  # so that the store has it without its event
    events = append([first, *others], now=NOW)
    said = append(
        [
            labeled(events[1].stream, known_at=NOW),
            labeled(
                events[1].stream, version=2, value="legitimate", previous="fraud", effective="legitimate"
            ),
            labeled(events[2].stream, effective="legitimate", value="legitimate"),
        ],
        now=NOW,
    )
    sequence(events[:3])
    sequence([*held, events[3], said[0], *events[4:], said[2], said[1]])
    return OfflineStore()


@pytest.fixture(params=["store has all", "store has half", "store has nothing", "store has old columns"])
def partly(request, store, settings, tmp_path, monkeypatch) -> OfflineStore:
    """The store at different distances from the log."""
    if request.param == "store has all":
        export_log(store, now=NOW)
    elif request.param == "store has nothing":
        store.clear()
    elif request.param == "store has old columns":
        layout = {**store.manifest().layout, "events/type=payment": {"card": "string"}}
        store.commit(store.manifest().followed_by(now=NOW, layout=layout))
    return store


def fold_items(plan: LanePlan) -> tuple[bytes, dict[str, bytes], list[int]]:
    """The reference: item by item from the log's JSON."""
    arena, rows, positions = Arena(plan), [], []
    for chunk in iter_lane_items(plan.lane):
        rows.append(fold(plan, encode(plan, chunk.items), arena))
        positions += chunk.event_positions.tolist()
    return np.concatenate(rows).tobytes(), arena.blobs(), positions


def fold_columns(plan: LanePlan, **how) -> tuple[bytes, dict[str, bytes], list[int]]:
    arena, rows, positions = Arena(plan), [], []
    for part in iter_lane_batches(plan, **how):
        rows += [out for _, out in fold_slices(plan, part.batch, arena, rows=777)]
        positions += part.event_positions.tolist()
    assert part.head == read_head(plan.lane)
    return np.concatenate(rows).tobytes(), arena.blobs(), positions


def test_columns_fold_to_the_vectors_and_states_of_items(partly, monkeypatch):
    plan = lane_plan(LANE, VOCABULARY)
    expected = fold_items(plan)
    assert fold_columns(plan, store=partly) == expected
    monkeypatch.setattr(lane_module, "MAX_KEPT", 100)  # labels come long after their events were dropped
    assert fold_columns(plan, store=partly, items=300) == expected
    assert fold_columns(plan, items=300) == expected


def test_a_cut_at_a_log_position_leaves_out_the_same_items(partly):
    plan = lane_plan(LANE, VOCABULARY)
    items = [
        (item, position)
        for chunk in iter_lane_items(LANE)
        for item, position in zip(chunk.items, chunk.event_positions.tolist(), strict=True)
    ]
    middle = sorted(position for item, position in items if item.kind == "event")[len(items) // 3]
    places = np.concatenate([part.batch.seqs for part in iter_lane_batches(plan, log_position=middle)])
    by_seq = {item.seq: item for item, _ in items}
    kept = [by_seq[seq] for seq in places.tolist()]
    assert 0 < len(kept) < len(items)
    rows = fold(plan, encode(plan, kept), Arena(plan))
    batches = iter_lane_batches(plan, store=partly, log_position=middle)
    arena = Arena(plan)
    assert np.concatenate([fold(plan, part.batch, arena) for part in batches]).tobytes() == rows.tobytes()


def reference_rows(as_of: datetime) -> list[tuple[int, int, bytes]]:
    """(position, time, vector as float32) of every payment, item by item."""
    vocabulary = {"payment": count_vocabulary(event_type("payment"), as_of=as_of)}
    plan = lane_plan(LANE, vocabulary)
    histories = [ViewHistory.read(view) for view in plan.batch_views["payment"] if view.has_history]
    arena, rows = Arena(plan), []
    for chunk in iter_lane_items(LANE):
        items = [with_batch_values(item, histories) for item in chunk.items]
        out = plan.feature_set("payment").vector_of(fold(plan, encode(plan, items), arena))
        for item, position, row in zip(items, chunk.event_positions.tolist(), out, strict=True):
            if item.kind == "event" and item.type == "payment":
                rows.append((position, item.occurred_at_us, row.astype(np.float32).tobytes()))
    return rows


@pytest.mark.parametrize("as_of", [END - timedelta(days=5), NOW + timedelta(days=1)])
def test_a_point_in_time_set_is_what_the_log_says_bit_for_bit(partly, as_of):
    data = read_training_set("payment", as_of=as_of, matures_after=timedelta(days=3), store=partly)
    latest = to_micros(as_of - timedelta(days=3))
    rows = [row for row in reference_rows(as_of) if row[1] <= latest]
    said = Label.objects.filter(known_at__lte=as_of).order_by("position")
    known = {label.event_stream: label.effective for label in said}
    assert data.positions.tolist() == [position for position, _, _ in rows]
    assert data.occurred_at.tolist() == [moment for _, moment, _ in rows]
    assert data.X.tobytes() == b"".join(vector for _, _, vector in rows)
    streams = dict(pairs_of(data.positions))
    labels = [known.get(streams[position]) for position in data.positions.tolist()]
    assert data.y.tolist() == [int(label == "fraud") for label in labels]
    assert data.inferred.tolist() == [label is None for label in labels]
    assert 0 < data.y.sum() < len(data.y)


def test_the_views_of_one_type_share_one_reading_of_its_events(partly, monkeypatch):
    read, calls = reading._read, []

    def counted(kind, fields, **how):
        calls.append((kind.name, fields))
        return read(kind, fields, **how)

    monkeypatch.setattr(reading, "_read", counted)
    read_vectors("payment", vocabulary={}, store=partly)
    assert len(lane_plan(LANE).batch_views["payment"]) > 1
    assert [name for name, _ in calls] == ["payment"]


def test_the_lane_takes_the_events_that_its_views_have_read(store, monkeypatch):
    store.clear()
    plan = lane_plan(LANE, VOCABULARY)
    values = RuleValues(plan, plan.feature_set("payment"), store=store)
    expected, known = fold_columns(plan, store=store), values.share(event_fields(plan))
    read, positions = segments.read_texts, []
    for _ in values.filled(iter_lane_batches(plan, store=store, also=values.columns)):
        pass

    def noted(wanted):
        positions.append(wanted)
        return read(wanted)

    for module in (segments, lane_module):
        monkeypatch.setattr(module, "read_texts", noted)
    assert fold_columns(plan, store=store, known=known) == expected
    payments = Event.objects.filter(type="payment").values_list("position", flat=True)
    assert positions
    assert not np.isin(np.concatenate(positions), payments).any()


def pairs_of(positions):
    return [(event.position, event.stream) for event in Event.objects.filter(position__in=positions.tolist())]


def test_the_command_writes_the_set_that_training_learns_from(store, tmp_path):
    out = StringIO()
    path = tmp_path / "set.parquet"
    options = ["--as-of", to_iso(END), "--matures-after", "3", "--out", str(path)]
    call_command("training_set", *options, stdout=out)
    table = pq.read_table(path)
    vectors = read_vectors("payment", vocabulary=count_vocabulary(event_type("payment"), as_of=END))
    data = join_labels(
        vectors=vectors, labels=read_labels(vectors), as_of=END, matures_after=timedelta(days=3)
    )
    assert f"{len(data.y):,} mature payment events" in out.getvalue()
    X = np.stack([table[name].to_numpy() for name in data.feature_names], axis=1)
    assert X.tobytes() == data.X.tobytes()
    assert table["_label"].to_pylist() == data.y.tolist()
    assert table["_inferred"].to_pylist() == data.inferred.tolist()
    streams = dict(pairs_of(data.positions))
    ids = zip(table["_source"].to_pylist(), table["_id"].to_pylist(), strict=True)
    assert [f"payment/{source}/{name}" for source, name in ids] == [
        streams[p] for p in data.positions.tolist()
    ]
    times = table["_occurred_at"].to_pylist()
    assert all(earlier <= later for earlier, later in pairwise(times))


def test_groups_and_labels_do_not_depend_on_their_source(store, tmp_path, settings):
    settings.TRAINING_DIR = str(tmp_path / "training")
    vocabulary = count_vocabulary(event_type("payment"), as_of=NOW)
    tables = []
    for where in (store, OfflineStore(str(tmp_path / "empty"))):
        vectors = read_vectors("payment", vocabulary=vocabulary, store=where)
        tables.append((vectors, read_labels(vectors, store=where)))
    (vectors, labels), (other, other_labels) = tables
    mapped = read_vectors("payment", vocabulary=vocabulary, store=store, on_disk=True)
    assert is_on_disk(mapped.X)
    assert mapped.X.tobytes() == vectors.X.tobytes()
    assert vectors.groups.tolist() == other.groups.tolist()
    assert labels.rows.tolist() == other_labels.rows.tolist()
    assert labels.known_at.tolist() == other_labels.known_at.tolist()
    assert labels.effective.tolist() == other_labels.effective.tolist()
