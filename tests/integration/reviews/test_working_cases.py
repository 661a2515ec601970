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
from reviews.work import claims as services
from reviews.work.claims import LEASE
from reviews.work.verdict_rules import NOTE_KIND
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.models import Label
from scoring.lanes.models import Pending
from scoring.log.models import VaultItem
from scoring.log.read import read_stream
from tests.integration.reviews.conftest import DAY

OpenCase = Callable[..., Case]
MINUTE = timedelta(minutes=1)
FRAUD = {"verdict": "fraud", "reason_code": "stolen_card"}


def test_a_case_is_taken_decided_and_the_event_labelled(open_case: OpenCase) -> None:
    case = open_case("T-1")
    taken = services.claim_next(reviewer="ana", now=DAY)
    assert (taken.pk, taken.state, taken.claimed_by) == (case.pk, "claimed", "ana")
    assert taken.lease_until == DAY + LEASE

    done = services.decide(case.pk, reviewer="ana", **FRAUD, note=" Called the bank. ", now=DAY + MINUTE)

    assert (done.state, done.verdict, done.reason_code) == ("decided", "fraud", "stolen_card")
    assert (done.decided_by, done.decided_at, done.claimed_by) == ("ana", DAY + MINUTE, "")
    label = Label.objects.get()
    assert (label.event_stream, label.source, label.effective) == (case.event_stream, "review", "fraud")
    assert Pending.objects.get(kind="label").event_stream == case.event_stream  # on its way to the lane
    [entry] = read_stream(f"label/{case.event_stream}")
    assert entry.metadata == {"actor": "user/ana"}


def test_every_step_is_an_entry_that_says_who_took_it(open_case: OpenCase) -> None:
    case = open_case("T-1")
    services.claim(case.pk, reviewer="ana", now=DAY)
    services.release(case.pk, reviewer="ana", now=DAY)
    services.claim(case.pk, reviewer="bo", now=DAY)
    services.decide(case.pk, reviewer="bo", **FRAUD, now=DAY)
    services.undo(case.pk, reviewer="bo", now=DAY)
    said = [(entry.type, entry.metadata.get("actor")) for entry in read_stream(f"case/{case.event_stream}")]
    assert said == [
        ("case.opened", None),
        ("case.claimed", "user/ana"),
        ("case.released", "user/ana"),
        ("case.claimed", "user/bo"),
        ("case.decided", "user/bo"),
        ("case.reopened", "user/bo"),
    ]


def test_the_note_is_in_the_vault_and_not_in_the_log(open_case: OpenCase) -> None:
    case = open_case("T-1")
    services.claim(case.pk, reviewer="ana", now=DAY)
    done = services.decide(case.pk, reviewer="ana", **FRAUD, note="Mrs. Smith said so", now=DAY)
    assert services.note_of(done) == "Mrs. Smith said so"
    assert "Smith" not in str([entry.data for entry in read_stream(f"case/{case.event_stream}")])


def test_card_numbers_in_notes_are_masked(open_case: OpenCase) -> None:
    case = open_case("T-1")
    services.claim(case.pk, reviewer="ana", now=DAY)
    told = "It was 4111 1111 1111 1111."
    done = services.decide(case.pk, reviewer="ana", **FRAUD, note=told, now=DAY)
    assert services.note_of(done) == "It was ************1111."


def test_a_reviewer_gets_back_the_case_that_he_holds(open_case: OpenCase) -> None:
    open_case("T-1")
    open_case("T-2")
    first = services.claim_next(reviewer="ana", now=DAY)
    assert services.claim_next(reviewer="ana", now=DAY + MINUTE).pk == first.pk
    assert services.claim_next(reviewer="bo", now=DAY + MINUTE).pk != first.pk
    with pytest.raises(NothingToClaim):
        services.claim_next(reviewer="cy", now=DAY + MINUTE)


def test_the_larger_loss_comes_first_and_waiting_makes_up_for_it(open_case: OpenCase) -> None:
    small = open_case("small", stake=1_000, now=DAY - timedelta(days=2))
    large = open_case("large", stake=900_000, now=DAY)
    middle = open_case("middle", stake=100_000, now=DAY)
    order = [services.claim_next(reviewer=name, now=DAY).pk for name in ("ana", "bo", "cy")]
    assert order == [small.pk, large.pk, middle.pk]


def test_a_held_case_is_refused_with_who_and_until_when(open_case: OpenCase) -> None:
    case = open_case("T-1")
    services.claim(case.pk, reviewer="ana", now=DAY)
    with pytest.raises(CaseAlreadyClaimed, match=r"^ana holds payment/shop/T-1 until 2026-03-02T09:15:00Z"):
        services.claim(case.pk, reviewer="bo", now=DAY + MINUTE)
    with pytest.raises(CaseNotHeld, match=r"^ana holds"):
        services.decide(case.pk, reviewer="bo", **FRAUD, now=DAY + MINUTE)
    with pytest.raises(CaseNotFound):
        services.claim(case.pk + 1_000, reviewer="bo", now=DAY)


def test_a_lease_that_ran_out_frees_the_case(open_case: OpenCase) -> None:
    case = open_case("T-1")
    services.claim(case.pk, reviewer="ana", now=DAY)
    assert services.claim_next(reviewer="bo", now=DAY + LEASE).claimed_by == "bo"
    with pytest.raises(CaseNotHeld):
        services.decide(case.pk, reviewer="ana", **FRAUD, now=DAY + LEASE)


def test_a_lease_that_ran_out_does_no_harm_while_nobody_took_the_case(open_case: OpenCase) -> None:
    case = open_case("T-1")
    services.claim(case.pk, reviewer="ana", now=DAY)
    assert services.decide(case.pk, reviewer="ana", **FRAUD, now=DAY + 2 * LEASE).state == "decided"


def test_a_page_in_use_keeps_its_case_without_an_entry_a_view(open_case: OpenCase) -> None:
    case = open_case("T-1")
    services.claim(case.pk, reviewer="ana", now=DAY)
    assert services.keep(case.pk, reviewer="ana", now=DAY + MINUTE).lease_until == DAY + LEASE
    assert len(read_stream(f"case/{case.event_stream}")) == 2
    kept = services.keep(case.pk, reviewer="ana", now=DAY + 10 * MINUTE)
    assert kept.lease_until == DAY + 10 * MINUTE + LEASE


def test_a_verdict_is_given_once(open_case: OpenCase) -> None:
    case = open_case("T-1")
    services.claim(case.pk, reviewer="ana", now=DAY)
    services.decide(case.pk, reviewer="ana", **FRAUD, now=DAY)
    for act in (services.claim, services.release, services.keep):
        with pytest.raises(CaseAlreadyDecided, match="ana decided payment/shop/T-1 as fraud"):
            act(case.pk, reviewer="bo", now=DAY)
    with pytest.raises(CaseAlreadyDecided):
        services.decide(case.pk, reviewer="ana", **FRAUD, now=DAY)


def test_a_refused_verdict_leaves_case_and_event_as_they_were(open_case: OpenCase) -> None:
    case = open_case("T-1")
    services.claim(case.pk, reviewer="ana", now=DAY)
    with pytest.raises(InvalidVerdict, match="allowed: fraud, legitimate"):
        services.decide(case.pk, reviewer="ana", verdict="spam", reason_code="other", now=DAY)
    assert Case.objects.get().state == "claimed"
    assert not Label.objects.exists()


def test_undoing_takes_the_label_back_and_puts_the_case_into_ones_hands(open_case: OpenCase) -> None:
    case = open_case("T-1")
    services.claim(case.pk, reviewer="ana", now=DAY)
    services.decide(case.pk, reviewer="ana", **FRAUD, note="no doubt", now=DAY)

    undone = services.undo(case.pk, reviewer="ana", now=DAY + MINUTE)

    assert (undone.state, undone.claimed_by, undone.verdict) == ("claimed", "ana", "")
    assert (undone.decided_by, undone.note) == ("", "")
    assert Label.objects.latest("position").effective is None
    again = services.decide(
        case.pk, reviewer="ana", verdict="legitimate", reason_code="confirmed_by_customer", now=DAY + MINUTE
    )
    assert again.verdict == "legitimate"
    assert Label.objects.latest("position").effective == "legitimate"


def test_only_with_the_permission_for_it_is_anothers_verdict_undone(open_case: OpenCase) -> None:
    case = open_case("T-1")
    with pytest.raises(CaseNotDecided):
        services.undo(case.pk, reviewer="ana", now=DAY)
    services.claim(case.pk, reviewer="ana", now=DAY)
    services.decide(case.pk, reviewer="ana", **FRAUD, now=DAY)
    with pytest.raises(NotYourVerdict, match="ana's"):
        services.undo(case.pk, reviewer="bo", now=DAY)
    assert Label.objects.count() == 1
    assert services.undo(case.pk, reviewer="bo", now=DAY, may_undo_any=True).claimed_by == "bo"


def test_the_queue_in_figures(open_case: OpenCase) -> None:
    cases = [open_case(f"T-{number}", now=DAY + number * MINUTE) for number in range(4)]
    services.claim(cases[0].pk, reviewer="ana", now=DAY)
    services.decide(cases[0].pk, reviewer="ana", **FRAUD, now=DAY)
    services.claim(cases[1].pk, reviewer="bo", now=DAY)
    summary = services.queue_summary(reviewer="ana", now=DAY + MINUTE)
    assert (summary.waiting, summary.waiting_capped, summary.held) == (2, False, 1)
    assert (summary.oldest_opened_at, summary.decided_today) == (DAY + MINUTE, 1)
    assert services.queue_summary(reviewer="bo", now=DAY + MINUTE).decided_today == 0


def test_the_lane_is_rung_when_the_verdict_can_be_seen(
    open_case: OpenCase, online_redis: redis.Redis
) -> None:
    case = open_case("T-1")
    services.claim(case.pk, reviewer="ana", now=DAY)
    with transaction.atomic():
        services.decide(case.pk, reviewer="ana", **FRAUD, now=DAY)
        assert not online_redis.keys("*door:flag")
    assert online_redis.keys("*door:flag")


def test_a_step_takes_a_few_statements_however_long_the_queue_is(
    open_case: OpenCase, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        case = open_case(f"T-{number}")
    with transaction.atomic():  # the outermost BEGIN and COMMIT are not of the step
        with django_assert_max_num_queries(9):
            services.claim_next(reviewer="ana", now=DAY)
        with django_assert_max_num_queries(4):
            services.queue_summary(reviewer="ana", now=DAY)
        services.claim(case.pk, reviewer="bo", now=DAY)
        with django_assert_max_num_queries(19):
            services.decide(case.pk, reviewer="bo", **FRAUD, note="called him", now=DAY)


def test_a_skipped_case_comes_back_last_to_the_reviewer_and_first_to_others(open_case: OpenCase) -> None:
    urgent = open_case("T-1", stake=90_000)
    other = open_case("T-2", stake=1_000)
    assert services.claim_next(reviewer="ana", now=DAY).pk == urgent.pk
    services.release(urgent.pk, reviewer="ana", now=DAY)

    assert services.claim_next(reviewer="ana", now=DAY).pk == other.pk
    assert services.claim_next(reviewer="bo", now=DAY).pk == urgent.pk


def test_a_skipped_case_comes_back_when_nothing_else_waits_and_after_an_hour(open_case: OpenCase) -> None:
    urgent = open_case("T-1", stake=90_000)
    services.claim(urgent.pk, reviewer="ana", now=DAY)
    services.release(urgent.pk, reviewer="ana", now=DAY)
    assert services.claim_next(reviewer="ana", now=DAY).pk == urgent.pk
    services.release(urgent.pk, reviewer="ana", now=DAY)
    open_case("T-2", stake=1_000)
    later = DAY + services.SKIPPED_FOR + MINUTE
    assert services.claim_next(reviewer="ana", now=later).pk == urgent.pk


def say_chargeback(case: Case, label: str) -> None:
    _, source, external_id = case.event_stream.split("/", 2)
    statement = LabelStatement("payment", external_id, label, "chargeback")
    [receipt] = record_labels([statement], source=source, now=DAY, actor="api_key/k")
    assert receipt.refused is None


def test_a_verdict_against_a_chargeback_needs_a_word(open_case: OpenCase) -> None:
    case = open_case("T-1")
    say_chargeback(case, "fraud")
    services.claim(case.pk, reviewer="ana", now=DAY)
    against = {"verdict": "legitimate", "reason_code": "confirmed_by_customer"}
    with pytest.raises(InvalidVerdict, match="chargeback says fraud, and this verdict contradicts it"):
        services.decide(case.pk, reviewer="ana", **against, now=DAY)
    done = services.decide(case.pk, reviewer="ana", **against, note="They forgot, and called us.", now=DAY)
    assert done.verdict == "legitimate"


def test_a_verdict_that_agrees_with_a_chargeback_needs_none(open_case: OpenCase) -> None:
    case = open_case("T-1")
    say_chargeback(case, "fraud")
    services.claim(case.pk, reviewer="ana", now=DAY)
    assert services.decide(case.pk, reviewer="ana", **FRAUD, now=DAY).verdict == "fraud"


def test_of_two_cases_in_hand_the_more_urgent_one_comes_first(open_case: OpenCase) -> None:
    small, urgent = open_case("T-1", stake=1_000), open_case("T-2", stake=90_000)
    for case in (small, urgent):
        services.claim(case.pk, reviewer="ana", now=DAY)
    assert services.claim_next(reviewer="ana", now=DAY).pk == urgent.pk


def test_of_two_skipped_cases_the_more_urgent_one_comes_back_first(open_case: OpenCase) -> None:
    urgent, small = open_case("T-1", stake=90_000), open_case("T-2", stake=1_000)
    for case in (urgent, small):
        services.claim(case.pk, reviewer="ana", now=DAY)
        services.release(case.pk, reviewer="ana", now=DAY)
    assert services.claim_next(reviewer="ana", now=DAY).pk == urgent.pk


def test_the_most_urgent_of_several_free_cases_is_handed_out(open_case: OpenCase) -> None:
    small, urgent, middle = (open_case(f"T-{stake}", stake=stake) for stake in (1_000, 90_000, 40_000))
    taken = [services.claim_next(reviewer=name, now=DAY).pk for name in ("ana", "bo", "cy")]
    assert taken == [urgent.pk, middle.pk, small.pk]


def test_a_skipped_case_is_skipped_for_an_hour_to_the_moment(open_case: OpenCase) -> None:
    urgent = open_case("T-1", stake=90_000)
    services.claim(urgent.pk, reviewer="ana", now=DAY)
    services.release(urgent.pk, reviewer="ana", now=DAY)
    case, other = Case.objects.get(pk=urgent.pk), open_case("T-2", stake=1_000)
    end = case.released_at + services.SKIPPED_FOR
    assert services.claim_next(reviewer="ana", now=end - MINUTE).pk == other.pk
    services.release(other.pk, reviewer="ana", now=end - MINUTE)
    assert services.claim_next(reviewer="ana", now=end).pk == urgent.pk


def test_the_verdicts_of_others_are_not_counted_as_ones_own(open_case: OpenCase) -> None:
    for name in ("ana", "bo"):
        case = open_case(f"T-{name}")
        services.claim(case.pk, reviewer=name, now=DAY)
        services.decide(case.pk, reviewer=name, **FRAUD, now=DAY)
    assert services.queue_summary(reviewer="ana", now=DAY).decided_today == 1


def test_a_verdict_without_a_note_keeps_none(open_case: OpenCase) -> None:
    case = open_case("T-1")
    services.claim(case.pk, reviewer="ana", now=DAY)
    decided = services.decide(case.pk, reviewer="ana", **FRAUD, note="  ", now=DAY)
    assert (decided.note, services.note_of(decided)) == ("", "")
    assert read_stream(f"case/{case.event_stream}")[-1].data["note"] == ""
    assert not VaultItem.objects.filter(kind=NOTE_KIND).exists()


def test_what_is_no_case_can_be_neither_taken_nor_kept_nor_decided(open_case: OpenCase) -> None:
    nowhere = open_case("T-1").pk + 1_000
    steps = (
        services.claim,
        services.keep,
        services.release,
        services.undo,
        lambda position, **who: services.decide(position, **FRAUD, **who),
    )
    for step in steps:
        with pytest.raises(CaseNotFound):
            step(nowhere, reviewer="ana", now=DAY)
