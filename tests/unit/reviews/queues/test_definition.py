"""Definitions of review queues: what is refused, and how they are logged. No database."""

from dataclasses import replace
from typing import Any

import pytest

from reviews.models.queues import ReviewQueue
from reviews.queues.definition import OrderWeights, QueueDefinition, check_definition
from reviews.queues.errors import QueueInvalid
from scoring.catalog.errors import EventTypeNotScored
from scoring.rules.rules.compiling import Nameable

NOTHING = Nameable({}, {})
QUEUE = QueueDefinition(
    "large",
    "payment",
    "amount > 500",
    groups=("lead",),
    users=("ana",),
    sla_minutes=60,
    weights=OrderWeights(label=0.5),
    quotas={"sample": 0.1},
)


def test_a_definition_is_read_back_as_it_was_logged() -> None:
    assert QueueDefinition.of(QUEUE.as_data()) == QUEUE
    assert QueueDefinition.of({"name": "old", "event_type": "payment"}) == QueueDefinition("old", "payment")


def test_a_valid_definition_is_accepted() -> None:
    check_definition(QUEUE, NOTHING)
    check_definition(replace(QUEUE, condition=""), NOTHING)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "Large amounts"}, "name"),
        ({"condition": "amount >"}, "condition"),
        ({"condition": "amuont > 5"}, "condition"),
        ({"condition": "amount"}, "condition"),
        ({"description": "x" * 301}, "description"),
        ({"priority": -1}, "priority"),
        ({"sla_minutes": -1}, "sla_minutes"),
        ({"weights": OrderWeights(age=11)}, "weights.age"),
        ({"quotas": {"review": 0.1}}, "quotas.review"),
        ({"quotas": {"sample": 0.6}}, "quotas.sample"),
        ({"quotas": {"sample": 0.3, "explored": 0.3}}, "quotas"),
    ],
)
def test_what_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(QueueInvalid) as refused:
        check_definition(replace(QUEUE, **change), NOTHING)
    assert field in {name for name, _, _ in refused.value.problems}


def test_only_scored_types_have_queues() -> None:
    with pytest.raises(EventTypeNotScored):
        check_definition(replace(QUEUE, event_type="account", condition=""), NOTHING)


@pytest.mark.parametrize(
    ("users", "groups", "reviewer", "of", "admitted"),
    [
        ([], [], "bo", set(), True),
        (["ana"], [], "ana", set(), True),
        (["ana"], [], "bo", {"lead"}, False),
        ([], ["lead"], "bo", {"lead", "analyst"}, True),
        ([], ["lead"], "bo", {"analyst"}, False),
        (["ana"], ["lead"], "bo", {"lead"}, True),
    ],
)
def test_whom_a_queue_admits(
    users: list[str], groups: list[str], reviewer: str, of: set[str], admitted: bool
) -> None:
    queue = ReviewQueue(name="q", terms={"users": users, "groups": groups})
    assert queue.admits(reviewer, of) is admitted
