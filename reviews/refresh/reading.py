"""The score of a case by the present champion, as pages show it."""

from datetime import datetime
from typing import NamedTuple

from reviews.console.event_details import EventDetail
from reviews.models import Case, CaseRefresh
from scoring.registry.routes import route_of


class RefreshedScore(NamedTuple):
    """A score of a later time than the decision. `stale`: why it no longer holds, "" if it does."""

    score: float
    model: str
    scored_at: datetime
    stale: str


def refreshed_score(case: Case, detail: EventDetail) -> RefreshedScore | None:
    """The refreshed score of a case; None if there is none, or the decision is by the same model."""
    row: CaseRefresh | None = getattr(case, "refreshed", None)
    if row is None or detail.decision is None:
        return None
    is_of_decision = row.decision == detail.decision.position
    if is_of_decision and row.model == detail.decision.data["model"]:
        return None
    route = route_of(case.event_type)
    champion = route.champion.model if route else ""
    return RefreshedScore(row.score, row.model, row.scored_at, _why_stale(row, is_of_decision, champion))


def _why_stale(row: CaseRefresh, is_of_decision: bool, champion: str) -> str:
    if not is_of_decision:
        return "the event was decided again since"
    return "" if row.model == champion else f"{champion or 'no model'} is the champion since"
