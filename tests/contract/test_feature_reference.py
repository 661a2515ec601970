"""Live, history and replay equal the slow reference, bit for bit, whatever the lane holds."""

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from scoring.catalog.payment import Payment
from scoring.catalog.refund import Refund
from scoring.features import opcodes as op
from scoring.features.arena import Arena
from scoring.features.encode import Batch, LaneItem, encode, encode_columns, merge_batches
from scoring.features.fold import fold
from scoring.features.plan import LanePlan, compile_lane
from tests.contract.lanes import MEMBERS, SECOND, VOCABULARIES, Lane, lanes
from tests.contract.reference import Reference

PLAN = compile_lane("bank", MEMBERS, VOCABULARIES)
thorough = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))

Rows = list[bytes]


def run_reference(lane: Lane) -> tuple[Rows, Reference]:
    reference = Reference(MEMBERS, VOCABULARIES)
    return [_packed(reference.apply(item)) for item in lane.items], reference


def run_live(lane: Lane) -> tuple[Rows, dict[str, bytes], Mapping[str, int]]:
    """Item by item; every state goes out to bytes and comes back in between."""
    stored: dict[str, bytes] = {}
    saturated = np.zeros(len(PLAN.saturables), dtype=np.int64)
    rows = []
    for item in lane.items:
        batch = encode(PLAN, [item])
        arena = Arena.from_blobs(PLAN, {key: stored.get(key) for key in batch.state_keys()})
        rows += _rows(PLAN, [item], fold(PLAN, batch, arena))
        stored.update(arena.blobs())
        saturated += arena.saturated_reads
    counts = {name: int(count) for name, count in zip(PLAN.saturables, saturated, strict=True) if count}
    return rows, stored, counts


def run_history(lane: Lane, batches: Sequence[Batch]) -> tuple[Rows, dict[str, bytes]]:
    """In bulk, over one arena that goes on from batch to batch."""
    arena = Arena(PLAN, capacity=1)
    out = [fold(PLAN, batch, arena) for batch in batches]
    return _rows(PLAN, lane.items, np.concatenate(out)), arena.blobs()


def cut(lane: Lane) -> list[tuple[LaneItem, ...]]:
    return [lane.items[start:end] for start, end in pairwise([0, *lane.cuts, len(lane.items)])]


def _packed(row: list[float] | None) -> bytes:
    row = [] if row is None else [float("nan") if math.isnan(value) else value for value in row]
    return struct.pack(f"<{len(row)}d", *row)


def _rows(plan: LanePlan, items: Sequence[LaneItem], out: np.ndarray) -> Rows:
    """Each item's row without the columns that its type does not have (which must be NaN)."""
    rows = []
    for item, row in zip(items, out, strict=True):
        scored = item.kind == "event" and item.type in plan.sets
        columns = _columns(plan, item.type) if scored else np.empty(0, dtype=np.int64)
        assert np.isnan(np.delete(row, columns)).all()
        rows.append(_packed(row[columns].tolist()))
    return rows


def _columns(plan: LanePlan, event_type: str) -> np.ndarray:
    features = plan.feature_set(event_type)
    return np.concatenate([features.columns, features.context_columns])


def _assert_equal(lane: Lane, ours: Rows, expected: Rows) -> None:
    for item, mine, theirs in zip(lane.items, ours, expected, strict=True):
        if mine != theirs:
            features = PLAN.feature_set(item.type)
            names = (*features.names, *features.context_names)
            pairs = zip(
                names, *(struct.unpack(f"<{len(row) // 8}d", row) for row in (mine, theirs)), strict=True
            )
            wrong = [entry for entry in pairs if struct.pack("d", entry[1]) != struct.pack("d", entry[2])]
            pytest.fail(f"item {item.seq}: (name, kernel, reference) {wrong}")


@thorough
@given(lanes())
def test_live_equals_the_reference_bit_for_bit(lane: Lane) -> None:
    expected, reference = run_reference(lane)
    rows, stored, saturated = run_live(lane)
    _assert_equal(lane, rows, expected)
    assert saturated == reference.saturated
    header = {
        _suffix(kinds, values): (history.seq, history.latest(), history.too_late)
        for (kinds, values), history in reference.histories.items()
    }
    assert {key: _header(blob) for key, blob in stored.items()} == header


@thorough
@given(lanes())
def test_history_in_bulk_leaves_the_rows_and_states_of_live(lane: Lane) -> None:
    rows, stored, _ = run_live(lane)
    assert run_history(lane, [encode(PLAN, lane.items)]) == (rows, stored)
    assert run_history(lane, [encode(PLAN, part) for part in cut(lane)]) == (rows, stored)


@thorough
@given(lanes())
def test_whole_columns_encode_to_what_items_encode_to(lane: Lane) -> None:
    rows, stored, _ = run_live(lane)
    merged = merge_batches([_encode_type(lane, event_type) for event_type in sorted(PLAN.encodings)])
    assert run_history(lane, [merged]) == (rows, stored)


@thorough
@given(lanes())
def test_replay_from_stored_states_repeats_every_row(lane: Lane) -> None:
    rows, stored, _ = run_live(lane)
    blobs: dict[str, bytes] = {}
    replayed: Rows = []
    for part in cut(lane):
        batch = encode(PLAN, part)
        arena = Arena.from_blobs(PLAN, {key: blobs.get(key) for key in batch.state_keys()})
        replayed += _rows(PLAN, part, fold(PLAN, batch, arena))
        blobs.update(arena.blobs())
    assert (replayed, blobs) == (rows, stored)


def _encode_type(lane: Lane, event_type: str) -> Batch:
    items = [item for item in lane.items if item.type == event_type]
    names = sorted({name for item in items for name in item.fields})

    def cell(item: LaneItem, name: str) -> object:
        value = item.fields.get(name)
        if isinstance(value, dict):
            return value.get("base_minor", value["minor"])
        return value

    return encode_columns(
        PLAN,
        event_type,
        {
            "seq": [item.seq for item in items],
            "occurred_at_us": [item.occurred_at_us for item in items],
            "mode": [item.kind for item in items],
            "positive_delta": [item.positive_delta for item in items],
            **{name: [cell(item, name) for item in items] for name in names},
        },
    )


def _suffix(kinds: tuple[str, ...], values: tuple[str, ...]) -> str:
    index = next(kind.index for kind in PLAN.entity_kinds if kind.fields == kinds)
    return f"{index}:" + "\x1f".join(values)


def _header(blob: bytes) -> tuple[int, int | None, int]:
    words = np.frombuffer(blob, dtype="<i8")
    latest = int(words[op.LATEST])
    return int(words[op.SEQ]), None if latest == op.NEVER else latest, int(words[op.TOO_LATE])


# --- the generator reaches what the tests above claim to cover ---


def _late(lane: Lane) -> bool:
    latest = 0
    late = False
    for item in lane.items:
        late |= item.kind == "event" and item.occurred_at_us < latest
        latest = max(latest, item.occurred_at_us)
    return late


def _same_time(lane: Lane) -> bool:
    times = [(item.fields["account"], item.occurred_at_us) for item in lane.items if item.kind == "event"]
    return len(times) > len(set(times))


def _deltas(lane: Lane) -> list[int]:
    return [item.positive_delta for item in lane.items if item.kind == "label"]


def _relabelled(lane: Lane) -> bool:
    labels = [(item.occurred_at_us, item.fields["account"]) for item in lane.items if item.kind == "label"]
    return len(labels) > len(set(labels))


def _counted_positive(lane: Lane) -> bool:
    """A label changes a later vector."""
    rows, _ = run_reference(lane)
    without = Lane(tuple(item for item in lane.items if item.kind != "label"), ())
    kept = [row for item, row in zip(lane.items, rows, strict=True) if item.kind != "label"]
    return run_reference(without)[0] != kept


def _undoing_counts(lane: Lane) -> bool:
    rows, _ = run_reference(lane)
    without = Lane(tuple(item for item in lane.items if item.kind != "undo"), ())
    kept = [row for item, row in zip(lane.items, rows, strict=True) if item.kind != "undo"]
    return run_reference(without)[0] != kept


def _late_event_counts(lane: Lane) -> bool:
    """A late event that was not too late."""
    return _late(lane) and not any(history.too_late for history in run_reference(lane)[1].histories.values())


def _values(lane: Lane, name: str, event_type: str = "transfer") -> list[float]:
    """What a feature was, event by event."""
    at = PLAN.feature_set(event_type).names.index(name)
    rows, _ = run_reference(lane)
    found = [row for item, row in zip(lane.items, rows, strict=True) if row and item.type == event_type]
    return [struct.unpack_from("<d", row, 8 * at)[0] for row in found]


def _matter(lane: Lane, kind: str, name: str) -> bool:
    """Whether a feature's values would be others without the lane's items of a kind."""
    without = Lane(tuple(item for item in lane.items if item.kind != kind), ())
    return _values(lane, name) != _values(without, name)


def _late_in_session(lane: Lane, *, inside: bool) -> bool:
    """A late transfer of the running session of an account, or of before its beginning."""
    running: dict[str, tuple[int, int]] = {}
    for item in lane.items:
        if item.kind == "event" and item.type == "transfer":
            account, time = item.fields["account"], item.occurred_at_us
            began, last = running.get(account, (time, time))
            if began <= time < last if inside else time < began:
                return True
            running[account] = (time if time - last >= 300 * SECOND else began, max(time, last))
    return False


def _ties_of_last(lane: Lane) -> bool:
    """Two transfers of an account at its latest time, of different amounts."""
    latest: dict[str, tuple[int, object]] = {}
    for item in lane.items:
        if item.kind == "event" and item.type == "transfer":
            moment = (item.occurred_at_us, item.fields["amount"])
            time, amount = latest.get(item.fields["account"], (0, None))
            if time == moment[0] and amount != moment[1]:
                return True
            latest[item.fields["account"]] = max((time, amount), moment, key=lambda seen: seen[0])
    return False


CASES: dict[str, Callable[[Lane], bool]] = {
    "a session of three events": lambda lane: max(_values(lane, "account_session_5m_count"), default=0) >= 2,
    "a late event of the running session": lambda lane: _late_in_session(lane, inside=True),
    "a late event of before the session": lambda lane: _late_in_session(lane, inside=False),
    "an undone event of a session": lambda lane: _matter(lane, "undo", "account_session_5m_count"),
    "an undone event that a condition counts": lambda lane: _matter(
        lane, "undo", "account_count_1h_where_amount_below_25"
    ),
    "an event that a condition leaves out": lambda lane: (
        _values(lane, "account_count_1h") != _values(lane, "account_count_1h_where_amount_below_25")
    ),
    "different values at the latest time": _ties_of_last,
    "a value that did not change": lambda lane: 0.0 in _values(lane, "account_changed_terminal"),
    "a late event": _late,
    "a late event that a ring still holds": _late_event_counts,
    "an item too late for every ring": lambda lane: any(
        history.too_late for history in run_reference(lane)[1].histories.values()
    ),
    "two events of an entity at one time": _same_time,
    "a saturated map": lambda lane: bool(run_reference(lane)[1].saturated),
    "a label that counts": _counted_positive,
    "a retracted label": lambda lane: -1 in _deltas(lane),
    "a repeated label": lambda lane: _relabelled(lane) and 0 in _deltas(lane),
    "an undone event": _undoing_counts,
    "a missing optional entity": lambda lane: any("terminal" not in item.fields for item in lane.items),
    "an unscored event": lambda lane: any(item.type == "reversal" for item in lane.items),
    "a category outside the vocabulary": lambda lane: any(
        item.fields.get("channel") == "post" for item in lane.items
    ),
    "a converted amount": lambda lane: any(
        "base_minor" in item.fields.get("amount", {}) for item in lane.items
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_random_lanes_reach(case: str) -> None:
    unshrunk = settings(max_examples=2000, deadline=None, database=None, phases=(Phase.generate,))
    find(lanes(), CASES[case], settings=unshrunk)


def test_every_feature_of_the_small_lane_has_been_more_than_one_number() -> None:
    """No row of the comparison is vacuous: over random lanes, every column takes several values or is known
    to be NaN.
    """
    seen: dict[str, set[object]] = {}

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(lanes())
    def collect(lane: Lane) -> None:
        rows, _ = run_reference(lane)
        for item, row in zip(lane.items, rows, strict=True):
            if row:
                features = PLAN.feature_set(item.type)
                values = struct.unpack(f"<{len(row) // 8}d", row)
                names = (*features.names, *features.context_names)
                for name, value in zip(names, values, strict=True):
                    seen.setdefault(f"{item.type}.{name}", set()).add("nan" if math.isnan(value) else value)

    collect()
    constant = {name for name, values in seen.items() if len(values) < 2}
    assert all(name.split(".")[1].startswith("usual_") for name in constant), constant


def test_the_built_in_lane_equals_the_reference_on_a_busy_card() -> None:
    plan = compile_lane("commerce", (Payment, Refund))
    reference = Reference((Payment, Refund), {})
    draw = np.random.default_rng(11)
    now = 1_700_000_000_000_000
    items = []
    for seq in range(1, 400):
        now += int(draw.integers(0, 6 * 3600)) * 1_000_000
        fields = {
            "card": f"card-{draw.integers(3)}",
            "customer": f"customer-{draw.integers(2)}",
            "merchant": f"merchant-{draw.integers(40)}",
            "amount": {"minor": int(draw.integers(1, 10**6)), "currency": "USD"},
        }
        event_type = "refund" if draw.random() < 0.1 else "payment"
        if event_type == "payment":
            fields |= {"taste.affinity": float(draw.normal())} if draw.random() < 0.5 else {}
            fields |= {"device": f"device-{draw.integers(4)}", "category": f"category-{draw.integers(5)}"}
            fields |= {
                "merchant_lat": float(draw.uniform(-90, 90)),
                "merchant_lon": float(draw.uniform(-180, 180)),
            }
        late = int(draw.integers(0, 40 * 86_400)) * 1_000_000 if draw.random() < 0.1 else 0
        items.append(LaneItem(seq, "event", event_type, now - late, fields))
        if draw.random() < 0.1:
            early = items[int(draw.integers(len(items)))]
            items.append(
                LaneItem(seq, "label", early.type, early.occurred_at_us, early.fields, positive_delta=1)
            )
    batch = encode(plan, items)
    out = fold(plan, batch, Arena.for_batch(plan, batch))
    assert _rows(plan, items, out) == [_packed(reference.apply(item)) for item in items]
