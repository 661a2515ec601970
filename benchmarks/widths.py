"""Payments with other numbers of features: a part of the declared ones, all of them, and twice as many.

A part is taken evenly from the declaration, so that it has its share of counts, sums, distinct values and so
on. It is compiled like any declaration, so that states hold nothing for the omitted features.
"""

import numpy as np

from scoring.catalog.registry import lane_members
from scoring.declare import Expression, iter_features
from scoring.event_types.payment import Payment
from scoring.features.compile.plan import LanePlan, compile_lane

PARTS = (0.25, 0.5, 1.0)


class WidePayment(Payment):
    """A payment with additional windows of every entity."""

    features = [
        *Payment.features,
        *(
            value
            for entity in (Payment.card, Payment.merchant, Payment.customer, Payment.device, Payment.ip)
            for value in (
                entity.amount.sum(over="3h 2d 14d"),
                entity.amount.mean(over="3h 2d 14d"),
                entity.amount.std(over="3h 2d 14d"),
                entity.amount.max(over="3h 2d 14d"),
            )
        ),
    ]


def plans_by_width() -> dict[int, LanePlan]:
    """Lane plans by the payment's number of features, ascending."""
    declared = list(iter_features(Payment.features, Payment.origin))
    parts = [type("PartOfPayment", (Payment,), {"features": evenly(declared, part)}) for part in PARTS]
    plans = [plan_of(payment) for payment in (*parts, WidePayment)]
    return {len(plan.feature_set(Payment.name).names): plan for plan in plans}


def evenly(declared: list[Expression], part: float) -> list[Expression]:
    """An evenly spaced share `part` of `declared`, in order and including the first and the last."""
    places = np.linspace(0, len(declared) - 1, round(len(declared) * part)).round().astype(int)
    return [declared[place] for place in places]


def plan_of(payment: type[Payment]) -> LanePlan:
    """The lane's plan with `payment` in place of its own declaration."""
    others = [member for member in lane_members(Payment.lane) if member.name != Payment.name]
    return compile_lane(Payment.lane, [payment, *others])
