"""Concurrent reviewers: each case is claimed by one of them."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from reviews.errors import CaseAlreadyClaimed, NothingToClaim
from reviews.models import Case
from reviews.queues.changing import create_queue
from reviews.work import claims
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import read_streams
from tests.integration.reviews.conftest import DAY, consume, review_event
from tests.waiting import TIMEOUT_SECONDS

Call = Callable[[], object]
CASES = 50
CALLS = 100
THREADS = 20
MANY_CASES, QUEUES, CLAIMERS = 5_000, ("large", "small", "reported"), 50


@pytest.fixture
def fifty_cases(open_case: Callable[..., Case]) -> list[int]:
    events = [review_event(f"T-{number}", stake=1_000 + number) for number in range(CASES)]
    consume()
    return [event.position for event in events]


def at_once(calls: Sequence[Call], *, threads: int = THREADS) -> list[object]:
    """What each call returned or raised; `threads` at a time start together, each on its own connection."""
    barrier = threading.Barrier(threads)

    def work(mine: Sequence[Call]) -> list[object]:
        try:
            barrier.wait(TIMEOUT_SECONDS)
            return [_result(call) for call in mine]
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        parts = pool.map(work, [calls[start::threads] for start in range(threads)])
        return [result for part in parts for result in part]


def _result(call: Call) -> object:
    try:
        return call()
    except (CaseAlreadyClaimed, NothingToClaim) as refusal:
        return refusal


def claims_in_log() -> Counter[str]:
    """How often each case was claimed."""
    streams = [f"case/{stream}" for stream in Case.objects.values_list("event_stream", flat=True)]
    return Counter(
        stream
        for stream, entries in read_streams(streams).items()
        for entry in entries
        if entry.type == "case.claimed"
    )


def test_two_reviewers_with_100_claims_on_50_cases_hold_each_case_once(fifty_cases: list[int]) -> None:
    def claiming(position: int, reviewer: str) -> Call:
        return lambda: claims.claim_case(position, reviewer=reviewer, now=DAY)

    results = at_once(
        [claiming(position, reviewer) for position in fifty_cases for reviewer in ("ana", "bo")]
    )

    assert len(results) == CALLS
    claimed = [result for result in results if isinstance(result, Case)]
    refused = [result for result in results if isinstance(result, CaseAlreadyClaimed)]
    assert (len(claimed), len(refused)) == (CASES, CALLS - CASES)
    holders = dict(Case.objects.values_list("pk", "claimed_by"))
    assert {case.pk: case.claimed_by for case in claimed} == holders
    assert set(claims_in_log().values()) == {1}


def test_100_reviewers_claiming_the_next_of_50_cases_get_one_each(fifty_cases: list[int]) -> None:
    def asking(number: int) -> Call:
        return lambda: claims.claim_next_case(reviewer=f"reviewer-{number}", now=DAY)

    results = at_once([asking(number) for number in range(CALLS)])

    claimed = [result.pk for result in results if isinstance(result, Case)]
    assert sorted(claimed) == fifty_cases
    assert sum(isinstance(result, NothingToClaim) for result in results) == CALLS - CASES
    assert set(claims_in_log().values()) == {1}


def test_many_concurrent_requests_of_one_reviewer_claim_one_case(fifty_cases: list[int]) -> None:
    results = at_once([lambda: claims.claim_next_case(reviewer="ana", now=DAY)] * THREADS)
    assert len({result.pk for result in results if isinstance(result, Case)}) == 1
    assert Case.objects.filter(state="claimed").count() == 1


def _opened(number: int, queue: str) -> NewEntry:
    """The case of a payment in a queue, as routing opens it."""
    return NewEntry(
        stream=f"case/payment/shop/M-{number}",
        expected_version=0,
        type="case.opened",
        data={
            "event": f"payment/shop/M-{number}",
            "event_position": 10**9 + number,
            "event_type": "payment",
            "currency": "USD",
            "why": "review",
            "outcome": "review",
            "score": 0.5,
            "stake": 1_000 + number,
            "expected_loss": 500 + number,
            "queue": queue,
            "queue_version": 1,
            "sla_minutes": 60,
            "shared_entities": [],
        },
    )


def test_50_reviewers_of_three_queues_hold_each_of_5000_cases_once(transactional_db: None) -> None:
    reviewers = {f"reviewer-{number}": QUEUES[number % 3] for number in range(4 * CLAIMERS)}
    for name in QUEUES:
        members = tuple(reviewer for reviewer, queue in reviewers.items() if queue == name)
        create_queue(name=name, event_type="payment", condition="", users=members, actor="user/lea", now=DAY)
    append([_opened(number, QUEUES[number % 3]) for number in range(MANY_CASES)], now=DAY)

    def asking(reviewer: str) -> Call:
        return lambda: claims.claim_next_case(reviewer=reviewer, now=DAY)

    claimed = at_once([asking(reviewer) for reviewer in reviewers], threads=CLAIMERS)

    held = {case.claimed_by: case for case in claimed if isinstance(case, Case)}
    assert held.keys() == reviewers.keys()
    assert {name: case.queue for name, case in held.items()} == reviewers  # of their own queue
    assert len({case.pk for case in held.values()}) == len(reviewers)
    assert Case.objects.filter(state="claimed").count() == len(reviewers)
    assert set(claims_in_log().values()) == {1}
