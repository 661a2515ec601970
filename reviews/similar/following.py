"""Follows verdicts: keeps the explanation of the decision that each one was about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from reviews.console.entity_index import entity_key
from reviews.erasure.erasing import ERASED
from reviews.models import EventEntity
from reviews.models.similar import CaseExplanation
from reviews.similar.database import prepare_search
from reviews.similar.vectors import explanation_vector, main_contributions
from scoring.catalog.registry import event_types
from scoring.decisions.explanation import contributions_of
from scoring.decisions.models import Decision
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry
from scoring.log.read import read_positions

DECIDED, REOPENED = "case.decided", "case.reopened"


def follow_verdicts(entries: Sequence[Entry], *, now: datetime) -> None:
    """Store the explanations of decided cases, and delete those of cases that were reopened or erased."""
    last = {entry.data["event_position"]: entry for entry in entries if entry.type != ERASED}
    CaseExplanation.objects.filter(pk__in=last).delete()
    verdicts = {event: entry.position for event, entry in last.items() if entry.type == DECIDED}
    store_explanations(verdicts)
    for entry in entries:
        if entry.type == ERASED:
            _forget(entry.data["kind"], entry.data["subject"])


def store_explanations(verdicts: Mapping[int, int]) -> None:
    """Store the explanations of events, given the position of the verdict on each, by the event's position.

    The latest decision before the verdict is explained.
    """
    decisions = Decision.objects.filter(event_position__in=verdicts).order_by("revision")
    explained = {
        decision.event_position: decision.position
        for decision in decisions
        if decision.position < verdicts[decision.event_position]
    }
    rows = _rows(read_positions(sorted(explained.values())))
    CaseExplanation.objects.bulk_create(rows, ignore_conflicts=True)


def _rows(decisions: Iterable[Entry]) -> list[CaseExplanation]:
    """The rows of decisions with a score, of event types that the catalog still has."""
    known, rows = event_types(), []
    for entry in decisions:
        kind = entry.data["event_type"]
        contributions = contributions_of(entry) if kind in known else {}
        vector = explanation_vector(kind, contributions)
        if vector is not None:
            rows.append(
                CaseExplanation(
                    event_position=entry.data["event_position"],
                    event_type=kind,
                    vector=vector.tolist(),
                    main=main_contributions(contributions),
                )
            )
    return rows


def _forget(kind: str, value: str) -> None:
    """Delete the explanations of a subject's events, although they hold no personal value."""
    events = EventEntity.objects.filter(entity=entity_key(kind, value)).values("position")
    CaseExplanation.objects.filter(pk__in=events).delete()


def forget_all() -> None:
    """Empty the table before the log is read again; creates the index if it can be by now."""
    CaseExplanation.objects.all().delete()
    prepare_search()


SIMILAR = Consumer(
    name="reviews.similar",
    types=frozenset({DECIDED, REOPENED, ERASED}),
    handle=follow_verdicts,
    reset=forget_all,
)
