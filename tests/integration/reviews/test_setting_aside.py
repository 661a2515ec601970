"""Cases that are snoozed, assigned and transferred."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User

from reviews.errors import CaseNotHeld, NothingToClaim
from reviews.models import Case
from reviews.queues.changing import create_queue
from reviews.queues.errors import CaseAssigned, InvalidHandling, QueueUnknown
from reviews.work.claims import claim_case, claim_next_case
from reviews.work.setting_aside import assign_case, snooze_case, transfer_case
from scoring.log.read import read_stream
from tests.integration.reviews.conftest import DAY

OpenCase = Callable[..., Case]
TOMORROW = DAY + timedelta(days=1)


@pytest.fixture
def held(open_case: OpenCase) -> Case:
    """A case that ana has claimed."""
    return claim_case(open_case().pk, reviewer="ana", now=DAY)


@pytest.fixture
def bo(transactional_db: None) -> User:
    user = User.objects.create_user("bo", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="work_case"))
    return user


def snooze(case: Case, *, until: datetime = TOMORROW, reason: str = "waits for the bank") -> Case:
    return snooze_case(case.pk, reviewer="ana", until=until, reason=reason, now=DAY)


def test_a_snoozed_case_comes_back_when_its_time_is_over(held: Case) -> None:
    snoozed = snooze(held)
    assert (snoozed.state, snoozed.claimed_by) == ("open", "")
    with pytest.raises(NothingToClaim):
        claim_next_case(reviewer="bo", now=TOMORROW - timedelta(seconds=1))
    assert claim_next_case(reviewer="bo", now=TOMORROW).pk == held.pk
    assert read_stream(f"case/{held.event_stream}")[2].data["reason"] == "waits for the bank"


def test_a_snoozed_case_can_be_claimed_by_its_page(held: Case) -> None:
    snooze(held)
    assert claim_case(held.pk, reviewer="bo", now=DAY).snoozed_until is None


@pytest.mark.parametrize(
    ("until", "reason", "field"),
    [
        (DAY, "later", "until"),
        (DAY + timedelta(days=31), "later", "until"),
        (TOMORROW, " ", "reason"),
    ],
)
def test_a_snooze_needs_a_time_to_come_and_a_reason(
    held: Case, until: datetime, reason: str, field: str
) -> None:
    with pytest.raises(InvalidHandling) as refused:
        snooze(held, until=until, reason=reason)
    assert refused.value.field == field
    assert Case.objects.get(pk=held.pk).claimed_by == "ana"


def test_an_assigned_case_is_the_next_one_of_its_reviewer_alone(
    held: Case, open_case: OpenCase, bo: User
) -> None:
    open_case("T-2", stake=10_000_000)
    assign_case(held.pk, reviewer="ana", to="bo", now=DAY)
    with pytest.raises(CaseAssigned, match="assigned to bo"):
        claim_case(held.pk, reviewer="ana", now=DAY)
    claimed = claim_next_case(reviewer="bo", now=DAY)
    assert (claimed.pk, claimed.next_because) == (held.pk, {"assigned": True})


def test_a_case_can_be_assigned_to_nobody_again(held: Case, bo: User) -> None:
    assign_case(held.pk, reviewer="ana", to="bo", now=DAY)
    assign_case(held.pk, reviewer="lea", to="", now=DAY, may_assign=True)
    assert claim_case(held.pk, reviewer="ana", now=DAY).assigned_to == ""


def test_a_case_is_assigned_only_to_people_who_review(held: Case) -> None:
    User.objects.create_user("guest")
    for name in ("guest", "nobody"):
        with pytest.raises(InvalidHandling, match="reviews no cases"):
            assign_case(held.pk, reviewer="ana", to=name, now=DAY)


def test_only_its_claimant_or_a_lead_sets_a_case_aside(held: Case, bo: User) -> None:
    with pytest.raises(CaseNotHeld):
        snooze_case(held.pk, reviewer="bo", until=TOMORROW, reason="r", now=DAY)
    with pytest.raises(CaseNotHeld):
        assign_case(held.pk, reviewer="bo", to="bo", now=DAY)
    assert assign_case(held.pk, reviewer="lea", to="bo", now=DAY, may_assign=True).claimed_by == ""


def test_a_transferred_case_waits_in_its_new_queue(held: Case) -> None:
    create_queue(name="rings", event_type="payment", condition="", actor="user/lea", now=DAY, sla_minutes=90)
    later = DAY + timedelta(minutes=10)
    moved = transfer_case(held.pk, reviewer="ana", queue="rings", reason="a ring", now=later)
    assert (moved.queue, moved.queue_version, moved.claimed_by) == ("rings", 1, "")
    assert moved.due_at == DAY + timedelta(minutes=90)
    assert claim_next_case(reviewer="bo", queue="rings", now=later).pk == held.pk
    with pytest.raises(InvalidHandling, match="the case is in 'rings'"):
        transfer_case(held.pk, reviewer="bo", queue="rings", reason="again", now=later)


def test_a_transfer_needs_a_queue_of_its_event_type(held: Case) -> None:
    with pytest.raises(QueueUnknown):
        transfer_case(held.pk, reviewer="ana", queue="nowhere", reason="r", now=DAY)
