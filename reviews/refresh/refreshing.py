"""Scores open cases anew with the champion, beside the score of the decision, which stays."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from reviews.models import Case, CaseRefresh
from reviews.queue.ranking import FOR_LABEL, expected_loss, rank_of
from scoring.catalog.registry import event_type
from scoring.decisions.models import Decision
from scoring.decisions.predictions.logged_scores import (
    UNUSABLE,
    UsableModel,
    read_fields,
    score_logged,
    usable_model,
)
from scoring.features.compile.plan import FeatureSet, lane_plan
from scoring.log.entries import Entry
from scoring.log.read import read_positions
from scoring.registry.routes import current_routes

logger = logging.getLogger(__name__)

CASES_AT_ONCE = 500


class Outdated(NamedTuple):
    """A pending case and the position of its latest decision."""

    case: Case
    decision: int


def refresh_scores(*, now: datetime) -> dict[str, int]:
    """Score the open cases that another model decided and the present champion has not scored; how many.

    By champion. The features are those that the decision logged. A case whose decision did not log the
    champion's features has no newer score. Scores of cases that are not open any more are deleted.
    """
    forget_closed()
    done: dict[str, int] = {}
    for name, route in sorted(current_routes().items()):
        try:
            champion = usable_model(route.champion.model)
            done[route.champion.model] = sum(
                _refresh(cases, champion, now=now) for cases in _outdated(name, route.champion.model)
            )
        except UNUSABLE as error:
            logger.error("open cases of %s are not scored anew: %s", name, error)
    return done


def forget_closed() -> int:
    """Delete the scores of cases that are decided or closed; returns how many."""
    kept = Case.objects.pending().values("pk")
    return CaseRefresh.objects.exclude(pk__in=kept).delete()[0]


def _outdated(name: str, champion: str) -> Iterator[list[Outdated]]:
    """Pending cases that another model decided, and that the champion has not scored since."""
    after = 0
    while True:
        pending = Case.objects.pending().filter(event_type=name, pk__gt=after)
        cases = list(pending.order_by("pk")[:CASES_AT_ONCE])
        if not cases:
            return
        after = cases[-1].pk
        positions = [case.pk for case in cases]
        rows = Decision.objects.filter(event_position__in=positions).order_by("revision")
        latest = {row.event_position: row for row in rows}
        own = [position for position, row in latest.items() if row.model == champion]
        CaseRefresh.objects.filter(pk__in=own).delete()
        known = CaseRefresh.objects.filter(pk__in=positions, model=champion)
        scored = {*known.values_list("case_id", "decision")}
        decided = [(case, latest[case.pk]) for case in cases if case.pk in latest.keys() - {*own}]
        yield [Outdated(case, row.position) for case, row in decided if (case.pk, row.position) not in scored]


def _refresh(outdated: Sequence[Outdated], champion: UsableModel, *, now: datetime) -> int:
    """Score these cases; how many could be."""
    entries = read_positions([each.decision for each in outdated])
    by_decider: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_decider[entry.data["model"] or ""].append(entry)
    fields, scores = read_fields(entries), dict[int, float]()
    for decider, decided in by_decider.items():
        under = _set_of(decider, champion)
        scores |= score_logged(champion, decided, decided_under=under, fields=fields)
    rows = [
        _row(each, scores[each.decision], champion.loaded.name, now=now)
        for each in outdated
        if each.decision in scores
    ]
    CaseRefresh.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["case"],
        update_fields=["decision", "model", "score", "rank", "scored_at"],
    )
    return len(rows)


def _set_of(decider: str, champion: UsableModel) -> FeatureSet:
    """The feature set of the vectors that a model logged, or "" of decisions without a model."""
    kind = event_type(champion.loaded.event_type)
    try:
        return usable_model(decider).feature_set if decider else lane_plan(kind.lane).feature_set(kind.name)
    except UNUSABLE:
        return champion.feature_set  # its hash is another one, so only vectors beside the own are read


def _row(outdated: Outdated, score: float, model: str, *, now: datetime) -> CaseRefresh:
    case = outdated.case
    kind = event_type(case.event_type)
    loss = expected_loss(score=score, stake=kind.nominal_stake if case.stake is None else case.stake)
    loss += case.linked_loss
    sampled = case.why in FOR_LABEL
    return CaseRefresh(
        case_id=case.pk,
        decision=outdated.decision,
        model=model,
        score=score,
        rank=rank_of(loss=loss, currency=case.currency, sampled=sampled, opened_at=case.opened_at),
        scored_at=now,
    )
