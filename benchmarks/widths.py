"""How costs grow with the features declared: `python -m benchmarks.widths`.

A part of those of a payment, all of them, and twice as many; in processor time of one core, nothing stored.

A part is taken evenly from the whole declaration, so that each has its share of counts, sums, distinct values
and the rest, and is compiled as any declaration is: what only the left out ones need is in no state.
"""

from typing import Any

import numpy as np

from benchmarks.explain import measure as measure_explanations  # sets Django up: before the catalog
from benchmarks.features import bulk_figures, single_figures
from benchmarks.report import print_table
from scoring.catalog.payment import Payment
from scoring.catalog.registry import lane_members
from scoring.features.declare import Expression, iter_features
from scoring.features.plan import LanePlan, compile_lane

LANE = "commerce"
PARTS = (0.25, 0.5, 1.0)
ROWS, SINGLES = 300_000, 1_000
EXPLAINED = (
    *("explain_ms_per_row_1", "explain_ms_per_row_64", "explain_shap_ms_per_row_1"),
    *("explain_shap_ms_per_row_64", "explain_build_s", "explain_table_mib"),
)


class WidePayment(Payment):
    """A payment with windows of every entity besides."""

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


def payments_by_width() -> list[type[Payment]]:
    """The narrowest first, each with whole declared features."""
    declared = list(iter_features(Payment.features, Payment.origin))
    parts = [type("PartOfPayment", (Payment,), {"features": evenly(declared, part)}) for part in PARTS]
    return [*parts, WidePayment]


def evenly(declared: list[Expression], part: float) -> list[Expression]:
    """So large a part of them in their order, the first and the last among it."""
    places = np.linspace(0, len(declared) - 1, round(len(declared) * part)).round().astype(int)
    return [declared[place] for place in places]


def plan_of(payment: type[Payment]) -> LanePlan:
    """The lane with this declaration of a payment in place of its own."""
    others = [member for member in lane_members(LANE) if member.name != Payment.name]
    return compile_lane(LANE, [payment, *others])


def measure_width(plan: LanePlan) -> dict[str, Any]:
    """Figures by name and number of features: `kernel_us_per_event_at_32_features`."""
    bulk = bulk_figures(ROWS, plan)
    explained = measure_explanations(plan=plan)
    figures = {
        "backfill_us_per_event": bulk["all_us"],
        "kernel_us_per_event": bulk["kernel_us"],
        "one_event_us": single_figures(SINGLES, plan)["median_us"],
        "state_bytes_of_an_event": sum(kind.words * 8 for kind in plan.entity_kinds),
        **{name: explained[name] for name in EXPLAINED},
    }
    features = len(plan.feature_set(Payment.name).names)
    return {f"{name}_at_{features}_features": value for name, value in figures.items()}


def main() -> None:
    for payment in payments_by_width():
        print_table(measure_width(plan_of(payment)))


if __name__ == "__main__":
    main()
