"""Breaks and limits of viewing hold when a case is claimed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User

from reviews.errors import BreakDue, ViewingLimitReached
from reviews.models import Case, ReviewerAction, WellnessLimit
from reviews.work import claims
from tests.integration.reviews.conftest import DAY

OpenCase = Callable[..., Case]
MINUTE = timedelta(minutes=1)


def limited(*reviewers: str, **limits: int) -> None:
    """A group of these reviewers with these limits."""
    group = Group.objects.create(name=f"group of {reviewers[0]}")
    WellnessLimit.objects.create(group=group, **limits)
    for name in reviewers:
        User.objects.get_or_create(username=name)[0].groups.add(group)


def sensitive(case: Case) -> Case:
    Case.objects.filter(pk=case.pk).update(sensitive=True)
    case.refresh_from_db()
    return case


def work_until(minute: int) -> None:
    """Ana claims and releases a case every five minutes up to then."""
    for passed in range(0, minute + 1, 5):
        case = claims.claim_next_case(reviewer="ana", now=DAY + passed * MINUTE)
        claims.release_case(case.pk, reviewer="ana", now=DAY + passed * MINUTE)


def test_after_the_allowed_stretch_the_next_case_waits_for_a_break(open_case: OpenCase) -> None:
    case = open_case("T-1")
    limited("ana", work_minutes=30, break_minutes=10)
    work_until(30)
    with pytest.raises(BreakDue, match=r"^you have reviewed for 30 minutes .* from 09:40 UTC on$"):
        claims.claim_next_case(reviewer="ana", now=DAY + 31 * MINUTE)
    with pytest.raises(BreakDue):
        claims.claim_case(case.pk, reviewer="ana", now=DAY + 39 * MINUTE)
    assert claims.claim_next_case(reviewer="bo", now=DAY + 31 * MINUTE).pk == case.pk  # others are free
    claims.release_case(case.pk, reviewer="bo", now=DAY + 32 * MINUTE)
    assert claims.claim_next_case(reviewer="ana", now=DAY + 40 * MINUTE).pk == case.pk


def test_a_case_that_is_held_is_kept_when_a_break_is_due(open_case: OpenCase) -> None:
    case = open_case("T-1")
    limited("ana", work_minutes=5, break_minutes=10)
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    claims.renew_lease(case.pk, reviewer="ana", now=DAY + 9 * MINUTE)
    assert claims.claim_case(case.pk, reviewer="ana", now=DAY + 10 * MINUTE).claimed_by == "ana"
    assert claims.claim_next_case(reviewer="ana", now=DAY + 11 * MINUTE).pk == case.pk


def test_the_limit_of_sensitive_cases_leaves_the_others(open_case: OpenCase) -> None:
    first, second = (sensitive(open_case(f"T-{n}", stake=90_000 - n)) for n in range(2))
    plain = open_case("T-plain", stake=1_000)
    limited("ana", sensitive_per_hour=1)
    assert claims.claim_next_case(reviewer="ana", now=DAY).pk == first.pk
    claims.release_case(first.pk, reviewer="ana", now=DAY + MINUTE)
    assert claims.claim_next_case(reviewer="ana", now=DAY + 2 * MINUTE).pk == plain.pk
    with pytest.raises(ViewingLimitReached, match=r"^you have opened 1 sensitive case .* from 10:00 UTC on$"):
        claims.claim_case(second.pk, reviewer="ana", now=DAY + 3 * MINUTE)
    claims.claim_case(plain.pk, reviewer="ana", now=DAY + 3 * MINUTE)
    claims.release_case(plain.pk, reviewer="ana", now=DAY + 3 * MINUTE)
    Case.objects.filter(pk=plain.pk).update(state="closed")
    with pytest.raises(ViewingLimitReached):
        claims.claim_next_case(reviewer="ana", now=DAY + 4 * MINUTE)
    assert claims.claim_next_case(reviewer="ana", now=DAY + 61 * MINUTE).sensitive


def test_every_step_of_a_reviewer_is_an_action_with_its_case(open_case: OpenCase) -> None:
    case = sensitive(open_case("T-1"))
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    claims.release_case(case.pk, reviewer="ana", now=DAY + MINUTE)
    actions = ReviewerAction.objects.order_by("position").values_list("reviewer", "at", "sensitive")
    assert list(actions) == [("ana", DAY, True), ("ana", DAY + MINUTE, False)]
