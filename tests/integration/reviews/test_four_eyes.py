"""Verdicts that need a second person: proposed by one, effective with the same verdict of another."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reviews.errors import CaseNotHeld, NothingToClaim, NotYourVerdict
from reviews.four_eyes.errors import ConfirmerNeeded, OwnProposal
from reviews.four_eyes.settings import NEGATIVE, POSITIVE, ConfirmedLabel, FourEyesSettings
from reviews.four_eyes.stored import four_eyes_settings
from reviews.models import Case
from reviews.models.quality import GivenVerdict
from reviews.quality.settings import GOLDEN, SECOND, CheckShare, QualitySettings
from reviews.quality.stored import quality_settings
from reviews.work import claims, verdicts
from scoring.intake.models import Label
from scoring.log.read import read_stream
from scoring.log.rebuild import find_projection, rebuild_projections
from tests.integration.reviews.browsing import Browse, ReviewCase, page_of, text_of
from tests.integration.reviews.conftest import DAY, consume, review_event, revise

OpenCase = Callable[..., Case]
MINUTE = timedelta(minutes=1)
FRAUD = {"verdict": "fraud", "reason_code": "stolen_card"}
LEGITIMATE = {"verdict": "legitimate", "reason_code": "confirmed_by_customer"}
LARGE, SMALL = 60_000, 40_000  # minor units; the settings below start at 500.00


@pytest.fixture(autouse=True)
def four_eyes(transactional_db: None) -> None:
    """Fraud needs a second person from 500 on."""
    labels = (ConfirmedLabel(POSITIVE, from_amount=500), ConfirmedLabel(NEGATIVE))
    settings = FourEyesSettings(labels=labels)
    four_eyes_settings.change("payment", settings, reason="test", actor="user/lea", now=DAY)


def give(case: Case, reviewer: str, verdict: dict[str, str] = FRAUD, **how: Any) -> Case:
    how = {"confirmations": True, **how}
    claims.claim_case(case.pk, reviewer=reviewer, now=DAY, **how)
    return verdicts.decide_case(case.pk, reviewer=reviewer, **verdict, now=DAY + MINUTE, **how)


def test_only_the_larger_amount_needs_a_second_person(open_case: OpenCase) -> None:
    small = give(open_case("T-1", stake=SMALL), "ana")
    assert (small.state, small.verdict, small.proposed_at) == ("decided", "fraud", None)
    large = give(open_case("T-2", stake=LARGE), "ana")
    assert (large.state, large.verdict, large.decided_at) == ("open", "", None)
    assert (large.proposed_by, large.given_verdict) == ("ana", "fraud")
    assert Label.objects.get().event_stream == small.event_stream  # a proposal labels nothing
    assert give(open_case("T-3", stake=LARGE), "ana", LEGITIMATE).state == "decided"


def test_the_same_verdict_of_another_person_takes_effect(open_case: OpenCase) -> None:
    case = give(open_case(stake=LARGE), "ana")
    decided = give(case, "lea", FRAUD | {"reason_code": "account_takeover"})
    assert (decided.state, decided.decided_by, decided.proposed_by) == ("decided", "lea", "ana")
    assert (decided.proposal, decided.proposed_at) == ({}, None)
    assert Label.objects.get().effective == "fraud"
    assert read_stream(f"case/{case.event_stream}")[-1].data["confirms"] == "ana"
    assert list(GivenVerdict.objects.order_by("position").values_list("kind", "reviewer")) == [
        ("proposal", "ana"),
        ("first", "lea"),
    ]


def test_the_first_person_cannot_be_the_second_and_confirming_takes_a_permission(open_case: OpenCase) -> None:
    case = give(open_case(stake=LARGE), "ana")
    with pytest.raises(OwnProposal):
        claims.claim_case(case.pk, reviewer="ana", now=DAY, confirmations=True)
    with pytest.raises(NothingToClaim):
        claims.claim_next_case(reviewer="ana", now=DAY, confirmations=True)
    with pytest.raises(ConfirmerNeeded, match="permission to confirm"):
        claims.claim_case(case.pk, reviewer="bo", now=DAY)
    with pytest.raises(NothingToClaim):
        claims.claim_next_case(reviewer="bo", now=DAY)


def test_proposed_verdicts_come_first_to_those_who_may_confirm(open_case: OpenCase) -> None:
    proposed = give(open_case("T-1", stake=LARGE), "ana")
    urgent = open_case("T-2", stake=9_000_000)
    assert claims.claim_next_case(reviewer="lea", now=DAY, confirmations=True).pk == proposed.pk
    assert claims.claim_next_case(reviewer="bo", now=DAY).pk == urgent.pk


def test_a_different_verdict_that_needs_none_takes_effect_at_once(open_case: OpenCase) -> None:
    decided = give(give(open_case(stake=LARGE), "ana"), "lea", LEGITIMATE)
    assert (decided.state, decided.verdict, decided.proposed_by) == ("decided", "legitimate", "")


def test_a_different_verdict_that_needs_a_second_person_is_proposed_instead(open_case: OpenCase) -> None:
    case = give(open_case(stake=LARGE), "ana")
    labels = (ConfirmedLabel(POSITIVE, always=True), ConfirmedLabel(NEGATIVE, always=True))
    settings = FourEyesSettings(labels=labels)
    four_eyes_settings.change("payment", settings, reason="test", actor="user/lea", now=DAY)
    case = give(case, "lea", LEGITIMATE)
    assert (case.state, case.proposed_by, case.given_verdict) == ("open", "lea", "legitimate")
    assert give(case, "ana", LEGITIMATE).verdict == "legitimate"  # now ana is the second person


def test_a_proposal_is_taken_back_until_somebody_works_on_it(open_case: OpenCase) -> None:
    case = give(open_case(stake=LARGE), "ana")
    with pytest.raises(NotYourVerdict):
        verdicts.undo_verdict(case.pk, reviewer="bo", now=DAY)
    claims.claim_case(case.pk, reviewer="lea", now=DAY, confirmations=True)
    with pytest.raises(CaseNotHeld):
        verdicts.undo_verdict(case.pk, reviewer="ana", now=DAY)
    claims.release_case(case.pk, reviewer="lea", now=DAY)
    case = verdicts.undo_verdict(case.pk, reviewer="ana", now=DAY)
    assert (case.state, case.claimed_by, case.proposal, case.proposed_by) == ("claimed", "ana", {}, "")
    assert GivenVerdict.objects.get().undone


def test_undoing_a_confirmed_verdict_takes_back_both(open_case: OpenCase) -> None:
    case = give(give(open_case(stake=LARGE), "ana"), "lea")
    case = verdicts.undo_verdict(case.pk, reviewer="lea", now=DAY)
    assert (case.state, case.verdict, case.proposed_by) == ("claimed", "", "")
    assert Label.objects.latest("position").effective is None
    assert list(GivenVerdict.objects.values_list("undone", flat=True)) == [True, True]


def test_a_revised_decision_does_not_close_a_case_with_a_proposal(open_case: OpenCase) -> None:
    event = review_event("T-1", stake=LARGE)
    consume()
    give(Case.objects.get(pk=event.position), "ana")
    revise(event, outcome="allow", score=0.01, stake=LARGE)
    consume()
    case = Case.objects.get(pk=event.position)
    assert (case.state, case.outcome, case.proposed_by) == ("open", "allow", "ana")


def test_a_confirmed_verdict_gets_no_second_review_and_one_of_low_confidence_always(
    open_case: OpenCase,
) -> None:
    checks = QualitySettings(checks=(CheckShare(SECOND, 1.0), CheckShare(GOLDEN, 0.0)))
    quality_settings.change("payment", checks, reason="test", actor="user/lea", now=DAY)
    assert give(give(open_case("T-1", stake=LARGE), "ana"), "lea").quality_check == ""
    checks = QualitySettings(checks=(CheckShare(SECOND, 1e-9), CheckShare(GOLDEN, 0.0)))
    quality_settings.change("payment", checks, reason="test", actor="user/lea", now=DAY)
    assert give(open_case("T-2", stake=SMALL), "ana", FRAUD).quality_check == ""
    unsure = give(open_case("T-3", stake=SMALL), "ana", FRAUD | {"confidence": "low"})
    assert (unsure.quality_check, unsure.confidence) == ("second", "low")


def test_cases_and_given_verdicts_are_rebuilt_row_for_row(open_case: OpenCase) -> None:
    give(open_case("T-1", stake=LARGE), "ana")
    confirmed = give(give(open_case("T-2", stake=LARGE), "ana"), "lea")
    verdicts.undo_verdict(confirmed.pk, reviewer="lea", now=DAY)
    give(give(open_case("T-3", stake=LARGE), "ana"), "lea")
    before = list(Case.objects.order_by("pk").values()), list(GivenVerdict.objects.order_by("pk").values())
    rebuild_projections([find_projection("case"), find_projection("givenverdict")])
    assert before == (
        list(Case.objects.order_by("pk").values()),
        list(GivenVerdict.objects.order_by("pk").values()),
    )


def test_the_page_of_confirmations_and_of_the_case_say_who_proposed_what(
    review_case: ReviewCase, browse: Browse
) -> None:
    claims.claim_case(review_case(stake=LARGE).pk, reviewer="ana", now=datetime.now(UTC))
    case = verdicts.decide_case(Case.objects.get().pk, reviewer="ana", **FRAUD, now=datetime.now(UTC))
    lea = browse("lea", "reviews.view_case", "reviews.work_case", "reviews.confirm_verdict")
    listed = text_of(lea.get("/admin/four-eyes/"))
    assert "T-1" in listed
    assert "Stolen or copied card" in listed
    page = text_of(lea.get(page_of(case)))
    assert "ana proposed “Fraud”" in page
    assert "Claim this case" in page
    bo = browse("bo", "reviews.view_case", "reviews.work_case")
    assert "Claim this case" not in text_of(bo.get(page_of(case)))
    own = text_of(browse("ana", "reviews.view_case", "reviews.work_case").get(page_of(case)))
    assert "You proposed “Fraud”" in own
    assert "Take the proposal back" in own
