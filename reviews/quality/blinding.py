"""What a reviewer may not see of a case, so that a quality check of it is blind.

While a second review or a golden item is open, only the reviewer who decided the case sees its verdict and
the labels that came with or after it. Who answered a golden item without being told sees their own answer.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from copy import copy
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from reviews.console.event_details import EventDetail, HistoryRow, SourceLabel
from reviews.models import Case, CaseQuerySet
from reviews.models.quality import GivenVerdict
from reviews.projections import NO_VERDICT
from scoring.intake.label_sources import PEOPLE, canonical_source, effective_source
from scoring.log.entries import Entry

SHOWN_STEPS: Final = frozenset({"case.opened", "case.rescored"})


def is_blind(case: Case, viewer: str) -> bool:
    """Whether the verdict on a case is withheld from a viewer."""
    return _is_open_blind(case, viewer) or _untold_answer(case, viewer) is not None


def seen_case(case: Case, viewer: str) -> Case:
    """The case as a viewer may see it; a copy where that is not all.

    To the reviewer who decided it, it stays decided while others check it.
    """
    if case.quality_check and case.decided_by == viewer:
        return _changed(case, {"state": Case.State.DECIDED, "claimed_by": "", "lease_until": None})
    if _is_open_blind(case, viewer):
        return _changed(case, NO_VERDICT)
    answer = _untold_answer(case, viewer)
    return case if answer is None else _changed(case, {**NO_VERDICT, **_answered(answer)})


def seen_detail(detail: EventDetail, case: Case | None, viewer: str) -> EventDetail:
    """The event with the labels that a viewer may see; their own answer if they answered a golden item."""
    if case is None or case.decided_at is None or not is_blind(case, viewer):
        return detail
    kept = [each for each in detail.labels if _was_known(each.source, each.known_at, case.decided_at)]
    if not _is_open_blind(case, viewer) and (answer := _untold_answer(case, viewer)) is not None:
        kept.append(SourceLabel(answer.verdict, PEOPLE, answer.given_at, f"user/{viewer}"))
    said = {each.source: each.value for each in kept}
    standing = {source: value for source, value in said.items() if value is not None}
    source = effective_source(standing, {each.source: each.known_at for each in kept})
    return detail._replace(
        labels=kept,
        label=None if source is None else standing[source],
        standing=standing,
        conflict=len(set(standing.values())) > 1,
    )


def seen_steps(entries: Sequence[Entry], case: Case, viewer: str) -> list[Entry]:
    """The entries of a case's stream that a viewer may see."""
    if not is_blind(case, viewer):
        return list(entries)
    return [
        entry
        for entry in entries
        if entry.type in SHOWN_STEPS or entry.metadata.get("actor") == f"user/{viewer}"
    ]


def seen_rows(rows: Sequence[HistoryRow], viewer: str) -> list[HistoryRow]:
    """Events of an entity, without the labels that are withheld from a viewer."""
    hidden = withheld_streams(viewer, among=[row.stream for row in rows])
    return [row._replace(label=None) if row.stream in hidden else row for row in rows]


def withheld_streams(viewer: str, *, among: Collection[str]) -> Set[str]:
    """Which of these event streams have a verdict that is withheld from a viewer, in one query."""
    found = withheld_cases(viewer).filter(event_stream__in=among)
    return frozenset(found.values_list("event_stream", flat=True))


def withheld_cases(viewer: str) -> CaseQuerySet:
    """The cases whose verdict is withheld from a viewer; a union, so that each part is read by its index."""
    open_ones = Case.objects.filter(quality_check__in=Case.BLIND).exclude(decided_by=viewer).values("pk")
    answered = _untold_answers(viewer).values("event_position")
    return Case.objects.filter(pk__in=open_ones.union(answered, all=True))


def _is_open_blind(case: Case, viewer: str) -> bool:
    return case.quality_check in Case.BLIND and case.decided_by != viewer


def _untold_answers(viewer: str) -> QuerySet[GivenVerdict]:
    return GivenVerdict.objects.filter(reviewer=viewer, kind=GivenVerdict.Kind.GOLDEN, told=False)


def _untold_answer(case: Case, viewer: str) -> GivenVerdict | None:
    if not case.golden:
        return None
    return _untold_answers(viewer).filter(event_position=case.pk).order_by("position").last()


def _answered(answer: GivenVerdict) -> dict[str, Any]:
    """The fields of a case that was decided as in an answer."""
    return {
        "verdict": answer.verdict,
        "reason_code": answer.reason_code,
        "policies": answer.policies,
        "action": answer.action,
        "decided_by": answer.reviewer,
        "decided_at": answer.given_at,
    }


def _changed(case: Case, fields: Mapping[str, Any]) -> Case:
    """A copy of the row with other values, to be shown and never saved."""
    changed = copy(case)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _was_known(source: str, known_at: datetime, decided_at: datetime) -> bool:
    return canonical_source(source) != PEOPLE and known_at < decided_at
