"""Speed of rule expressions: `python -m benchmarks.expressions`.

Fifty rules asked about one event, as the lane asks them, and one rule asked about many events, as a backtest
asks it. CPU time of one core, the median of some rounds.
"""

import os
import time
from collections.abc import Callable
from typing import Any

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from scoring.rules.expressions.activation import ActivationBuilder  # noqa: E402 -- needs Django's applications
from scoring.rules.expressions.columns import ask_columns  # noqa: E402
from scoring.rules.expressions.compiling import CompiledExpression, compile_expression  # noqa: E402
from scoring.rules.expressions.operands import NUMBER, Operands, operands_of  # noqa: E402

ROUNDS = 5
RULES = 50
EVENTS_ASKED = 1_000
ROWS = 100_000
HISTORY_RULES = {
    "numbers": "amount > 500 && card_count_1h > 5 && !has(device)",
    "texts": 'category in ["c1", "c2"] && !has(device)',
    "pattern": 'merchant.matches("^m_1[0-9]+$") && amount > 10',
    "long": 'score > 0.9 || (amount > 900 && card_count_1h > 2 && category == "c3" && listed(card, "watch"))',
}
EVENT = {
    "card": "c_1",
    "customer": "u_1",
    "merchant": "m_1",
    "amount": {"minor": 60_000, "currency": "USD"},
    "category": "c3",
}


def fifty_rules(operands: Operands) -> list[CompiledExpression]:
    """Rules of four conditions each that read every numeric feature between them."""
    features = [each.name for each in operands if each.kind == "feature" and each.type == NUMBER]
    return [
        compile_expression(
            f"amount > {n * 10} && {features[n % len(features)]} > {n}"
            f' && (category == "c{n}" || !has(device)) && score > 0.{n:02d}',
            operands,
        )
        for n in range(RULES)
    ]


def measure() -> dict[str, float]:
    """Milliseconds an event for the rules together, by part; events a second of history for one rule."""
    operands = operands_of("payment")
    rules = fifty_rules(operands)
    builder = ActivationBuilder(rules)
    values = np.full(len(builder.features), 100.0)

    def build() -> Any:
        return builder.build(fields=EVENT, source="shop", features=values, score=0.9)

    activation = build()
    compiling = median_seconds(lambda: fifty_rules(operands), times=1) / RULES
    building = median_seconds(build, times=EVENTS_ASKED)
    asking = median_seconds(lambda: [each.matches(activation) for each in rules], times=EVENTS_ASKED)
    columns = columns_of_history()
    return {
        "compile_ms": compiling * 1e3,
        "activation_ms": building * 1e3,
        "fifty_rules_ms": (building + asking) * 1e3,
        **{
            f"history_{name}_per_s": ROWS
            / median_seconds(lambda rule=text: ask(rule, operands, columns), times=1)
            for name, text in HISTORY_RULES.items()
        },
    }


def ask(text: str, operands: Operands, columns: dict[str, Any]) -> Any:
    return ask_columns(compile_expression(text, operands), columns=columns, count=ROWS)


def columns_of_history() -> dict[str, Any]:
    random = np.random.default_rng(1)
    return {
        "amount": random.integers(100, 100_000, ROWS).astype(float),
        "card_count_1h": random.poisson(3, ROWS).astype(float),
        "score": random.random(ROWS),
        "device": [None if each < 30 else f"d{each}" for each in random.integers(0, 100, ROWS)],
        "category": [f"c{each}" for each in random.integers(0, 14, ROWS)],
        "merchant": [f"m_{each}" for each in random.integers(0, 5_000, ROWS)],
    }


def median_seconds(function: Callable[[], Any], *, times: int) -> float:
    """Median CPU seconds of one call, over rounds of `times` calls."""
    function()
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(times):
            function()
        rounds.append((time.process_time() - started) / times)
    return float(np.median(rounds))


def main() -> None:
    print(f"{RULES} rules on one event; one rule on {ROWS:,} events of history")
    for name, value in measure().items():
        print(f"  {name:<24} {value:,.3f}" if name.endswith("_ms") else f"  {name:<24} {value:,.0f}")


if __name__ == "__main__":
    main()
