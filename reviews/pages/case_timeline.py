"""The history of a case as sentences."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from reviews.models import Case
from reviews.pages.verdict_form import DraftVerdict
from reviews.quality.blinding import is_blind, seen_steps
from reviews.work.comments import COMMENTED
from reviews.work.reason_codes import action_title, policy_titles, words_of
from scoring.admin_kit.formatting import percent_text
from scoring.admin_kit.personal.access import PersonalAccess
from scoring.admin_kit.time_zones import zoned_text
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type
from scoring.declare.spelling import words_of as words_of_name
from scoring.log import vault
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.timestamps import from_iso

ABOUT_ACTIONS = ("case.action_requested", "case.action_delivered", "case.action_failed")
# An entry with a verdict, and the one that takes it back.
UNDONE_BY = (("case.decided", "case.reopened"), ("case.proposed", "case.proposal_withdrawn"))


class TimelineStep(NamedTuple):
    """An entry of the case's stream; `note` is the reviewer's text, "" where there is none to show."""

    words: str
    who: str
    at: datetime
    note: str
    is_comment: bool = False


def timeline_of(
    case: Case, *, viewer: str, personal: PersonalAccess
) -> tuple[list[TimelineStep], DraftVerdict]:
    """The steps of a case that a viewer may see, latest first, and the verdict that the last one undid.

    Claims that only renew a lease are left out. Notes, which reviewers wrote, are not masked.
    """
    entries = seen_steps(read_stream(f"case/{case.event_stream}"), case, viewer)
    blind = is_blind(case, viewer)
    digests = {entry.data["note"] for entry in entries if entry.data.get("note")}
    notes = vault.reveal(digests) if digests and personal.may_read else {}
    pairs = zip([None, *entries], entries, strict=False)
    shown = [entry for before, entry in pairs if not _renews(before, entry)]
    kind = event_type(case.event_type)
    return [_step(entry, notes, kind, blind=blind) for entry in reversed(shown)], _undone_verdict(
        entries, notes
    )


def _step(entry: Entry, notes: Mapping[str, str], kind: type[EventType], *, blind: bool) -> TimelineStep:
    data = entry.data
    return TimelineStep(
        words=_words(entry, kind, blind=blind),
        who=data.get("reviewer") or _person_of(entry),
        at=entry.recorded_at,
        note=notes.get(data.get("note", ""), ""),
        is_comment=entry.type == COMMENTED,
    )


def last_note(steps: Sequence[TimelineStep]) -> str:
    """The note of the latest step that is no comment, "" for none: that of the verdict or the escalation."""
    return next((step.note for step in steps if not step.is_comment), "")


def _person_of(entry: Entry) -> str:
    """The user who did it, "" for what no person does."""
    kind, _, name = str(entry.metadata.get("actor", "")).partition("/")
    return name if kind == "user" else ""


def _words(entry: Entry, kind: type[EventType], *, blind: bool) -> str:
    """`blind`: the viewer does not know that their verdict was a check."""
    if entry.type == "case.decided" or (entry.type == "case.checked" and blind):
        return _decided(entry, kind)
    if entry.type == "case.checked":
        return _checked(entry, kind)
    if entry.type == "case.proposed":
        return f"Proposed, for a second person to confirm: {_given(entry, kind)}"
    if entry.type == "case.rescored":
        return _rescored(entry, kind)
    return _WORDS.get(entry.type, _plain)(entry)


def _renews(before: Entry | None, entry: Entry) -> bool:
    return (
        before is not None
        and entry.type == "case.claimed"
        and before.data.get("until") is not None
        and before.data["reviewer"] == entry.data["reviewer"]
        and entry.recorded_at <= from_iso(before.data["until"])
    )


def _undone_verdict(entries: Sequence[Entry], notes: Mapping[str, str]) -> DraftVerdict:
    steps = [
        entry
        for entry in entries
        if entry.type not in ("case.claimed", "case.check_opened", COMMENTED, *ABOUT_ACTIONS)
    ]
    if len(steps) < 2 or (steps[-2].type, steps[-1].type) not in UNDONE_BY:
        return DraftVerdict()
    data: dict[str, Any] = steps[-2].data
    return DraftVerdict(
        data["verdict"],
        data["reason_code"],
        notes.get(data["note"], ""),
        data.get("policies", {}),
        data.get("action", ""),
        data.get("strike", False),
        data.get("confidence", ""),
    )


def _opened(entry: Entry) -> str:
    why = Case.Why(entry.data["why"])
    other = entry.data.get("not_for", "")
    return f"Opened: {why.label}{f', for another reviewer than {other}' if other else ''}"


def _rescored(entry: Entry, kind: type[EventType]) -> str:
    by = (
        "The event was corrected and decided again"
        if entry.data.get("corrected")
        else "Decided again by a model"
    )
    return f"{by}: {kind.outcome_title(entry.data['outcome'])}, score {percent_text(entry.data['score'])}"


def _decided(entry: Entry, kind: type[EventType]) -> str:
    confirms = entry.data.get("confirms")
    by = f"Confirmed for {confirms}" if confirms else "Decided as"
    return f"{by} {_given(entry, kind)}"


def _given(entry: Entry, kind: type[EventType]) -> str:
    """A verdict in words, beginning with its label."""
    data = entry.data
    titles, policies = policy_titles(kind), data.get("policies", {})
    reasons = [f"{titles.get(name, name)} ({words_of(code)})" for name, code in policies.items()]
    said = ", ".join(reasons) or words_of(data["reason_code"])
    does = f". {action_title(kind, data['action'])}" if policies and data.get("action") else ""
    sure = f", {data['confidence']} confidence" if data.get("confidence") else ""
    return f"{data['verdict']}: {said}{does}{', with a strike' if data.get('strike') else ''}{sure}"


def _checked(entry: Entry, kind: type[EventType]) -> str:
    check, agrees = Case.Check(entry.data["check"]), entry.data["agrees"]
    compared = "agrees" if agrees else f"differs from {entry.data['standing']}"
    return f"{check.label.capitalize()}, which {compared}. {_decided(entry, kind)}"


def _check_opened(entry: Entry) -> str:
    return f"Opened again: {Case.Check(entry.data['check']).label}"


def _check_withdrawn(entry: Entry) -> str:
    return f"No longer open for others: {entry.data['because']}"


def _golden_changed(entry: Entry) -> str:
    return "Made a golden item" if entry.data["golden"] else "No longer a golden item"


def _reopened(entry: Entry) -> str:
    if entry.data["reviewer"]:
        return "Verdict undone"
    if entry.data["why"] == Case.Why.DUPLICATE:
        return "Reopened: near-duplicate of a decided case"
    return "Reopened: a later decision sent it to review"


def _proposal_withdrawn(entry: Entry) -> str:
    return "Proposed verdict taken back"


def _linked(entry: Entry) -> str:
    events = entry.data["linked"]
    return f"Linked events: {events}" if events else "No linked events any more"


def _viewed(entry: Entry) -> str:
    return "Looked at without claiming it"


def _released(entry: Entry) -> str:
    reason = entry.data.get("reason", "")
    return f"Skipped: {reason}" if reason else "Released"


def _snoozed(entry: Entry) -> str:
    until = from_iso(entry.data["until"])
    return f"Snoozed until {zoned_text(until)}: {entry.data['reason']}"


def _assigned(entry: Entry) -> str:
    to, reason = entry.data["to"], entry.data.get("reason", "")
    return f"Assigned to {to or 'nobody'}{f': {reason}' if reason else ''}"


def _transferred(entry: Entry) -> str:
    return f"Transferred to the queue {entry.data['queue']}: {entry.data['reason']}"


def _closed(entry: Entry) -> str:
    return f"Closed: {entry.data['because']}"


def _plain(entry: Entry) -> str:
    return entry.type.removeprefix("case.").replace("_", " ").capitalize()


def _action_requested(entry: Entry) -> str:
    action, values = words_of_name(entry.data["action"]).capitalize(), entry.data["parameters"]
    entered = ", ".join(f"{words_of_name(name)} {value}" for name, value in values.items())
    because = "requested" if entry.data.get("reviewer") else "follows the verdict"
    return f"{action} {because}{f': {entered}' if entered else ''}"


def _action_delivered(entry: Entry) -> str:
    return f"{words_of_name(entry.data['action']).capitalize()} delivered, answered {entry.data['status']}"


def _action_failed(entry: Entry) -> str:
    status = entry.data["status"]
    why = f"refused, answered {status}" if status else "not delivered"
    return f"{words_of_name(entry.data['action']).capitalize()} {why}"


_WORDS: dict[str, Callable[[Entry], str]] = {
    "case.opened": _opened,
    "case.reopened": _reopened,
    "case.proposal_withdrawn": _proposal_withdrawn,
    "case.linked": _linked,
    "case.viewed": _viewed,
    "case.closed": _closed,
    "case.released": _released,
    "case.snoozed": _snoozed,
    "case.assigned": _assigned,
    "case.transferred": _transferred,
    "case.check_opened": _check_opened,
    "case.check_withdrawn": _check_withdrawn,
    "case.golden_changed": _golden_changed,
    "case.action_requested": _action_requested,
    "case.action_delivered": _action_delivered,
    "case.action_failed": _action_failed,
}
