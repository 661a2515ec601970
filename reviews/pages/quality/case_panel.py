"""What the page of a case says about quality checks: all verdicts, and whether the case is a golden item."""

from datetime import datetime
from typing import Any, NamedTuple

from reviews.models import Case
from reviews.models.quality import GivenVerdict
from reviews.quality.blinding import is_blind
from reviews.work.reason_codes import action_title, broken_policies, words_of
from scoring.catalog.registry import event_type

LOOK, CHOOSE = "reviews.view_givenverdict", "reviews.choose_golden"
ADJUDICATE = "reviews.adjudicate_case"


class VerdictLine(NamedTuple):
    """A verdict on the case in words; `undone`: it was taken back."""

    title: str
    verdict: str
    why: str
    action: str
    who: str
    at: datetime
    undone: bool


def quality_panel(case: Case, *, user: Any) -> dict[str, Any]:
    """The template context: `verdicts` where several were given, `golden` and `may_choose_golden`.

    Nothing to those from whom the verdict is withheld.
    """
    if is_blind(case, user.get_username()):
        return {"verdicts": [], "golden": "", "may_choose_golden": False}
    adjudicates = case.quality_check == Case.Check.ADJUDICATION and user.has_perm(ADJUDICATE)
    lines = _lines(case) if adjudicates or user.has_perm(LOOK) else []
    is_answer = case.state == Case.State.DECIDED and case.why != Case.Why.APPEAL
    return {
        "verdicts": lines if len(lines) > 1 else [],
        "golden": case.get_golden_display() if user.has_perm(LOOK) else "",
        "may_choose_golden": is_answer and user.has_perm(CHOOSE),
    }


def missed_golden(position: int, *, reviewer: str, at: datetime) -> str:
    """What to tell a reviewer who just missed a golden item, if they are to be told; else ""."""
    given = GivenVerdict.objects.filter(event_position=position, reviewer=reviewer, given_at=at, told=True)
    answer = given.first()
    if answer is None:
        return ""
    return (
        f"That was a golden item: its known answer is {answer.standing}, and you said {answer.verdict}."
        " Your verdict changed nothing."
    )


def _lines(case: Case) -> list[VerdictLine]:
    given = GivenVerdict.objects.filter(event_position=case.pk).order_by("position")
    return [_line(each) for each in given]


def _line(given: GivenVerdict) -> VerdictLine:
    kind = event_type(given.event_type)
    broken = ", ".join(title for title, _ in broken_policies(kind, given.policies))
    return VerdictLine(
        title=given.get_kind_display().capitalize(),
        verdict=given.verdict,
        why=broken or words_of(given.reason_code),
        action=action_title(kind, given.action) if given.action and given.policies else "",
        who=given.reviewer,
        at=given.given_at,
        undone=given.undone,
    )
