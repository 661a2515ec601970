"""Concurrent reviewers: each case is claimed by one of them."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from reviews.errors import CaseAlreadyClaimed, NothingToClaim
from reviews.models import Case
from reviews.work import claims
from scoring.log.read import read_streams
from tests.integration.reviews.conftest import DAY, consume, review_event
from tests.waiting import TIMEOUT_SECONDS

Call = Callable[[], object]
CASES = 50
CALLS = 100
THREADS = 20


@pytest.fixture
def fifty_cases(open_case: Callable[..., Case]) -> list[int]:
    events = [review_event(f"T-{number}", stake=1_000 + number) for number in range(CASES)]
    consume()
    return [event.position for event in events]


def at_once(calls: Sequence[Call]) -> list[object]:
    """What each call returned or raised; `THREADS` at a time start together, each on its own connection."""
    barrier = threading.Barrier(THREADS)

    def work(mine: Sequence[Call]) -> list[object]:
        try:
            barrier.wait(TIMEOUT_SECONDS)
            return [_result(call) for call in mine]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        parts = pool.map(work, [calls[start::THREADS] for start in range(THREADS)])
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
