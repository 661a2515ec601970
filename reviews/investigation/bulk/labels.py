"""One label for many events, from the source of reviewers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reviews.investigation.bulk.outcome import Item, Outcome
from reviews.investigation.bulk.reviewer import Reviewer
from reviews.investigation.bulk.terms import LabelTerms
from reviews.models import Case
from reviews.work.consequences import LABEL_SOURCE
from reviews.work.transitions import lock_cases
from scoring.intake.labels import LabelStatement, record_labels, said_at_by_source, said_by_source
from scoring.intake.models import Event
from scoring.log.entries import Entry
from scoring.log.read import read_streams
from scoring.timestamps import to_iso


def refusals(positions: Sequence[Item]) -> dict[Item, str]:
    """Why events get no label: they have one, or a case that waits for a verdict, or were retracted."""
    events = Event.objects.in_bulk(positions)
    pending = set(Case.objects.pending().filter(pk__in=positions).values_list("pk", flat=True))
    said = {stream: said_by_source(entries) for stream, entries in _labels_of(events).items()}
    found: dict[Item, str] = {}
    for position in positions:
        event = events.get(int(position))
        if event is None or event.retracted_at is not None:
            found[position] = "was retracted"
        elif event.position in pending:
            found[position] = "has an open case, whose verdict labels it"
        elif labels := said[event.stream]:
            found[position] = " and ".join(f"{source} says {label}" for source, label in labels.items())
    return found


def act(positions: Sequence[Item], terms: LabelTerms, reviewer: Reviewer, *, now: datetime) -> Outcome:
    """Label the events that have no label yet. The mark of each is when its label became known."""
    refused = refusals(positions)
    outcome = Outcome.without(refused.items())
    events = Event.objects.in_bulk([each for each in positions if each not in refused])
    by_source: dict[str, list[Event]] = defaultdict(list)
    for event in events.values():
        by_source[event.source].append(event)
    for source, of_source in sorted(by_source.items()):
        statements = [_statement(event, terms.value, terms.policies) for event in of_source]
        receipts = record_labels(statements, source=source, now=now, actor=reviewer.actor)
        for event, receipt in zip(of_source, receipts, strict=True):
            if receipt.refused is not None:
                outcome.left_out.append((event.position, str(receipt.refused)))
            else:
                outcome.done.append((event.position, to_iso(now)))
    return outcome


def undo(
    done: Sequence[tuple[Item, Any]], terms: LabelTerms, reviewer: Reviewer, *, now: datetime
) -> Outcome:
    """Retract the labels that still stand as they were given, by entries of their own.

    Cases are locked first, so that the label of a verdict that is being given is not retracted.
    """
    marks = dict(done)
    lock_cases([int(each) for each in marks])
    events = Event.objects.in_bulk(list(marks))
    labels = _labels_of(events)
    judged = set(Case.objects.with_verdict().filter(pk__in=list(marks)).values_list("pk", flat=True))
    outcome = Outcome.nothing()
    for position, event in sorted(events.items()):
        if position in judged:
            outcome.left_out.append((position, "has had a verdict since then, which gives the same label"))
        elif not _stands(labels[event.stream], terms.value, marks[position]):
            outcome.left_out.append((position, "was labeled otherwise since then"))
        else:
            statement = _statement(event, None, ())
            record_labels([statement], source=event.source, now=now, actor=reviewer.actor)
            outcome.done.append((position, to_iso(now)))
    return outcome


def _labels_of(events: Mapping[int, Event]) -> dict[str, Sequence[Entry]]:
    """The label entries of each event, by its stream."""
    streams = [event.stream for event in events.values()]
    stored = read_streams([f"label/{stream}" for stream in streams])
    return {stream: stored.get(f"label/{stream}", ()) for stream in streams}


def _stands(entries: Sequence[Entry], value: str, mark: str) -> bool:
    """Whether reviewers' label is the one that became known at the time `mark`."""
    known_at = said_at_by_source(entries).get(LABEL_SOURCE)
    said = said_by_source(entries).get(LABEL_SOURCE)
    return said == value and known_at is not None and to_iso(known_at) == mark


def _statement(event: Event, value: str | None, policies: Sequence[str]) -> LabelStatement:
    named = tuple(sorted(policies))
    return LabelStatement(event.type, event.external_id, value, LABEL_SOURCE, policies=named)
