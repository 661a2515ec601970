"""Verdicts by policy with an action, strikes, and what undoing takes back."""

import pytest

from reviews.errors import CaseEscalated, InvalidVerdict
from reviews.models import Case, ReviewerAction
from reviews.strikes.recording import strikes_of
from reviews.work import claims, verdicts
from reviews.work.escalation import escalate_case
from scoring.intake.answers import retraction_in
from scoring.intake.models import Label
from scoring.lanes.models import Pending
from scoring.log.read import read_stream
from scoring.log.rebuild import find_projection, rebuild_projections
from tests.integration.reviews.conftest import DAY
from tests.integration.reviews.moderation import SPAM, appeal, judge, notes, open_note  # noqa: F401 (a fixture)

pytestmark = pytest.mark.usefixtures("notes")
BOTH = {"spam": "same_text", "threat": "announces_violence"}


def test_one_verdict_names_several_policies_and_an_action() -> None:
    case = judge(open_note(), verdict="violating", policies=BOTH, action="limit")
    assert (case.verdict, case.policies, case.action, case.strike) == ("violating", BOTH, "limit", False)
    label = Label.objects.get()
    assert (label.effective, label.policies) == ("violating", ["spam", "threat"])
    [entry] = [each for each in read_stream(f"case/{case.event_stream}") if each.type == "case.decided"]
    assert entry.data["policies"] == BOTH
    assert entry.data["action"] == "limit"
    assert strikes_of(case.event_stream) == []


def test_a_note_that_stays_up_is_allowed() -> None:
    case = judge(open_note(), verdict="acceptable", reason_code="within_rules")
    assert (case.verdict, case.policies, case.action) == ("acceptable", {}, "allow")


def test_a_strike_is_an_event_against_the_author_in_the_lane() -> None:
    case = judge(open_note(author="ann"), **SPAM, strike=True)
    [[strike]] = strikes_of(case.event_stream)
    assert strike.data["source"] == "assay"
    assert strike.data["fields"] == {
        "author": "ann", "policy": "spam", "reason": "advertising", "weight": 1.0, "content": "N-1"
    }  # fmt: skip
    assert strike.metadata == {"actor": "user/ana"}
    assert Pending.objects.filter(event_stream=strike.stream).exists()
    assert case.strike


def test_undoing_the_verdict_lifts_its_strike_and_a_new_verdict_gives_another() -> None:
    case = judge(open_note(), **SPAM, strike=True)
    verdicts.undo_verdict(case.pk, reviewer="ana", now=DAY)
    [first] = strikes_of(case.event_stream)
    lifted = retraction_in(first)
    assert lifted
    assert lifted.data["reason"] == "The verdict was undone"
    assert Label.objects.latest("position").effective is None

    judged = judge(case, **SPAM, strike=True)
    assert [retraction_in(each) is None for each in strikes_of(case.event_stream)] == [False, True]
    assert judged.strike


def test_a_refused_verdict_leaves_neither_label_nor_strike() -> None:
    case = open_note()
    with pytest.raises(InvalidVerdict, match="is not a policy of note"):
        judge(case, verdict="violating", policies={"fraud": "advertising"}, action="block", strike=True)
    assert not Label.objects.exists()
    assert strikes_of(case.event_stream) == []


def test_an_escalated_case_waits_for_people_who_may_decide_it() -> None:
    case = open_note()
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    with pytest.raises(InvalidVerdict, match="needs a note"):
        escalate_case(case.pk, reviewer="ana", note=" ", now=DAY)
    escalated = escalate_case(case.pk, reviewer="ana", note="Is this a threat?", now=DAY)
    assert (escalated.state, escalated.escalated_by, escalated.claimed_by) == ("open", "ana", "")
    with pytest.raises(CaseEscalated, match=r"^ana escalated note/shop/N-1"):
        claims.claim_case(case.pk, reviewer="bo", now=DAY)

    open_note("N-2", score=0.99)
    assert claims.claim_next_case(reviewer="bo", now=DAY).event_stream == "note/shop/N-2"
    assert claims.claim_next_case(reviewer="lea", now=DAY, escalations=True).pk == case.pk  # first of all
    decided = verdicts.decide_case(case.pk, reviewer="lea", now=DAY, escalations=True, **SPAM)
    assert decided.verdict == "violating"


def test_a_note_that_breaks_a_sensitive_policy_is_a_sensitive_case() -> None:
    threat = {"threat": {"score": 0.7, "outcome": "review"}}
    assert open_note("N-1", policies=threat).sensitive
    assert not open_note("N-2", policies={"spam": {"score": 0.7, "outcome": "review"}}).sensitive


def test_cases_and_actions_are_rebuilt_row_for_row() -> None:
    judge(open_note(), **SPAM, strike=True)
    appeal_of = judge(open_note("N-2"), **SPAM)
    assert appeal(content="N-2").about == appeal_of.pk
    tables = (Case, ReviewerAction)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    rebuild_projections([find_projection(table._meta.db_table) for table in tables])
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before
