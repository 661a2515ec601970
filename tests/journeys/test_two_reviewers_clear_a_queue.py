"""A queue with an SLA: two reviewers clear 200 cases without double work, a late case alerts, a snoozed one
comes back.
"""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from monitoring.review_queues.alert_metrics import observe_breaches
from reviews.errors import NothingToClaim
from reviews.models import Case
from reviews.models.quality import GivenVerdict
from reviews.queues.changing import create_queue
from reviews.work.claims import claim_next_case
from reviews.work.setting_aside import snooze_case
from reviews.work.verdicts import decide_case
from tests.integration.reviews.conftest import DAY, consume, open_case, review_event  # noqa: F401 - a fixture
from tests.waiting import TIMEOUT_SECONDS

CASES = 200
SLA = timedelta(minutes=90)


@pytest.fixture
def snoozed(open_case: Callable[..., Case]) -> Case:  # noqa: F811 - the fixture
    """200 cases in a queue with members; ana has snoozed the most urgent one until after its SLA."""
    create_queue(
        name="cards",
        event_type="payment",
        condition="amount > 5",
        actor="user/lea",
        now=DAY,
        users=("ana", "bo"),
        sla_minutes=SLA // timedelta(minutes=1),
    )
    for number in range(CASES):
        review_event(f"T-{number}", stake=100_000 - number, card=f"c-{number // 2}")
    consume()
    first = claim_next_case(reviewer="ana", now=DAY)
    until = DAY + 2 * SLA
    return snooze_case(first.pk, reviewer="ana", until=until, reason="the bank answers later", now=DAY)


def work_until_nothing_is_left(reviewer: str, start: threading.Barrier) -> int:
    """Takes and decides cases; how many."""
    done = 0
    start.wait(TIMEOUT_SECONDS)
    try:
        while True:
            case = claim_next_case(reviewer=reviewer, now=DAY)
            decide_case(case.pk, reviewer=reviewer, verdict="fraud", reason_code="stolen_card", now=DAY)
            done += 1
    except NothingToClaim:
        return done
    finally:
        connection.close()


def test_two_reviewers_clear_a_queue_and_nothing_is_done_twice(snoozed: Case) -> None:
    start = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        ana, bo = pool.map(work_until_nothing_is_left, ("ana", "bo"), (start, start))

    assert ana + bo == CASES - 1
    assert min(ana, bo) > 0
    verdicts = Counter(GivenVerdict.objects.values_list("event_position", flat=True))
    assert len(verdicts) == CASES - 1
    assert set(verdicts.values()) == {1}

    [(scope, breached)] = [(each.scope, each.value) for each in observe_breaches(now=DAY + SLA)]
    assert (scope, breached) == ({"event_type": "payment", "queue": "cards"}, 1)

    with pytest.raises(NothingToClaim):
        claim_next_case(reviewer="cy", now=DAY + 2 * SLA)
    back = claim_next_case(reviewer="bo", now=DAY + 2 * SLA)
    assert back.pk == snoozed.pk
    decide_case(
        back.pk, reviewer="bo", verdict="legitimate", reason_code="usual_behaviour", now=DAY + 2 * SLA
    )
    assert [each.value for each in observe_breaches(now=DAY + 2 * SLA)] == [0]
