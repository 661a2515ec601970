"""Quality checks of decided cases: opening them, and what a verdict on one does.

A check opens a case again for another reviewer while its verdict stands, and with it the label. Entries of
the case's stream: `case.check_opened`, then `case.checked` with the verdict, or `case.check_withdrawn`.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery

from reviews.models import Case, CaseQuerySet
from reviews.models.quality import GivenVerdict
from reviews.quality.drawing import gets_golden_item, gets_second_review
from reviews.quality.errors import NotGolden
from reviews.quality.settings import GOLDEN, SECOND
from reviews.quality.stored import quality_settings
from reviews.work.consequences import carry_out
from reviews.work.transitions import append_to_case, lock_case
from reviews.work.verdict_rules import LOW, Verdict
from scoring.intake.models import Amendment, Label


def open_second_review(case: Case, *, now: datetime) -> Case:
    """Open a case that was just decided for another reviewer if its event is drawn; the case afterwards.

    Appeals, verdicts on groups and verdicts that gave a strike are never drawn, for what they do is visible
    elsewhere; nor is a case that had a second review before, or whose verdict a second person confirmed.
    Where there are second reviews, verdicts of low confidence always get one.
    """
    share = quality_settings.of(case.event_type).share(SECOND)
    is_apart = case.why == Case.Why.APPEAL or case.verdict_group or case.strike or case.proposed_by
    is_drawn = (share > 0 and case.confidence == LOW) or gets_second_review(case.event_stream, share=share)
    if is_apart or not is_drawn:
        return case
    if GivenVerdict.objects.filter(event_position=case.pk, kind=GivenVerdict.Kind.SECOND).exists():
        return case
    return _open(case, Case.Check.SECOND, now=now)


def golden_instead_of(case: Case, *, reviewer: str, sensitive: bool, now: datetime) -> Case | None:
    """A golden item that the reviewer gets instead of this free case, opened and its row locked; or None.

    `sensitive`: it may be a sensitive one. Nobody gets a case again on which they have worked.
    """
    settings = quality_settings.of(case.event_type)
    share = settings.share(GOLDEN)
    if case.quality_check or not share:
        return None
    answered = GivenVerdict.objects.filter(reviewer=reviewer, kind=GivenVerdict.Kind.GOLDEN).count()
    if not gets_golden_item(reviewer, case.event_stream, answered=answered, share=share):
        return None
    sources = [Case.Golden.CHOSEN, *([Case.Golden.AGREED] if settings.golden_from_agreed else [])]
    found = _golden_items(case, reviewer).filter(golden__in=sources)
    item = (found if sensitive else found.filter(sensitive=False)).first()
    return _open(item, Case.Check.GOLDEN, now=now) if item else None


def choose_golden(position: int, *, golden: bool, reviewer: str, now: datetime) -> Case:
    """Make a decided case a golden item, with its verdict as the known answer, or no longer one.

    Raises `CaseNotFound`, `NotGolden`.
    """
    with transaction.atomic():
        case = lock_case(position)
        if case.state != Case.State.DECIDED or case.why == Case.Why.APPEAL:
            raise NotGolden(case.event_stream)
        source = Case.Golden.CHOSEN.value if golden else ""
        if case.golden == source:
            return case
        return append_to_case(case, "case.golden_changed", {"golden": source}, reviewer=reviewer, now=now)


def record_check(case: Case, verdict: Verdict, data: dict[str, Any], *, reviewer: str, now: datetime) -> Case:
    """Record the verdict of a quality check on a locked case; `data` is what every verdict logs.

    An adjudicator's becomes the verdict and the label. A second review that disagrees opens the case for an
    adjudicator.
    """
    check = Case.Check(case.quality_check)
    agrees = (verdict.value, set(verdict.policies)) == (case.verdict, set(case.policies))
    compared = {
        "check": check.value,
        "standing": case.verdict,
        "standing_by": case.decided_by,
        "agrees": agrees,
    }
    missed = check == Case.Check.GOLDEN and not agrees
    told = {"told": True} if missed and quality_settings.of(case.event_type).tell_missed else {}
    case = append_to_case(case, "case.checked", {**data, **compared, **told}, reviewer=reviewer, now=now)
    if check == Case.Check.ADJUDICATION:
        carry_out(case, verdict, reviewer=reviewer, now=now)
    elif check == Case.Check.SECOND and not agrees:
        return _open(case, Case.Check.ADJUDICATION, now=now)
    return case


def _open(case: Case, check: Case.Check, *, now: datetime) -> Case:
    return append_to_case(case, "case.check_opened", {"check": check.value}, reviewer="", now=now)


def _golden_items(case: Case, reviewer: str) -> CaseQuerySet:
    """Golden items of a case's type and queue that nobody works on and whose answer the reviewer neither gave
    nor chose, the latest first; rows locked.

    Events that were retracted, or whose label is not that of the verdict any more, are left out.
    """
    own = GivenVerdict.objects.filter(event_position=OuterRef("pk"), reviewer=reviewer)
    gone = Amendment.objects.filter(event_stream=OuterRef("event_stream"), kind=Amendment.Kind.RETRACTION)
    label = Label.objects.filter(event_stream=OuterRef("event_stream")).order_by("-position")
    found = Case.objects.filter(event_type=case.event_type, queue=case.queue, state=Case.State.DECIDED)
    new = (
        found.exclude(golden="")
        .exclude(golden_by=reviewer)
        .exclude(decided_by=reviewer)
        .exclude(Exists(own))
        .exclude(Exists(gone))
    )
    undisputed = new.filter(verdict=Subquery(label.values("effective")[:1])).order_by("-event_position")
    return undisputed.select_for_update(skip_locked=True)
