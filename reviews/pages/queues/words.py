"""Queues, SLAs and the choice of the next case in words."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from reviews.models import Case
from reviews.queue.states import SOON
from scoring.admin_kit.formatting import duration_text, money_text, percent_text
from scoring.declare.spelling import words_of

DEFAULT_NAME = "default queue"


class SlaLine(NamedTuple):
    """The SLA of a case in words, and the tone of its badge."""

    words: str
    tone: str


def queue_title(name: str) -> str:
    return words_of(name) if name else DEFAULT_NAME


def sla_line(due_at: datetime | None, *, now: datetime) -> SlaLine | None:
    """How much of its SLA a case has left; None without one."""
    if due_at is None:
        return None
    if due_at <= now:
        return SlaLine(f"SLA breached {duration_text(now - due_at)} ago", "bad")
    left = f"{duration_text(due_at - now)} to SLA"
    return SlaLine(left, "warn" if due_at <= now + SOON else "neutral")


def next_because(case: Case, *, now: datetime) -> str:
    """Why a claimed case was its claimant's next one, as a sentence."""
    because = case.next_because
    if because.get("assigned"):
        return "Next because it was assigned to you."
    parts = ["it was escalated"] if because.get("escalated") else []
    if because.get("promised"):
        share = percent_text(because["promised"], 0)
        parts.append(f"{share} of your cases are from its source ({case.get_why_display()})")
    parts.append(f"expected loss {money_text(case.expected_loss, case.currency)}")
    if line := sla_line(case.due_at, now=now):
        parts.append(line.words)
    if because.get("linked"):
        parts.append(f"first of {because['linked']} cases of linked entities")
    return f"Next because: {', '.join(parts)}."


def sla_text(minutes: int) -> str:
    """An SLA such as "2 h"; "none"."""
    return duration_text(timedelta(minutes=minutes)) if minutes else "none"


def members_text(terms: Mapping[str, Any]) -> str:
    members = [*terms["groups"], *terms["users"]]
    return ", ".join(members) if members else "all reviewers"
