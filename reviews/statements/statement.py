"""The statement of reasons for a restriction: what Article 17 of the EU's Digital Services Act asks of one.

It says what was decided and for how long, on which facts and grounds, what machines had to do with it, and
how to object. The sender passes it on to the author.
"""

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings

from reviews.console.reports import reports_about
from reviews.errors import NoStatement
from reviews.models import Case
from reviews.statements.automated import broken_policies_in
from reviews.statements.reviewed import Review, review_of
from reviews.work.reason_codes import OTHER, action_title, words_of
from reviews.work.verdict_rules import ALLOW, REVIEW
from scoring.catalog.event_type import EventType
from scoring.catalog.policies import TERMS, Policy
from scoring.catalog.registry import event_type
from scoring.intake.answers import current_version, decided_by, reasons_from
from scoring.intake.errors import EventNotFound
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.timestamps import from_iso, to_iso

MAX_FACTS = 5
DECIDERS = {
    "model": "A statistical model",
    "rule": "A rule",
    "bank": "A comparison with known pictures and videos",
    "list": "A list of values",
}
# What an outcome does to content, in the words of the regulation; other outcomes are "other".
RESTRICTIONS = {"block": "removal", "limit": "demotion", "label": "labeling"}


class Decided(NamedTuple):
    """The restriction to give reasons for. `review`: None if no person decided."""

    action: str
    policies: Mapping[str, str]  # reason code by name, "" where a machine decided
    at: datetime
    review: Review | None
    decision: Entry | None
    noun: str  # what the event is called: "comment"

    @property
    def granted(self) -> Case | None:
        """The case of the appeal that overturned the decision or made it milder."""
        return self.review.granted if self.review else None

    @property
    def is_overturned(self) -> bool:
        """Whether nothing restricts the event any more."""
        return self.granted is not None and self.granted.action == ALLOW


def statement_of(event_stream: str, *, now: datetime) -> dict[str, Any]:
    """The statement of reasons for the restriction of an event, which holds or was overturned.

    Raises `EventNotFound`, and `NoStatement` for an event that nothing restricts or that is only held until
    its media are processed.
    """
    stream = read_stream(event_stream)
    if not stream:
        raise EventNotFound(event_stream)
    event, kind = current_version(stream).data, event_type(stream[0].data["type"])
    decided = _decided(stream, kind)
    if decided is None:
        raise NoStatement(event_stream)
    about = reports_about(kind.name, source=event["source"], external_id=str(event["id"]))
    reports = about.filter(received_at__lte=decided.at).count()
    return {
        "event": {
            "type": kind.name,
            "source": event["source"],
            "id": event["id"],
            "occurred_at": event["occurred_at"],
        },
        "decision": _decision(kind, decided),
        "facts": _facts(kind, decided, reports),
        "automated_means": _automated(decided),
        "grounds": _grounds(kind, decided),
        "redress": _redress(decided),
        "issued_at": to_iso(now),
    }


def _decided(stream: list[Entry], kind: type[EventType]) -> Decided | None:
    """The restriction by a person, or else by the latest decision; None if there is none.

    Raises `NoStatement` while the event is only held.
    """
    decisions = [entry for entry in stream if entry.type.startswith("decision.")]
    decision = decisions[-1] if decisions else None
    review = review_of(stream[0].position, kind.name)
    noun = kind.noun_of(current_version(stream).data["fields"])
    first = review.first if review else None
    if first is not None and first.decided_at is not None:
        if first.action in ("", ALLOW):
            return None
        return Decided(first.action, first.policies, first.decided_at, review, decision, noun)
    if decision is None or decision.data["outcome"] in (ALLOW, REVIEW):
        return None
    if decision.data.get("held"):
        raise NoStatement(decision.stream, held=True)
    broken = dict.fromkeys(broken_policies_in(decision.data), "")
    return Decided(decision.data["outcome"], broken, _holds_since(decisions), review, decision, noun)


def _holds_since(decisions: Sequence[Entry]) -> datetime:
    """When the outcome of the last decision began to hold: a revision that confirms it does not move that.

    Time in which the event was held for its media does not count.
    """
    outcome = decisions[-1].data["outcome"]
    same = itertools.takewhile(
        lambda entry: entry.data["outcome"] == outcome and not entry.data.get("held"), reversed(decisions)
    )
    return from_iso([entry.data["decided_at"] for entry in same][-1])


def _decision(kind: type[EventType], decided: Decided) -> dict[str, Any]:
    granted, ended = decided.granted, decided.is_overturned
    action = granted.action if granted and not ended else decided.action
    return {
        "action": action,
        "title": action_title(kind, action),
        "restriction": RESTRICTIONS.get(action, "other"),
        "decided_at": to_iso(decided.at),
        "territorial_scope": settings.STATEMENT_SCOPE,
        "duration": "ended" if ended else "until it is overturned",
        "ended_at": to_iso(granted.decided_at) if ended and granted and granted.decided_at else None,
        "reduced_from": decided.action if action != decided.action else None,
        "strike": bool(not granted and decided.review and decided.review.strike),
        "overturned": ended,
    }


def _facts(kind: type[EventType], decided: Decided, reports: int) -> dict[str, Any]:
    found = [words_of(code) for code in decided.policies.values() if code]
    first = decided.review.first if decided.review else None
    if not found and first is not None and first.reason_code not in ("", OTHER.code):
        found = [words_of(first.reason_code)]
    if not found and decided.decision is not None:
        found = [reason["text"] for reason in reasons_from(decided.decision.data)[:MAX_FACTS]]
    return {
        "found": found,
        "origin": "notice" if reports else "own_initiative",
        "reports": reports,
        "content": f"{decided.noun} as it read when it was decided",
    }


def _automated(decided: Decided) -> dict[str, Any]:
    by_person = decided.review is not None and decided.review.first is not None
    first = decided.review.first if decided.review else None
    alike = first is not None and first.why == Case.Why.DUPLICATE  # software found that it is like another
    detected = alike or (decided.decision is not None and decided.decision.data["outcome"] != ALLOW)
    by = "" if by_person or decided.decision is None else decided_by(decided.decision.data)
    return {
        "detection": detected,
        "decision": not by_person,
        "decided_by": by or "person",
        "explanation": _how(by, detected=detected),
    }


def _how(by: str, *, detected: bool) -> str:
    """How an event was found and decided. `by`: what part of the software decided, "" for a person."""
    if by:
        return f"{DECIDERS.get(by, 'Software')} found and decided this without a person."
    if detected:
        return "Software found this; a person decided it."
    return "A person decided this; software played no part."


def _grounds(kind: type[EventType], decided: Decided) -> list[dict[str, Any]]:
    """A ground for each broken policy; the terms where a list, a rule or the overall score decided."""
    broken = [policy for policy in kind.policies if policy.name in decided.policies]
    return [_ground(policy, decided) for policy in broken] or [_terms()]


def _terms() -> dict[str, Any]:
    return {
        "policy": None,
        "title": "Terms",
        "kind": "contractual",
        "reference": settings.STATEMENT_TERMS,
        "explanation": "No policy is named: a list, a rule, the overall score or a person decided",
        "reason_code": None,
        "reason": None,
    }


def _ground(policy: Policy, decided: Decided) -> dict[str, Any]:
    code = decided.policies[policy.name]
    of_terms = policy.ground == TERMS
    return {
        "policy": policy.name,
        "title": policy.title or policy.name,
        "kind": "contractual" if of_terms else "legal",
        "reference": policy.reference or (settings.STATEMENT_TERMS if of_terms else ""),
        "explanation": policy.description,
        "reason_code": code or None,
        "reason": words_of(code) if code else None,
    }


def _redress(decided: Decided) -> dict[str, Any]:
    until = decided.at + timedelta(days=settings.STATEMENT_COMPLAINT_DAYS)
    return {
        "internal_complaint": {"how": settings.STATEMENT_COMPLAINT, "until": to_iso(until), "free": True},
        "out_of_court": settings.STATEMENT_DISPUTES,
        "judicial": "A court may be asked at any time.",
    }
