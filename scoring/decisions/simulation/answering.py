"""Answer a request to simulate an event, in a worker."""

from collections.abc import Mapping
from typing import Any

from scoring.decisions.simulation.hits_as_data import bank_hits_from, hits_from
from scoring.decisions.simulation.simulate import simulate
from scoring.decisions.simulation.stages import describe
from scoring.rules.expressions.compiling import compile_expression
from scoring.rules.expressions.operands import operands_of
from scoring.timestamps import from_iso


def answer_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a request of `asking.ask_simulation`. Raises SimulationUnavailable."""
    now = from_iso(request["now"])
    simulated = simulate(
        request["event"],
        hits_from(request["hits"]),
        banked=bank_hits_from(request["banked"]),
        version=request["ruleset"],
        now=now,
        texts=request["texts"],
    )
    operands = operands_of(request["event"]["type"])
    expressions = [compile_expression(text, operands) for text in request["expressions"]]
    return describe(simulated, expressions, now=now)
