"""Opens cases for events that were sent to review and for a random sample of the others.

Follows the log: a revised decision reopens, rescores or closes a case; a retracted event's case is closed.
"""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from reviews.models import Case
from reviews.queue.linking import append_links, count_again, link_openings
from reviews.queue.ranking import expected_loss, is_sampled
from reviews.queue.sensitivity import queue_of, sensitive_streams
from reviews.queue.sources.opening import sources_of
from reviews.queues.routing import NOT_ROUTED, Routed, route_decisions
from scoring.catalog.registry import event_type
from scoring.intake.models import Amendment
from scoring.lanes.amendments import RETRACTED
from scoring.log.append import append, append_new
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry, NewEntry
from scoring.rules.quality.logged import ENRICHED

REVIEW = "review"
# Cases that stay open whatever their outcome is revised to: what people find is for learning.
FOR_LEARNING = (Case.Why.SAMPLE, Case.Why.UNCERTAIN, Case.Why.EXPLORED, Case.Why.CANDIDATE)
MAX_BECAUSE = 200  # characters; the column's length


class OpeningFacts(NamedTuple):
    """What cases say of events besides their decisions: which are `sensitive`, and where they are routed; by
    stream.
    """

    sensitive: Set[str] = frozenset()
    routed: Mapping[str, Routed] = MappingProxyType({})


NO_FACTS = OpeningFacts()
NO_SOURCES: Mapping[str, str] = MappingProxyType({})


def opening_facts(decisions: Sequence[Entry], *, now: datetime) -> OpeningFacts:
    """The facts for the cases of these decisions."""
    named = {entry.stream: queue_of(entry.data) for entry in decisions}
    return OpeningFacts(sensitive_streams(decisions), route_decisions(decisions, named=named, now=now))


def follow_decisions(entries: Sequence[Entry], *, now: datetime) -> None:
    """Open, rescore, reopen or close cases for these decisions, in the caller's transaction.

    If `entries` decide an event several times, only its first and last decision count.
    """
    retracted = _retracted({entry.stream for entry in entries})
    decisions = [entry for entry in entries if entry.stream not in retracted and entry.type != RETRACTED]
    made = [entry for entry in decisions if entry.type == "decision.made"]
    revised = {entry.stream: entry for entry in decisions if entry.type == "decision.revised"}
    sources = sources_of([entry for entry in made if not why_of(entry)], now=now)
    to_open = [entry for entry in made if why_of(entry, sources)]
    facts = opening_facts([*to_open, *revised.values()], now=now)
    openings = [opening for entry in to_open if (opening := opening_of(entry, facts, sources))]
    openings, leads = link_openings(openings, now=now)
    written, _ = append_new(openings, now=now)
    append_links(leads, written={entry.stream for entry in written}, now=now)
    closing = [entry for entry in entries if entry.type == RETRACTED]
    if not revised and not closing:
        return
    positions = [entry.data["event_position"] for entry in (*revised.values(), *closing)]
    cases = {
        case.event_stream: case
        for case in Case.objects.select_for_update().filter(pk__in=positions).order_by("pk")
    }
    answers = [
        entry_for_revision(entry, cases.get(stream), facts=facts, now=now)
        for stream, entry in revised.items()
    ]
    answers += [close_retracted(entry, cases.get(entry.stream)) for entry in closing]
    append([answer for answer in answers if answer], now=now)
    count_again((case.joined_to for case in cases.values()), now=now)


def close_retracted(retraction: Entry, case: Case | None) -> NewEntry | None:
    """The entry that closes the case of a retracted event, claimed or not; None if there is nothing to close.

    A verdict stays, and so does its label, although a retracted event's label no longer counts; a quality
    check of it ends.
    """
    if case is None or case.state in (Case.State.DECIDED, Case.State.CLOSED):
        return None
    because = f"the event was retracted: {retraction.data['reason']}"[:MAX_BECAUSE]
    if case.quality_check:
        return _entry("case.check_withdrawn", retraction, version=case.version, data={"because": because})
    data = {"outcome": case.outcome, "because": because}
    return _entry("case.closed", retraction, version=case.version, data=data)


def why_of(decision: Entry, sources: Mapping[str, str] = NO_SOURCES) -> Case.Why | None:
    """Why a decided event becomes a case; None if it does not. `sources`: of some events, by stream."""
    if decision.data["outcome"] == REVIEW:
        return Case.Why.REVIEW
    if is_sampled(decision.stream):
        return Case.Why.SAMPLE
    source = sources.get(decision.stream)
    return Case.Why(source) if source else None


def opening_of(
    decision: Entry, facts: OpeningFacts = NO_FACTS, sources: Mapping[str, str] = NO_SOURCES
) -> NewEntry | None:
    """The entry that opens a decided event's case; None if it needs no review."""
    why = why_of(decision, sources)
    return _opening(decision, why, facts) if why else None


def opening_for(why: Case.Why, decision: Entry, facts: OpeningFacts = NO_FACTS) -> NewEntry:
    """The entry that opens the case of an event that was drawn by a source: a sample, or the candidates."""
    return _opening(decision, why, facts)


def opening_for_group(
    decision: Entry, case: Case | None, *, facts: OpeningFacts = NO_FACTS, reviewer: str
) -> NewEntry:
    """The entry by which an event that software decided gets a case for the verdict on a near-duplicate.

    `case`: its closed case, None if it has none.
    """
    kind = event_type(decision.data["event_type"])
    told = _told(decision, Case.Why.DUPLICATE, facts)
    if case is not None:
        data = {**told, "reviewer": ""}
        return _entry("case.reopened", decision, version=case.version, data=data, reviewer=reviewer)
    origin = {"event": decision.stream, "event_type": kind.name, "currency": kind.base_currency}
    return _entry("case.opened", decision, version=0, data={**origin, **told}, reviewer=reviewer)


def entry_for_revision(
    decision: Entry, case: Case | None, *, facts: OpeningFacts = NO_FACTS, now: datetime
) -> NewEntry | None:
    """The entry for the case of an event that was decided again; None once a reviewer has decided.

    A case opened because of the outcome is closed when the outcome changes, unless a reviewer holds it or has
    proposed a verdict: they see the new decision instead.
    """
    to_review = decision.data["outcome"] == REVIEW
    if case is None:
        return opening_of(decision, facts) if to_review else None
    if case.state == Case.State.DECIDED or case.quality_check:
        return None
    if case.state == Case.State.CLOSED and not to_review:
        return None
    why = Case.Why.REVIEW if to_review else Case.Why(case.why)
    if case.state == Case.State.CLOSED:
        data = {**_told(decision, why, facts), "reviewer": ""}
        return _entry("case.reopened", decision, version=case.version, data=data)
    if to_review or why in FOR_LEARNING or case.is_held(now) or case.proposed_at is not None:
        told = _told(decision, why, facts._replace(routed={}))  # it stays in its queue
        return _entry("case.rescored", decision, version=case.version, data=told)
    outcome = decision.data["outcome"]
    because = f"the {_what_happened(decision)} revised from {case.outcome} to {outcome}"
    return _entry(
        "case.closed", decision, version=case.version, data={"outcome": outcome, "because": because}
    )


def _opening(decision: Entry, why: Case.Why, facts: OpeningFacts) -> NewEntry:
    kind = event_type(decision.data["event_type"])
    origin = {"event": decision.stream, "event_type": kind.name, "currency": kind.base_currency}
    return _entry("case.opened", decision, version=0, data={**origin, **_told(decision, why, facts)})


def _told(decision: Entry, why: Case.Why, facts: OpeningFacts) -> dict[str, Any]:
    """What a case's entry says of a decision and its event."""
    data = decision.data
    kind = event_type(data["event_type"])
    at_risk = kind.nominal_stake if data["stake"] is None else data["stake"]
    return {
        "why": why.value,
        "outcome": data["outcome"],
        "score": data["score"],
        "stake": data["stake"],
        "expected_loss": expected_loss(score=data["score"], stake=at_risk),
        **({"corrected": True} if _is_correction(decision) else {}),
        **({"sensitive": True} if decision.stream in facts.sensitive else {}),
        **({"queue": queue} if (queue := queue_of(data)) else {}),
        **facts.routed.get(decision.stream, NOT_ROUTED).as_data(),
    }


def _what_happened(decision: Entry) -> str:
    """What led to a revised decision, as the beginning of a sentence."""
    if decision.data["cause"] == ENRICHED:
        return "event was enriched, and the decision"
    return "event was corrected, and the decision" if _is_correction(decision) else "decision was"


def _is_correction(decision: Entry) -> bool:
    """Whether the event itself was corrected, rather than only scored again or enriched."""
    is_amended = "event_version" in decision.data and decision.type == "decision.revised"
    return is_amended and decision.data["cause"] != ENRICHED


def _retracted(streams: Set[str]) -> set[str]:
    """The retracted ones of `streams`; decisions made before the retraction may still arrive."""
    found = Amendment.objects.filter(event_stream__in=streams, kind=Amendment.Kind.RETRACTION)
    return set(found.values_list("event_stream", flat=True))


def _entry(
    entry_type: str, decision: Entry, *, version: int, data: Mapping[str, Any], reviewer: str = ""
) -> NewEntry:
    return NewEntry(
        stream=f"case/{decision.stream}",
        expected_version=version,
        type=entry_type,
        data={"event_position": decision.data["event_position"], **data},
        metadata={"causation": decision.position, **({"actor": f"user/{reviewer}"} if reviewer else {})},
    )


# Cannot be reset: it appends to the log, and reading old revisions again would close and reopen cases that
# reviewers have worked on since. The table of cases is rebuilt from the log instead.
CASES = Consumer(
    name="reviews.cases",
    types=frozenset({"decision.made", "decision.revised", RETRACTED}),
    handle=follow_decisions,
    reset=None,
)
