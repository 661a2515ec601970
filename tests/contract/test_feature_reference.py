"""Live, history and replay equal the slow reference, bit for bit, whatever the lane holds."""

import math
import struct
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from scoring.event_types.payment import Payment
from scoring.event_types.refund import Refund
from scoring.features.compile.plan import compile_lane
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.fold import fold
from tests.contract.lanes import MEMBERS, SECOND, VOCABULARIES, Lane, lanes
from tests.contract.reference.reference import Reference
from tests.contract.runs import Runs, cut, packed, rows_of

PLAN = compile_lane("bank", MEMBERS, VOCABULARIES)
thorough = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))

BANK = Runs(PLAN, MEMBERS, VOCABULARIES)
run_reference = BANK.reference


@thorough
@given(lanes())
def test_live_equals_the_reference_bit_for_bit(lane: Lane) -> None:
    BANK.check_live(lane)


@thorough
@given(lanes())
def test_history_in_bulk_leaves_the_rows_and_states_of_live(lane: Lane) -> None:
    rows, stored, _ = BANK.live(lane)
    assert BANK.history(lane, [encode(PLAN, lane.items)]) == (rows, stored)
    assert BANK.history(lane, [encode(PLAN, part) for part in cut(lane)]) == (rows, stored)


@thorough
@given(lanes())
def test_whole_columns_encode_to_what_items_encode_to(lane: Lane) -> None:
    rows, stored, _ = BANK.live(lane)
    assert BANK.history(lane, [BANK.columns(lane)]) == (rows, stored)


@thorough
@given(lanes())
def test_replay_from_stored_states_repeats_every_row(lane: Lane) -> None:
    rows, stored, _ = BANK.live(lane)
    assert BANK.replay(lane) == (rows, stored)


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


def _relabeled(lane: Lane) -> bool:
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
    return _late(lane) and not any(
        history.too_late for history in run_reference(lane)[1].histories.by_key.values()
    )


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
        history.too_late for history in run_reference(lane)[1].histories.by_key.values()
    ),
    "two events of an entity at one time": _same_time,
    "a saturated map": lambda lane: bool(run_reference(lane)[1].saturated),
    "a label that counts": _counted_positive,
    "a retracted label": lambda lane: -1 in _deltas(lane),
    "a repeated label": lambda lane: _relabeled(lane) and 0 in _deltas(lane),
    "an undone event": _undoing_counts,
    "a label that moves with its event": lambda lane: any(
        (before.kind, after.kind, later.kind) == ("label", "undo", "event") and before.positive_delta
        for before, after, later in zip(lane.items, lane.items[1:], lane.items[2:], strict=False)
    ),
    "an event corrected to another time": lambda lane: any(
        (before.kind, after.kind) == ("undo", "event") and before.occurred_at_us != after.occurred_at_us
        for before, after in pairwise(lane.items)
    ),
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


def test_every_feature_of_the_small_lane_takes_several_values() -> None:
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
    assert rows_of(plan, items, out) == [packed(reference.apply(item)) for item in items]
