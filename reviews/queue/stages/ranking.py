"""The second stage: the urgency of a case.

It comes from the loss that a verdict averts, the value of its label, and its age against the SLA.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from reviews.queue.ranking import DOUBLING, FOR_LABEL, SAMPLE_LOSS
from reviews.queue.stages.candidates import Candidate
from reviews.queues.definition import OrderWeights

# The weight of a case doubles this often between its opening and the end of its SLA. Without one, a case
# ages as if it had to be decided within a day.
DOUBLINGS_BY_DUE = timedelta(days=1) / DOUBLING


class Ranked(NamedTuple):
    """A candidate with its urgency, larger first."""

    candidate: Candidate
    urgency: float


NO_WEIGHTS = OrderWeights()


def rank(
    candidates: Iterable[Candidate], weights: Mapping[str, OrderWeights], *, now: datetime
) -> list[Ranked]:
    """The candidates, the most urgent first; equally urgent ones in order of their events.

    `weights`: by queue; a queue without them has equal ones.
    """
    ranked = [
        Ranked(each, urgency(each, weights.get(each.queue, NO_WEIGHTS), now=now)) for each in candidates
    ]
    return sorted(ranked, key=lambda each: (-each.urgency, each.candidate.position))


def urgency(candidate: Candidate, weights: OrderWeights, *, now: datetime) -> float:
    """log2(1 + loss weight x loss averted + label weight x label value) + age weight x doublings."""
    amount = weights.loss * loss_averted(candidate) + weights.label * label_value(candidate)
    return math.log2(1 + amount) + weights.age * doublings(candidate, now=now)


def loss_averted(candidate: Candidate) -> float:
    """The expected loss that a verdict averts, in whole units of the case's currency."""
    return 0.0 if candidate.why in FOR_LABEL else candidate.loss


def label_value(candidate: Candidate) -> float:
    """What the label of a case is worth for learning, in whole units of its currency.

    The full value for cases that were opened for their label. Other cases were sent to review whatever they
    teach: their labels are worth more the less sure the score is, 4 p (1 - p) of the full value at most 1.
    Without a score there is no model to teach yet, so that each label counts fully (a cold start).
    """
    if candidate.why in FOR_LABEL or candidate.score is None:
        return SAMPLE_LOSS
    return SAMPLE_LOSS * 4 * candidate.score * (1 - candidate.score)


def doublings(candidate: Candidate, *, now: datetime) -> float:
    """How often the weight of a case has doubled since it was opened."""
    age = now - candidate.opened_at
    if candidate.due_at is None:
        return age / DOUBLING
    allowed = max(candidate.due_at - candidate.opened_at, timedelta(minutes=1))
    return DOUBLINGS_BY_DUE * (age / allowed)
