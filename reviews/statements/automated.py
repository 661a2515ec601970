"""Restrictions that software decided without a person, kept as a table of their own for the figures."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reviews.console.reports import reports_about
from reviews.models import AutomatedAction, AutomatedSum
from reviews.statements.automated_sums import add_to_sums, take_from_sums
from reviews.work.verdict_rules import ALLOW, REVIEW
from scoring.catalog.registry import event_types
from scoring.intake.answers import decided_by
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry
from scoring.timestamps import from_iso


def broken_policies_in(decision: Mapping[str, Any]) -> list[str]:
    """The policies for which software gave a decision's outcome: of the hash banks that matched, and those
    whose score asks for it or, where the main score asks for more, for anything.
    """
    outcome, heads = decision["outcome"], decision.get("policies") or {}
    found = [name for name, head in heads.items() if head.get("outcome") == outcome]
    if not found and decided_by(decision) == "model":
        found = [name for name, head in heads.items() if head.get("outcome") not in (None, ALLOW)]
    of_banks = [each["policy"] for each in decision.get("findings", ()) if each.get("policy")]
    return list(dict.fromkeys([*found, *of_banks]))


def follow_decisions(entries: Sequence[Entry], *, now: datetime) -> None:
    """Keep the restriction that the latest decision of each event gives, in the caller's transaction.

    A revision that confirms a restriction does not move its time. What is held until its media are processed
    is not restricted for what it says.
    """
    policed = {name for name, kind in event_types().items() if kind.policies}
    latest = {entry.data["event_position"]: entry for entry in entries if entry.data["event_type"] in policed}
    if not latest:
        return
    standing = AutomatedAction.objects.in_bulk(list(latest))
    take_from_sums(list(standing))
    AutomatedAction.objects.filter(pk__in=standing).delete()
    rows = [
        _row(entry, standing.get(position)) for position, entry in latest.items() if _restricts(entry.data)
    ]
    AutomatedAction.objects.bulk_create(rows)
    add_to_sums([row.event_position for row in rows])


def forget() -> None:
    """Empty the table and its daily sums, to build them again."""
    AutomatedAction.objects.all().delete()
    AutomatedSum.objects.all().delete()


def _restricts(decision: Mapping[str, Any]) -> bool:
    return decision["outcome"] not in (ALLOW, REVIEW) and not decision.get("held")


def _row(entry: Entry, before: AutomatedAction | None) -> AutomatedAction:
    data = entry.data
    confirmed = before is not None and before.action == data["outcome"]
    decided_at = before.decided_at if before is not None and confirmed else from_iso(data["decided_at"])
    return AutomatedAction(
        event_position=data["event_position"],
        event_type=data["event_type"],
        action=data["outcome"],
        decided_by=decided_by(data),
        policies=broken_policies_in(data),
        reported=before.reported if before is not None and confirmed else _is_reported(entry, decided_at),
        received_at=from_iso(data.get("received_at") or data["decided_at"]),
        decided_at=decided_at,
    )


def _is_reported(entry: Entry, at: datetime) -> bool:
    """Whether users had reported the event. A first decision is made at receipt, before anybody saw it."""
    if not entry.data["revision"]:
        return False
    _, source, external_id = entry.stream.split("/", 2)
    about = reports_about(entry.data["event_type"], source=source, external_id=external_id)
    return about.filter(received_at__lte=at).exists()


AUTOMATED = Consumer(
    name="reviews.automated",
    types=frozenset({"decision.made", "decision.revised"}),
    handle=follow_decisions,
    reset=forget,
)
