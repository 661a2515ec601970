"""Verdicts that take effect once a second person has given the same one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from reviews.errors import NotYourVerdict
from reviews.four_eyes.errors import ConfirmerNeeded, OwnProposal
from reviews.four_eyes.stored import four_eyes_settings
from reviews.models import Case
from reviews.models.quality import GivenVerdict
from reviews.work.transitions import append_to_case, require_not_held_by_others
from reviews.work.verdict_rules import Verdict
from scoring.catalog.currency import EXPONENTS
from scoring.catalog.registry import event_type
from scoring.timestamps import to_iso

MEANING = ("verdict", "policies", "action", "strike")  # what two verdicts must have in common


def is_proposal(case: Case, verdict: Verdict, data: Mapping[str, Any]) -> bool:
    """Whether a checked verdict on a locked case only proposes: it needs a second person, and is the first.

    `data` is what the verdict logs. Appeals and quality checks are decided by another person anyway.
    """
    if case.why == Case.Why.APPEAL or case.quality_check or confirms(case, data):
        return False
    return four_eyes_settings.of(case.event_type).need_second(
        is_positive=verdict.value == event_type(case.event_type).labels.positive,
        outcome=verdict.action,
        amount=None if case.stake is None else case.stake / 10 ** EXPONENTS[case.currency],
    )


def confirms(case: Case, data: Mapping[str, Any]) -> bool:
    """Whether a verdict is the same as the one that is proposed for the case."""
    return case.proposed_at is not None and meaning(data) == meaning(case.proposal)


def meaning(data: Mapping[str, Any]) -> tuple[object, ...]:
    """What the logged data of a verdict say, without who gave it and why."""
    said = [data.get(name) or "" for name in MEANING]
    return tuple(sorted(each) if isinstance(each, dict) else each for each in said)


def propose(case: Case, data: dict[str, Any], *, reviewer: str, now: datetime) -> Case:
    """Log a verdict that needs a second person; it takes the place of a different one proposed before."""
    return append_to_case(case, "case.proposed", data, reviewer=reviewer, now=now)


def withdraw_proposal(
    case: Case, *, reviewer: str, lease: timedelta, now: datetime, may_undo_any: bool = False
) -> Case:
    """Take back the proposed verdict of a locked case, which the reviewer then holds.

    Raises `NotYourVerdict`, and `CaseNotHeld` while another person holds the case to confirm it.
    """
    if case.proposed_by != reviewer and not may_undo_any:
        raise NotYourVerdict(case.event_stream, by=case.proposed_by)
    require_not_held_by_others(case, reviewer, now=now)
    data = {"reviewer": reviewer, "until": to_iso(now + lease), "undone": proposals_of(case)}
    return append_to_case(case, "case.proposal_withdrawn", data, reviewer=reviewer, now=now)


def proposals_of(case: Case) -> list[int]:
    """The positions of the entries that proposed verdicts on a case and were not taken back."""
    given = GivenVerdict.objects.filter(event_position=case.pk, kind=GivenVerdict.Kind.PROPOSAL, undone=False)
    return list(given.order_by("position").values_list("position", flat=True))


def require_confirmer(case: Case, reviewer: str, *, confirmations: bool) -> None:
    """Refuse a case with a proposed verdict to those who may not confirm it.

    Raises `OwnProposal`, `ConfirmerNeeded`.
    """
    if case.proposed_at is None:
        return
    if case.proposed_by == reviewer:
        raise OwnProposal(case.event_stream)
    if not confirmations:
        raise ConfirmerNeeded(case.event_stream, by=case.proposed_by)
