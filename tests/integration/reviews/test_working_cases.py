"""A case from the queue to its verdict, and back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import redis
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from reviews.errors import (
    CaseAlreadyClaimed,
    CaseAlreadyDecided,
    CaseNotDecided,
    CaseNotFound,
    CaseNotHeld,
    InvalidVerdict,
    NothingToClaim,
    NotYourVerdict,
)
from reviews.models import Case
from reviews.queue.summary import summarize_queue
from reviews.work import claims, verdicts
from reviews.work.claims import LEASE
from reviews.work.notes import NOTE_KIND
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.models import Label
from scoring.lanes.models import Pending
from scoring.log import vault
from scoring.log.models import VaultItem
from scoring.log.read import read_stream
from tests.integration.reviews.conftest import DAY

OpenCase = Callable[..., Case]
MINUTE = timedelta(minutes=1)
FRAUD = {"verdict": "fraud", "reason_code": "stolen_card"}


def test_a_case_is_claimed_and_decided_and_its_event_labeled(open_case: OpenCase) -> None:
    case = open_case("T-1")
    taken = claims.claim_next_case(reviewer="ana", now=DAY)
    assert (taken.pk, taken.state, taken.claimed_by) == (case.pk, "claimed", "ana")
    assert taken.lease_until == DAY + LEASE

    done = verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, note=" Called the bank. ", now=DAY + MINUTE)

    assert (done.state, done.verdict, done.reason_code) == ("decided", "fraud", "stolen_card")
    assert (done.decided_by, done.decided_at, done.claimed_by) == ("ana", DAY + MINUTE, "")
    label = Label.objects.get()
    assert (label.event_stream, label.source, label.effective) == (case.event_stream, "review", "fraud")
    assert Pending.objects.get(kind="label").event_stream == case.event_stream  # on its way to the lane
    [entry] = read_stream(f"label/{case.event_stream}")
    assert entry.metadata == {"actor": "user/ana"}


def test_every_step_is_an_entry_with_its_actor(open_case: OpenCase) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    claims.release_case(case.pk, reviewer="ana", now=DAY)
    claims.claim_case(case.pk, reviewer="bo", now=DAY)
    verdicts.decide_case(case.pk, reviewer="bo", **FRAUD, now=DAY)
    verdicts.undo_verdict(case.pk, reviewer="bo", now=DAY)
    said = [(entry.type, entry.metadata.get("actor")) for entry in read_stream(f"case/{case.event_stream}")]
    assert said == [
        ("case.opened", None),
        ("case.claimed", "user/ana"),
        ("case.released", "user/ana"),
        ("case.claimed", "user/bo"),
        ("case.decided", "user/bo"),
        ("case.reopened", "user/bo"),
    ]


def note_of(case: Case) -> str:
    return vault.reveal([case.note])[case.note]


def test_the_note_is_in_the_vault_and_not_in_the_log(open_case: OpenCase) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    done = verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, note="Mrs. Smith said so", now=DAY)
    assert note_of(done) == "Mrs. Smith said so"
    assert "Smith" not in str([entry.data for entry in read_stream(f"case/{case.event_stream}")])


def test_card_numbers_in_notes_are_masked(open_case: OpenCase) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    told = "It was 4111 1111 1111 1111."
    done = verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, note=told, now=DAY)
    assert note_of(done) == "It was ************1111."


def test_a_reviewer_gets_the_case_they_already_hold(open_case: OpenCase) -> None:
    open_case("T-1")
    open_case("T-2")
    first = claims.claim_next_case(reviewer="ana", now=DAY)
    assert claims.claim_next_case(reviewer="ana", now=DAY + MINUTE).pk == first.pk
    assert claims.claim_next_case(reviewer="bo", now=DAY + MINUTE).pk != first.pk
    with pytest.raises(NothingToClaim):
        claims.claim_next_case(reviewer="cy", now=DAY + MINUTE)


def test_the_larger_loss_comes_first_and_age_raises_the_rank(open_case: OpenCase) -> None:
    small = open_case("small", stake=1_000, now=DAY - timedelta(days=2))
    large = open_case("large", stake=900_000, now=DAY)
    middle = open_case("middle", stake=100_000, now=DAY)
    order = [claims.claim_next_case(reviewer=name, now=DAY).pk for name in ("ana", "bo", "cy")]
    assert order == [small.pk, large.pk, middle.pk]


def test_claiming_a_held_case_is_refused_and_names_its_holder_and_lease(open_case: OpenCase) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    with pytest.raises(
        CaseAlreadyClaimed, match=r"^ana has claimed payment/shop/T-1 until 2026-03-02T09:15:00Z"
    ):
        claims.claim_case(case.pk, reviewer="bo", now=DAY + MINUTE)
    with pytest.raises(CaseNotHeld, match=r"^ana has claimed"):
        verdicts.decide_case(case.pk, reviewer="bo", **FRAUD, now=DAY + MINUTE)
    with pytest.raises(CaseNotFound):
        claims.claim_case(case.pk + 1_000, reviewer="bo", now=DAY)


def test_an_expired_lease_frees_the_case(open_case: OpenCase) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    assert claims.claim_next_case(reviewer="bo", now=DAY + LEASE).claimed_by == "bo"
    with pytest.raises(CaseNotHeld):
        verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, now=DAY + LEASE)


def test_an_expired_lease_does_not_matter_while_no_one_else_claimed_the_case(open_case: OpenCase) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    assert verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, now=DAY + 2 * LEASE).state == "decided"


def test_renewing_a_lease_appends_an_entry_only_once_half_of_it_is_used(open_case: OpenCase) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    assert claims.renew_lease(case.pk, reviewer="ana", now=DAY + MINUTE).lease_until == DAY + LEASE
    assert len(read_stream(f"case/{case.event_stream}")) == 2
    kept = claims.renew_lease(case.pk, reviewer="ana", now=DAY + 10 * MINUTE)
    assert kept.lease_until == DAY + 10 * MINUTE + LEASE


def test_a_case_is_decided_only_once(open_case: OpenCase) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, now=DAY)
    for act in (claims.claim_case, claims.release_case, claims.renew_lease):
        with pytest.raises(CaseAlreadyDecided, match="ana decided payment/shop/T-1 as fraud"):
            act(case.pk, reviewer="bo", now=DAY)
    with pytest.raises(CaseAlreadyDecided):
        verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, now=DAY)


def test_a_refused_verdict_leaves_case_and_event_as_they_were(open_case: OpenCase) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    with pytest.raises(InvalidVerdict, match="allowed: fraud, legitimate"):
        verdicts.decide_case(case.pk, reviewer="ana", verdict="spam", reason_code="other", now=DAY)
    assert Case.objects.get().state == "claimed"
    assert not Label.objects.exists()


def test_undoing_retracts_the_label_and_claims_the_case_again(open_case: OpenCase) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, note="no doubt", now=DAY)

    undone = verdicts.undo_verdict(case.pk, reviewer="ana", now=DAY + MINUTE)

    assert (undone.state, undone.claimed_by, undone.verdict) == ("claimed", "ana", "")
    assert (undone.decided_by, undone.note) == ("", "")
    assert Label.objects.latest("position").effective is None
    again = verdicts.decide_case(
        case.pk, reviewer="ana", verdict="legitimate", reason_code="confirmed_by_customer", now=DAY + MINUTE
    )
    assert again.verdict == "legitimate"
    assert Label.objects.latest("position").effective == "legitimate"


def test_undoing_anothers_verdict_needs_the_permission(open_case: OpenCase) -> None:
    case = open_case("T-1")
    with pytest.raises(CaseNotDecided):
        verdicts.undo_verdict(case.pk, reviewer="ana", now=DAY)
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, now=DAY)
    with pytest.raises(NotYourVerdict, match="ana's"):
        verdicts.undo_verdict(case.pk, reviewer="bo", now=DAY)
    assert Label.objects.count() == 1
    assert verdicts.undo_verdict(case.pk, reviewer="bo", now=DAY, may_undo_any=True).claimed_by == "bo"


def test_the_queue_summary(open_case: OpenCase) -> None:
    cases = [open_case(f"T-{number}", now=DAY + number * MINUTE) for number in range(4)]
    claims.claim_case(cases[0].pk, reviewer="ana", now=DAY)
    verdicts.decide_case(cases[0].pk, reviewer="ana", **FRAUD, now=DAY)
    claims.claim_case(cases[1].pk, reviewer="bo", now=DAY)
    summary = summarize_queue(reviewer="ana", now=DAY + MINUTE)
    assert (summary.waiting, summary.waiting_capped, summary.held) == (2, False, 1)
    assert (summary.oldest_opened_at, summary.decided_today) == (DAY + MINUTE, 1)
    assert summarize_queue(reviewer="bo", now=DAY + MINUTE).decided_today == 0


def test_the_lane_is_notified_once_the_verdict_is_committed(
    open_case: OpenCase, online_redis: redis.Redis
) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    with transaction.atomic():
        verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, now=DAY)
        assert not online_redis.keys("*door:flag")
    assert online_redis.keys("*door:flag")


def test_each_step_takes_few_statements_however_long_the_queue_is(
    open_case: OpenCase, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        case = open_case(f"T-{number}")
    with transaction.atomic():  # the outermost BEGIN and COMMIT are not of the step
        with django_assert_max_num_queries(13):
            claims.claim_next_case(reviewer="ana", now=DAY)
        with django_assert_max_num_queries(4):
            summarize_queue(reviewer="ana", now=DAY)
        claims.claim_case(case.pk, reviewer="bo", now=DAY)
        with django_assert_max_num_queries(21):
            verdicts.decide_case(case.pk, reviewer="bo", **FRAUD, note="called him", now=DAY)


def test_a_skipped_case_comes_back_last_to_the_reviewer_and_first_to_others(open_case: OpenCase) -> None:
    urgent = open_case("T-1", stake=90_000)
    other = open_case("T-2", stake=1_000)
    assert claims.claim_next_case(reviewer="ana", now=DAY).pk == urgent.pk
    claims.release_case(urgent.pk, reviewer="ana", now=DAY)

    assert claims.claim_next_case(reviewer="ana", now=DAY).pk == other.pk
    assert claims.claim_next_case(reviewer="bo", now=DAY).pk == urgent.pk


def test_a_skipped_case_comes_back_when_it_is_the_only_one_and_after_an_hour(open_case: OpenCase) -> None:
    urgent = open_case("T-1", stake=90_000)
    claims.claim_case(urgent.pk, reviewer="ana", now=DAY)
    claims.release_case(urgent.pk, reviewer="ana", now=DAY)
    assert claims.claim_next_case(reviewer="ana", now=DAY).pk == urgent.pk
    claims.release_case(urgent.pk, reviewer="ana", now=DAY)
    open_case("T-2", stake=1_000)
    later = DAY + claims.SKIPPED_FOR + MINUTE
    assert claims.claim_next_case(reviewer="ana", now=later).pk == urgent.pk


def say_chargeback(case: Case, label: str) -> None:
    _, source, external_id = case.event_stream.split("/", 2)
    statement = LabelStatement("payment", external_id, label, "chargeback")
    [receipt] = record_labels([statement], source=source, now=DAY, actor="api_key/k")
    assert receipt.refused is None


def test_a_verdict_that_contradicts_a_chargeback_needs_a_note(open_case: OpenCase) -> None:
    case = open_case("T-1")
    say_chargeback(case, "fraud")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    against = {"verdict": "legitimate", "reason_code": "confirmed_by_customer"}
    with pytest.raises(InvalidVerdict, match="chargeback says fraud, which contradicts this verdict"):
        verdicts.decide_case(case.pk, reviewer="ana", **against, now=DAY)
    done = verdicts.decide_case(
        case.pk, reviewer="ana", **against, note="They forgot, and called us.", now=DAY
    )
    assert done.verdict == "legitimate"


def test_a_verdict_that_agrees_with_a_chargeback_needs_no_note(open_case: OpenCase) -> None:
    case = open_case("T-1")
    say_chargeback(case, "fraud")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    assert verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, now=DAY).verdict == "fraud"


def test_of_two_held_cases_the_more_urgent_one_comes_first(open_case: OpenCase) -> None:
    small, urgent = open_case("T-1", stake=1_000), open_case("T-2", stake=90_000)
    for case in (small, urgent):
        claims.claim_case(case.pk, reviewer="ana", now=DAY)
    assert claims.claim_next_case(reviewer="ana", now=DAY).pk == urgent.pk


def test_of_two_skipped_cases_the_more_urgent_one_comes_back_first(open_case: OpenCase) -> None:
    urgent, small = open_case("T-1", stake=90_000), open_case("T-2", stake=1_000)
    for case in (urgent, small):
        claims.claim_case(case.pk, reviewer="ana", now=DAY)
        claims.release_case(case.pk, reviewer="ana", now=DAY)
    assert claims.claim_next_case(reviewer="ana", now=DAY).pk == urgent.pk


def test_the_most_urgent_free_case_is_claimed_first(open_case: OpenCase) -> None:
    small, urgent, middle = (open_case(f"T-{stake}", stake=stake) for stake in (1_000, 90_000, 40_000))
    taken = [claims.claim_next_case(reviewer=name, now=DAY).pk for name in ("ana", "bo", "cy")]
    assert taken == [urgent.pk, middle.pk, small.pk]


def test_a_skipped_case_is_skipped_for_exactly_an_hour(open_case: OpenCase) -> None:
    urgent = open_case("T-1", stake=90_000)
    claims.claim_case(urgent.pk, reviewer="ana", now=DAY)
    claims.release_case(urgent.pk, reviewer="ana", now=DAY)
    case, other = Case.objects.get(pk=urgent.pk), open_case("T-2", stake=1_000)
    end = case.released_at + claims.SKIPPED_FOR
    assert claims.claim_next_case(reviewer="ana", now=end - MINUTE).pk == other.pk
    claims.release_case(other.pk, reviewer="ana", now=end - MINUTE)
    assert claims.claim_next_case(reviewer="ana", now=end).pk == urgent.pk


def test_only_the_reviewers_own_verdicts_are_counted(open_case: OpenCase) -> None:
    for name in ("ana", "bo"):
        case = open_case(f"T-{name}")
        claims.claim_case(case.pk, reviewer=name, now=DAY)
        verdicts.decide_case(case.pk, reviewer=name, **FRAUD, now=DAY)
    assert summarize_queue(reviewer="ana", now=DAY).decided_today == 1


def test_a_verdict_without_a_note_stores_none(open_case: OpenCase) -> None:
    case = open_case("T-1")
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    decided = verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, note="  ", now=DAY)
    assert decided.note == ""
    assert read_stream(f"case/{case.event_stream}")[-1].data["note"] == ""
    assert not VaultItem.objects.filter(kind=NOTE_KIND).exists()


def test_an_unknown_case_can_be_neither_claimed_nor_renewed_nor_decided(open_case: OpenCase) -> None:
    nowhere = open_case("T-1").pk + 1_000
    steps = (
        claims.claim_case,
        claims.renew_lease,
        claims.release_case,
        verdicts.undo_verdict,
        lambda position, **who: verdicts.decide_case(position, **FRAUD, **who),
    )
    for step in steps:
        with pytest.raises(CaseNotFound):
            step(nowhere, reviewer="ana", now=DAY)
