"""An appeal is decided by another reviewer, and restores what was removed."""

import pytest

from reviews.errors import InvalidVerdict, NothingToClaim, OwnVerdictAppealed
from reviews.models import Case
from reviews.statements.reviewed import review_of
from reviews.statements.statement import statement_of
from reviews.strikes.recording import strikes_of
from reviews.work import claims, verdicts
from scoring.intake.amending.corrections import retract_event
from scoring.intake.answers import retraction_in
from scoring.intake.models import Label
from scoring.log.append import append
from tests.factories.log import decided
from tests.integration.reviews.conftest import DAY
from tests.integration.reviews.moderation import (  # noqa: F401 (a fixture)
    SPAM,
    appeal,
    consume,
    judge,
    notes,
    open_note,
    receive,
)

pytestmark = pytest.mark.usefixtures("notes")
GRANT = {"verdict": "granted", "reason_code": "misread"}
REJECT = {"verdict": "rejected", "reason_code": "rightly_decided"}


def standing(case: Case) -> list[bool]:
    """Whether each strike for the event of a case stands."""
    return [retraction_in(strike) is None for strike in strikes_of(case.event_stream)]


def test_an_appeal_opens_a_case_about_the_event_for_another_reviewer() -> None:
    case = judge(open_note(), **SPAM)
    appealed = appeal()
    assert (appealed.why, appealed.about, appealed.not_for) == ("appeal", case.pk, "ana")
    assert (appealed.outcome, appealed.score, appealed.event_type) == ("block", None, "note_appeal")
    with pytest.raises(OwnVerdictAppealed, match="against your own verdict"):
        claims.claim_case(appealed.pk, reviewer="ana", now=DAY)
    with pytest.raises(NothingToClaim):
        claims.claim_next_case(reviewer="ana", now=DAY)
    assert claims.claim_next_case(reviewer="bo", now=DAY).pk == appealed.pk


def test_a_granted_appeal_relabels_the_event_and_lifts_the_strike() -> None:
    case = judge(open_note(), **SPAM, strike=True)
    judge(appeal(), reviewer="bo", **GRANT)
    label = Label.objects.latest("position")
    assert (label.event_stream, label.effective) == (case.event_stream, "acceptable")
    assert standing(case) == [False]


def test_a_rejected_appeal_changes_nothing() -> None:
    case = judge(open_note(), **SPAM, strike=True)
    judge(appeal(), reviewer="bo", **REJECT)
    assert Label.objects.get().effective == "violating"
    assert standing(case) == [True]


def test_undoing_a_granted_appeal_lets_the_first_verdict_hold_again() -> None:
    case = judge(open_note(), **SPAM, strike=True)
    appealed = judge(appeal(), reviewer="bo", **GRANT)
    verdicts.undo_verdict(appealed.pk, reviewer="bo", now=DAY)
    assert Label.objects.latest("position").effective == "violating"
    assert standing(case) == [False, True]


def test_an_appeal_may_leave_a_milder_action_and_the_label() -> None:
    case = judge(open_note(), **SPAM, strike=True)
    appealed = judge(appeal(), reviewer="bo", **GRANT, action="limit")
    review = review_of(case.pk, "note")
    assert review is not None
    assert (review.verdict, review.policies, review.action) == ("violating", ("spam",), "limit")
    assert standing(case) == [False]
    assert Label.objects.get().effective == "violating"
    decision = statement_of(case.event_stream, now=DAY)["decision"]
    assert (decision["action"], decision["reduced_from"], decision["overturned"]) == ("limit", "block", False)

    verdicts.undo_verdict(appealed.pk, reviewer="bo", now=DAY)
    assert standing(case) == [False, True]
    assert Label.objects.get().effective == "violating"


@pytest.mark.parametrize(("verdict", "action"), [(GRANT, "block"), (GRANT, "review"), (REJECT, "limit")])
def test_an_appeal_cannot_make_the_decision_more_severe(verdict: dict[str, str], action: str) -> None:
    judge(open_note(), **SPAM | {"action": "limit"})
    with pytest.raises(InvalidVerdict) as refused:
        judge(appeal(), reviewer="bo", **verdict, action=action)
    assert refused.value.field == "action"


def test_an_automated_decision_is_appealed_too() -> None:
    event = receive("note", "N-1", author="ann", text="Buy now!")
    append([decided(event, outcome="block", score=0.99)], now=DAY)
    appealed = appeal()
    assert (appealed.outcome, appealed.not_for) == ("block", "")
    judge(appealed, reviewer="ana", **GRANT)
    assert Label.objects.get().effective == "acceptable"


def test_an_appeal_about_an_unknown_event_can_only_be_rejected() -> None:
    appealed = appeal(content="N-404")
    assert appealed.about is None
    with pytest.raises(InvalidVerdict, match="has sent no such event"):
        judge(appealed, reviewer="bo", **GRANT)
    assert verdicts.decide_case(appealed.pk, reviewer="bo", now=DAY, **REJECT).verdict == "rejected"


def test_a_retracted_appeal_is_closed() -> None:
    judge(open_note(), **SPAM)
    appealed = appeal()
    retract_event(appealed.event_stream, reason="withdrawn", now=DAY)
    consume()
    appealed.refresh_from_db()
    assert (appealed.state, appealed.closed_because) == ("closed", "the event was retracted: withdrawn")
