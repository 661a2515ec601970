"""Random samples of recent decisions become cases."""

from datetime import timedelta

import pytest

from reviews.models import Case
from reviews.queue.sampling import open_sample
from scoring.log.append import append
from scoring.log.entries import Entry
from tests.factories.log import NOW, decided, received
from tests.integration.reviews.conftest import consume

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


def decide(count: int, *, start: int = 0, outcome: str = "allow", ago: timedelta = HOUR) -> list[Entry]:
    """Events received and decided that long ago."""
    then = NOW - ago
    events = append([received(f"T-{start + number}") for number in range(count)], now=then)
    append([decided(event, outcome=outcome, decided_at=then) for event in events], now=then)
    return events


def sample(count: int = 10, *, salt: str = "a") -> int:
    return open_sample("payment", count=count, salt=salt, now=NOW)


def sampled() -> set[int]:
    return set(Case.objects.filter(why=Case.Why.SAMPLE).values_list("pk", flat=True))


def test_a_sample_has_as_many_cases_as_asked_for_and_depends_on_the_salt() -> None:
    decide(60)
    assert sample() == 10
    first = sampled()
    assert len(first) == 10
    assert sample() == 0  # the same decisions again
    assert sample(salt="b") > 0
    assert sampled() > first


def test_fewer_decisions_give_fewer_cases() -> None:
    decide(3)
    assert sample() == 3
    case = Case.objects.first()
    assert case is not None
    assert (case.why, case.state, case.outcome, case.event_type) == ("sample", "open", "allow", "payment")


def test_old_decisions_and_events_with_another_case_are_left_out() -> None:
    decide(4, ago=timedelta(days=2))
    decide(4, start=10, outcome="review")
    consume()
    others = Case.objects.count()
    fresh = decide(2, start=20)
    assert sample() == 2
    assert sampled() >= {event.position for event in fresh}
    assert Case.objects.count() == others + 2


def test_the_latest_decision_counts() -> None:
    (event,) = decide(1)
    append([decided(event, revision=1, outcome="block", score=0.99)], now=NOW)
    sample()
    assert Case.objects.get().outcome == "block"
