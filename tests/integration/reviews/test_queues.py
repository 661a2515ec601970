"""Queues: defined, routing cases as they open, and worked on by their members."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from reviews.errors import NothingToClaim
from reviews.models import Case
from reviews.models.queues import ReviewQueue
from reviews.queues.changing import change_queue, create_queue, retire_queue
from reviews.queues.definition import QueueDefinition
from reviews.queues.errors import (
    NotYourQueue,
    QueueChangedMeanwhile,
    QueueExists,
    QueueInvalid,
    QueueUnchanged,
    QueueUnknown,
)
from reviews.queues.names import queue_names
from reviews.queues.rerouting import reroute_cases
from reviews.work.claims import claim_case, claim_next_case, release_case
from reviews.work.verdicts import decide_case
from scoring.log.read import read_stream
from tests.integration.reviews.conftest import DAY, consume, review_event, revise

OpenCase = Callable[..., Case]
LEA = "user/lea"


def define(name: str = "large", condition: str = "amount > 500", **terms: Any) -> ReviewQueue:
    return create_queue(
        name=name, event_type="payment", condition=condition, actor=LEA, now=DAY, reason="new team", **terms
    )


def money(amount: int) -> dict[str, Any]:
    return {"minor": amount * 100, "currency": "USD"}


def next_of(reviewer: str, **how: Any) -> int:
    return claim_next_case(reviewer=reviewer, now=DAY, **how).pk


def test_without_queues_a_case_opens_as_before(open_case: OpenCase) -> None:
    case = open_case(amount=money(900))
    [opened] = read_stream(f"case/{case.event_stream}")
    assert (case.queue, case.queue_version, case.due_at, case.shared_entities) == ("", 0, None, [])
    assert {"queue", "queue_version", "shared_entities", "sla_minutes"}.isdisjoint(opened.data)


def test_a_case_opens_in_the_first_queue_whose_condition_its_event_meets(open_case: OpenCase) -> None:
    define("large", "amount > 500", sla_minutes=60)
    define("huge", "amount > 5000", priority=1)
    define("unscored", "card_count_1h > 3", priority=0)  # depends on a missing value
    large, huge, small = (open_case(f"T-{each}", amount=money(each)) for each in (900, 9_000, 9))
    assert [case.queue for case in (large, huge, small)] == ["large", "huge", ""]
    assert (large.queue_version, large.due_at) == (1, DAY + timedelta(hours=1))
    assert read_stream(f"case/{large.event_stream}")[0].data["queue"] == "large"


def test_a_later_decision_leaves_a_case_in_its_queue(open_case: OpenCase) -> None:
    define("sure", "score > 0.8")
    event = review_event("T-1", score=0.9)
    consume()
    revise(event, outcome="review", score=0.1)
    consume()
    assert Case.objects.get(pk=event.position).queue == "sure"


def test_only_members_of_a_queue_get_its_cases(open_case: OpenCase) -> None:
    User.objects.create_user("ana").groups.add(Group.objects.get_or_create(name="chargebacks")[0])
    define(groups=("chargebacks",), users=("bo",))
    case = open_case(amount=money(900))
    assert queue_names("ana")[0] == "large"
    assert "large" not in queue_names("cy")
    with pytest.raises(NothingToClaim):
        next_of("cy")
    with pytest.raises(NotYourQueue, match="ask a lead"):
        claim_case(case.pk, reviewer="cy", now=DAY)
    assert next_of("ana") == case.pk
    release_case(case.pk, reviewer="ana", now=DAY)
    assert next_of("bo") == case.pk


def test_a_reviewer_can_take_cases_of_one_queue(open_case: OpenCase) -> None:
    define()
    define("cheap", "amount < 20")
    large = open_case("T-1", amount=money(900), stake=90_000)
    cheap = open_case("T-2", amount=money(9), stake=900)
    assert next_of("ana", queue="cheap") == cheap.pk
    assert next_of("bo") == large.pk


def test_one_case_of_linked_entities_is_worked_on_at_a_time(open_case: OpenCase) -> None:
    define("all", "amount > 0")
    first = open_case("T-1", card="c-1", stake=90_000)
    open_case("T-2", card="c-1", stake=80_000)
    other = open_case("T-3", card="c-9", stake=1_000)
    assert next_of("ana") == first.pk
    assert Case.objects.get(pk=first.pk).next_because == {"linked": 2}
    assert next_of("bo") == other.pk


def test_every_second_case_is_from_the_source_that_has_half(open_case: OpenCase) -> None:
    define("all", "amount > 0", quotas={"sample": 0.5})
    review = [open_case(f"T-{n}", card=f"c-{n}", stake=90_000 - n) for n in range(2)]
    sampled = open_case("T-7", card="c-7", stake=100)
    Case.objects.filter(pk=sampled.pk).update(why="sample")
    assert next_of("ana") == review[0].pk
    decide_case(review[0].pk, reviewer="ana", verdict="fraud", reason_code="stolen_card", now=DAY)
    assert next_of("ana") == sampled.pk
    assert Case.objects.get(pk=sampled.pk).next_because == {"promised": 0.5}


def test_a_case_that_was_skipped_comes_last(open_case: OpenCase) -> None:
    define("all", "amount > 0")
    first, second = open_case("T-1", card="c-1", stake=90_000), open_case("T-2", card="c-2", stake=100)
    assert next_of("ana") == first.pk
    release_case(first.pk, reviewer="ana", now=DAY, reason="not my language")
    assert read_stream(f"case/{first.event_stream}")[-1].data["reason"] == "not my language"
    assert next_of("ana") == second.pk


def test_a_queue_is_changed_and_retired_in_versions(open_case: OpenCase) -> None:
    define()
    wider = QueueDefinition("large", "payment", "amount > 100")
    changed = change_queue(wider, based_on=1, reason="more people", actor=LEA, now=DAY)
    assert (changed.number, changed.terms["condition"], changed.reason) == (2, "amount > 100", "more people")
    with pytest.raises(QueueChangedMeanwhile):
        change_queue(wider, based_on=1, reason="again", actor=LEA, now=DAY)
    with pytest.raises(QueueUnchanged):
        change_queue(wider, based_on=2, reason="again", actor=LEA, now=DAY)
    assert open_case("T-1", amount=money(200)).queue_version == 2
    retire_queue("large", reason="merged", actor=LEA, now=DAY)
    assert open_case("T-2", amount=money(200)).queue == ""
    with pytest.raises(QueueUnknown):
        retire_queue("large", reason="merged", actor=LEA, now=DAY)
    with pytest.raises(QueueExists):
        define()


def test_an_invalid_queue_is_refused_with_every_problem(transactional_db: None) -> None:
    with pytest.raises(QueueInvalid) as refused:
        define("Large", "amuont > 5", sla_minutes=-1)
    assert [name for name, _, _ in refused.value.problems] == ["name", "sla_minutes", "condition"]
    assert not ReviewQueue.objects.exists()


def test_open_cases_are_routed_again_only_when_asked(open_case: OpenCase) -> None:
    waiting, held = open_case("T-1", amount=money(900)), open_case("T-2", amount=money(901))
    claim_case(held.pk, reviewer="ana", now=DAY)
    define(sla_minutes=30)
    assert Case.objects.get(pk=waiting.pk).queue == ""
    assert reroute_cases("payment", actor=LEA, now=DAY + timedelta(minutes=5)) == 1
    assert reroute_cases("payment", actor=LEA, now=DAY + timedelta(minutes=6)) == 0
    moved = Case.objects.get(pk=waiting.pk)
    assert (moved.queue, moved.due_at) == ("large", DAY + timedelta(minutes=30))
    assert Case.objects.get(pk=held.pk).queue == ""
