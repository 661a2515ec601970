"""Payments with other numbers of features, for measuring growth."""

from benchmarks.widths import PARTS, plans_by_width
from scoring.catalog.registry import lane_members
from scoring.event_types.payment import Payment
from scoring.features.compile.plan import LanePlan, lane_plan


def state_bytes(plan: LanePlan) -> int:
    return sum(kind.words for kind in plan.entity_kinds) * 8


def names(plan: LanePlan) -> tuple[str, ...]:
    return plan.feature_set("payment").names


def test_parts_of_the_features_and_the_wider_payment_keep_the_declared_order():
    plans, whole = plans_by_width(), names(lane_plan("commerce"))
    *parts, _ = plans.values()
    assert [len(names(plan)) for plan in parts] == [round(len(whole) * part) for part in PARTS]
    for plan in parts:
        assert names(plan) == tuple(name for name in whole if name in names(plan))
    widest = names(plans[max(plans)])
    assert widest[: len(whole)] == whole
    assert len(widest) >= 1.9 * len(whole)


def test_the_plan_with_all_features_is_the_lanes_own():
    whole = lane_plan("commerce")
    assert plans_by_width()[len(names(whole))].layout_id == whole.layout_id


def test_states_contain_only_what_the_features_need():
    sizes = [state_bytes(plan) for plan in plans_by_width().values()]
    assert sizes == sorted(set(sizes))


def test_payments_of_other_widths_are_not_in_the_catalog():
    plans_by_width()
    assert [member for member in lane_members("commerce") if issubclass(member, Payment)] == [Payment]
