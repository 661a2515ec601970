"""Second reviews, adjudication and golden items: who may decide what, and which verdict holds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from reviews.errors import CaseNotDecided, NothingToClaim
from reviews.models import Case
from reviews.models.quality import GivenVerdict
from reviews.quality.errors import AdjudicatorNeeded, CheckInProgress, NotForThisReviewer, NotGolden
from reviews.quality.settings import GOLDEN, SECOND, CheckShare, QualitySettings
from reviews.quality.stored import quality_settings
from reviews.statements.reviewed import review_of
from reviews.work import claims, verdicts
from reviews.work.checks import choose_golden
from scoring.intake.amending.corrections import retract_event
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.models import Label
from scoring.log.read import read_stream
from scoring.log.rebuild import find_projection, rebuild_projections
from tests.integration.reviews.conftest import DAY, consume

OpenCase = Callable[..., Case]
MINUTE = timedelta(minutes=1)
FRAUD = {"verdict": "fraud", "reason_code": "stolen_card"}
LEGITIMATE = {"verdict": "legitimate", "reason_code": "confirmed_by_customer"}


def check_all(second: float = 1.0, golden: float = 0.0, **how: Any) -> None:
    checks = (CheckShare(SECOND, second), CheckShare(GOLDEN, golden))
    settings = QualitySettings(checks=checks, **how)
    quality_settings.change("payment", settings, reason="test", actor="user/lea", now=DAY)


def decide(case: Case, reviewer: str, verdict: dict[str, str], **how: Any) -> Case:
    claims.claim_case(case.pk, reviewer=reviewer, now=DAY, **how)
    return verdicts.decide_case(case.pk, reviewer=reviewer, **verdict, now=DAY + MINUTE, **how)


def labels() -> list[tuple[str | None, str]]:
    return [
        (entry.data["value"], entry.metadata["actor"])
        for label in Label.objects.order_by("position").distinct("position")
        for entry in read_stream(f"label/{label.event_stream}")[-1:]
    ]


def test_no_case_opens_again_until_checks_are_switched_on(open_case: OpenCase) -> None:
    assert decide(open_case("T-1"), "ana", FRAUD).state == "decided"


def test_a_decided_case_opens_for_another_reviewer_and_its_verdict_holds(open_case: OpenCase) -> None:
    check_all()
    case = decide(open_case("T-1"), "ana", FRAUD)
    assert (case.state, case.quality_check, case.verdict, case.decided_by) == (
        "open",
        "second",
        "fraud",
        "ana",
    )
    assert Label.objects.get().effective == "fraud"
    review = review_of(case.pk, "payment")
    assert review is not None
    assert review.verdict == "fraud"
    with pytest.raises(NothingToClaim):
        claims.claim_next_case(reviewer="ana", now=DAY)
    with pytest.raises(NotForThisReviewer):
        claims.claim_case(case.pk, reviewer="ana", now=DAY)
    assert claims.claim_next_case(reviewer="bo", now=DAY).pk == case.pk


def test_agreement_is_an_entry_and_keeps_the_first_verdict(open_case: OpenCase) -> None:
    check_all()
    case = decide(open_case("T-1"), "ana", FRAUD)
    done = decide(case, "bo", {**FRAUD, "reason_code": "known_pattern"})
    assert (done.state, done.quality_check, done.decided_by, done.golden) == ("decided", "", "ana", "agreed")
    entry = read_stream(f"case/{case.event_stream}")[-1]
    assert entry.type == "case.checked"
    assert {name: entry.data[name] for name in ("check", "agrees", "standing", "standing_by", "verdict")} == {
        "check": "second",
        "agrees": True,
        "standing": "fraud",
        "standing_by": "ana",
        "verdict": "fraud",
    }
    assert Label.objects.count() == 1
    first, second = GivenVerdict.objects.order_by("position")
    assert (first.kind, second.kind, second.reviewer) == ("first", "second", "bo")
    assert second.given_at - second.claimed_at == MINUTE


def test_an_adjudicator_decides_a_disagreement_and_their_verdict_is_the_label(open_case: OpenCase) -> None:
    check_all()
    case = decide(open_case("T-1"), "ana", FRAUD)
    case = decide(case, "bo", LEGITIMATE)
    assert (case.state, case.quality_check, case.verdict) == ("open", "adjudication", "fraud")
    assert Label.objects.latest("position").effective == "fraud"
    with pytest.raises(AdjudicatorNeeded):
        claims.claim_case(case.pk, reviewer="cy", now=DAY)
    with pytest.raises(NothingToClaim):
        claims.claim_next_case(reviewer="cy", now=DAY)
    for known in ("ana", "bo"):
        with pytest.raises(NothingToClaim):
            claims.claim_next_case(reviewer=known, now=DAY, adjudications=True)
    assert claims.claim_next_case(reviewer="lea", now=DAY, adjudications=True).pk == case.pk
    done = decide(case, "lea", LEGITIMATE, adjudications=True)
    assert (done.state, done.verdict, done.decided_by) == ("decided", "legitimate", "lea")
    assert labels()[-1] == ("legitimate", "user/lea")
    kinds = GivenVerdict.objects.order_by("position").values_list("kind", "agrees")
    assert list(kinds) == [("first", None), ("second", False), ("adjudication", False)]


def test_undoing_the_first_verdict_drops_the_second_review(open_case: OpenCase) -> None:
    check_all()
    case = decide(open_case("T-1"), "ana", FRAUD)
    undone = verdicts.undo_verdict(case.pk, reviewer="ana", now=DAY + 2 * MINUTE)
    assert (undone.state, undone.quality_check, undone.claimed_by) == ("claimed", "", "ana")
    assert GivenVerdict.objects.get().undone
    again = verdicts.decide_case(case.pk, reviewer="ana", **LEGITIMATE, now=DAY + 3 * MINUTE)
    assert again.quality_check == "second"


def test_a_verdict_cannot_be_undone_while_an_adjudicator_decides(open_case: OpenCase) -> None:
    check_all()
    case = decide(decide(open_case("T-1"), "ana", FRAUD), "bo", LEGITIMATE)
    with pytest.raises(CheckInProgress):
        verdicts.undo_verdict(case.pk, reviewer="ana", now=DAY)


def test_a_retraction_ends_the_second_review_and_keeps_the_verdict(open_case: OpenCase) -> None:
    check_all()
    case = decide(open_case("T-1"), "ana", FRAUD)
    retract_event(case.event_stream, reason="test payment", now=DAY, actor="user/lea")
    consume()
    case.refresh_from_db()
    assert (case.state, case.quality_check, case.verdict) == ("decided", "", "fraud")
    assert read_stream(f"case/{case.event_stream}")[-1].type == "case.check_withdrawn"


def test_a_golden_item_takes_the_place_of_the_next_case_and_labels_nothing(open_case: OpenCase) -> None:
    known = decide(open_case("T-known"), "ana", FRAUD)
    choose_golden(known.pk, golden=True, reviewer="lea", now=DAY)
    following = open_case("T-next")
    check_all(second=0.0, golden=0.2)
    taken = [claims.claim_next_case(reviewer=f"r{n}", now=DAY) for n in range(1)]
    drawn = {case.pk for case in taken}
    for number in range(40):  # until a reviewer draws the golden item
        if known.pk in drawn:
            break
        claims.release_case(following.pk, reviewer=taken[-1].claimed_by, now=DAY)
        taken.append(claims.claim_next_case(reviewer=f"s{number}", now=DAY))
        drawn.add(taken[-1].pk)
    golden = taken[-1]
    assert (golden.pk, golden.quality_check, golden.verdict) == (known.pk, "golden", "fraud")
    reviewer = golden.claimed_by
    before = Label.objects.count()
    done = verdicts.decide_case(golden.pk, reviewer=reviewer, **LEGITIMATE, now=DAY + MINUTE)
    assert (done.state, done.verdict, done.decided_by, done.quality_check) == ("decided", "fraud", "ana", "")
    assert Label.objects.count() == before
    answer = GivenVerdict.objects.get(kind="golden")
    assert (answer.reviewer, answer.agrees, answer.told) == (reviewer, False, False)
    for _ in range(20):  # nobody gets an item twice
        assert claims.claim_next_case(reviewer=reviewer, now=DAY).pk == following.pk
        claims.release_case(following.pk, reviewer=reviewer, now=DAY)


def test_a_disputed_or_retracted_case_is_no_golden_item_any_more(
    open_case: OpenCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviews.work.checks.gets_golden_item", lambda *args, **how: True)
    disputed, retracted, stands = (decide(open_case(f"T-{n}"), "ana", LEGITIMATE) for n in range(3))
    for case in (disputed, retracted, stands):
        choose_golden(case.pk, golden=True, reviewer="lea", now=DAY)
    statement = LabelStatement("payment", "T-0", "fraud", "chargeback")
    record_labels([statement], source="shop", now=DAY + 2 * MINUTE, actor="api_key/k")
    retract_event(retracted.event_stream, reason="test payment", now=DAY, actor="user/lea")
    following = open_case("T-next")
    check_all(second=0.0, golden=0.2)
    assert claims.claim_next_case(reviewer="bo", now=DAY).pk == stands.pk
    verdicts.decide_case(stands.pk, reviewer="bo", **FRAUD, now=DAY)
    assert claims.claim_next_case(reviewer="bo", now=DAY).pk == following.pk


def test_a_golden_item_is_of_the_queue_and_never_for_who_chose_it(
    open_case: OpenCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviews.work.checks.gets_golden_item", lambda *args, **how: True)
    known, elsewhere = (decide(open_case(name), "ana", FRAUD) for name in ("T-known", "T-elsewhere"))
    for case in (known, elsewhere):
        choose_golden(case.pk, golden=True, reviewer="lea", now=DAY)
    Case.objects.filter(pk=elsewhere.pk).update(queue="large_payments")
    following = open_case("T-next")
    check_all(second=0.0, golden=0.2)
    assert claims.claim_next_case(reviewer="lea", now=DAY).pk == following.pk
    claims.release_case(following.pk, reviewer="lea", now=DAY)
    assert claims.claim_next_case(reviewer="bo", now=DAY).pk == known.pk
    verdicts.decide_case(known.pk, reviewer="bo", **FRAUD, now=DAY)
    assert claims.claim_next_case(reviewer="bo", now=DAY).pk == following.pk


def test_only_decided_cases_can_be_golden_items(open_case: OpenCase) -> None:
    case = open_case("T-1")
    with pytest.raises(NotGolden):
        choose_golden(case.pk, golden=True, reviewer="lea", now=DAY)
    with pytest.raises(CaseNotDecided):
        verdicts.undo_verdict(case.pk, reviewer="ana", now=DAY)
    decide(case, "ana", FRAUD)
    chosen = choose_golden(case.pk, golden=True, reviewer="lea", now=DAY)
    assert (chosen.golden, chosen.golden_by) == ("chosen", "lea")
    dropped = choose_golden(case.pk, golden=False, reviewer="lea", now=DAY)
    assert (dropped.golden, dropped.golden_by) == ("", "")


def test_a_rebuild_gives_the_same_rows(open_case: OpenCase) -> None:
    check_all()
    decide(decide(decide(open_case("T-1"), "ana", FRAUD), "bo", LEGITIMATE), "lea", FRAUD, adjudications=True)
    case = decide(open_case("T-2"), "ana", FRAUD)
    verdicts.undo_verdict(case.pk, reviewer="ana", now=DAY + 2 * MINUTE)
    claims.renew_lease(case.pk, reviewer="ana", now=DAY + 12 * MINUTE)
    tables = (Case, GivenVerdict)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    assert any(row["undone"] for row in before[1])
    rebuild_projections([find_projection(name) for name in ("case", "givenverdict")])
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before
