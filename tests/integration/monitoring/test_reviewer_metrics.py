"""Agreement, golden items and overturned verdicts as metrics that alerts may be set on."""

from datetime import timedelta

import pytest

from monitoring.metrics.metric import Observation
from monitoring.metrics.registry import metrics
from reviews.models.quality import GivenVerdict
from tests.factories.log import NOW

pytestmark = pytest.mark.django_db


def give(count: int, *, kind: str, agrees: bool, event_type: str = "payment", ago: int = 1) -> None:
    """Blind verdicts of some days ago that agree with the standing one or do not."""
    first = GivenVerdict.objects.count()
    GivenVerdict.objects.bulk_create(
        GivenVerdict(
            position=number,
            event_position=number,
            event_type=event_type,
            reviewer="ben",
            kind=kind,
            verdict="fraud",
            standing="fraud" if agrees else "legitimate",
            standing_by="ana",
            agrees=agrees,
            given_at=NOW - timedelta(days=ago),
        )
        for number in range(first, first + count)
    )


def observed(name: str) -> Observation:
    [found] = [each for each in metrics()[name].observe(now=NOW) if each.scope == {"event_type": "payment"}]
    return found


def test_agreement_counts_second_reviews_of_four_weeks_of_its_event_type() -> None:
    give(30, kind=GivenVerdict.Kind.SECOND, agrees=True)
    give(10, kind=GivenVerdict.Kind.SECOND, agrees=False)
    give(5, kind=GivenVerdict.Kind.SECOND, agrees=False, event_type="content")
    give(5, kind=GivenVerdict.Kind.SECOND, agrees=False, ago=29)
    give(5, kind=GivenVerdict.Kind.GOLDEN, agrees=False)
    found = observed("reviews.agreement")
    assert (found.value, found.rows) == (0.75, 40)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.75 < found.high
    assert found.because.startswith("30 of 40. ")
    assert found.path == "review-quality/?type=payment"


def test_golden_items_are_a_metric_of_their_own() -> None:
    give(3, kind=GivenVerdict.Kind.GOLDEN, agrees=True)
    give(1, kind=GivenVerdict.Kind.GOLDEN, agrees=False)
    assert (observed("reviews.golden_hits").value, observed("reviews.golden_hits").rows) == (0.75, 4)


@pytest.mark.parametrize("name", ["reviews.agreement", "reviews.golden_hits", "reviews.overturned"])
def test_without_checks_nothing_is_known(name: str) -> None:
    found = observed(name)
    assert (found.value, found.low, found.high, found.rows, found.because) == (None, None, None, 0, "")


def test_overturned_counts_first_verdicts() -> None:
    give(4, kind=GivenVerdict.Kind.FIRST, agrees=True)
    assert (observed("reviews.overturned").value, observed("reviews.overturned").rows) == (0.0, 4)
