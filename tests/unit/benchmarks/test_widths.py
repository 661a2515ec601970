"""Payments with other numbers of features, by which growth is measured."""

from benchmarks.widths import PARTS, plans_by_width
from scoring.catalog.registry import lane_members
from scoring.event_types.payment import Payment
from scoring.features.compile.plan import LanePlan, lane_plan


def state_bytes(plan: LanePlan) -> int:
    return sum(kind.words for kind in plan.entity_kinds) * 8


def names(plan: LanePlan) -> tuple[str, ...]:
    return plan.feature_set("payment").names


def test_there_are_parts_the_whole_and_more_each_in_the_order_of_the_declaration():
    plans, whole = plans_by_width(), names(lane_plan("commerce"))
    *parts, _ = plans.values()
    assert [len(names(plan)) for plan in parts] == [round(len(whole) * part) for part in PARTS]
    for plan in parts:
        assert names(plan) == tuple(name for name in whole if name in names(plan))
    widest = names(plans[max(plans)])
    assert widest[: len(whole)] == whole
    assert len(widest) >= 1.9 * len(whole)


def test_the_whole_is_the_payment_that_the_lane_has():
    whole = lane_plan("commerce")
    assert plans_by_width()[len(names(whole))].layout_id == whole.layout_id


def test_states_hold_only_what_the_features_need():
    sizes = [state_bytes(plan) for plan in plans_by_width().values()]
    assert sizes == sorted(set(sizes))


def test_the_payments_of_other_widths_are_not_in_the_catalogue():
    plans_by_width()
    assert [member for member in lane_members("commerce") if issubclass(member, Payment)] == [Payment]
