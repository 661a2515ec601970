"""The Celery task that simulates an event for a waiting request."""

from collections.abc import Mapping
from typing import Any

from celery import shared_task

from scoring.decisions.errors import SimulationUnavailable
from scoring.signals.reply_channels import send_answers

ANSWER = "simulation"  # in place of the event's stream in the reply


@shared_task
def run_simulation(request: Mapping[str, Any]) -> None:
    """Simulate an event and send the answer to the request that waits; harmless when delivered twice."""
    from scoring.decisions.simulation.answering import answer_request  # noqa: PLC0415 (numba and XGBoost)

    try:
        answer: dict[str, Any] = {"simulated": answer_request(request)}
    except SimulationUnavailable as error:
        answer = {"problem": error.problem}
    send_answers({request["token"]: [{"stream": ANSWER, "answer": answer}]})
