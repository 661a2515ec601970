"""The review work that the demo begins with."""

import pytest
from django.utils import timezone

from demo.demo_reviews import GOLDEN_SHARE, choose_golden_items, configure_reviews
from reviews.models import ReviewQueue
from reviews.quality.stored import quality_settings
from reviews.work import claims, verdicts
from tests.integration.reviews.browsing import ReviewCase, review_case  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_large_payment_is_in_its_queue_with_time_left(review_case: ReviewCase) -> None:  # noqa: F811
    for _ in range(2):  # a second start changes nothing
        configure_reviews(now=timezone.now())
    assert sorted(ReviewQueue.objects.values_list("name", "number")) == [
        ("large_payments", 1),
        ("reported_content", 1),
    ]
    case = review_case(amount={"minor": 90_000, "currency": "USD"})
    assert case.queue == "large_payments"
    assert case.due_at is not None
    assert case.due_at > timezone.now()


def test_decided_payments_become_golden_items(review_case: ReviewCase) -> None:  # noqa: F811
    case, now = review_case(), timezone.now()
    configure_reviews(now=now)
    claims.claim_case(case.pk, reviewer="ana", now=now)
    verdicts.decide_case(case.pk, reviewer="ana", verdict="fraud", reason_code="stolen_card", now=now)
    choose_golden_items(now=now)
    case.refresh_from_db()
    assert case.golden == "chosen"
    assert quality_settings.of("payment").share("golden_items") == GOLDEN_SHARE
