"""What happened to a case, in words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from reviews.models import Case
from reviews.work.reason_codes import words_of
from scoring.admin_kit.formatting import percent_text
from scoring.log import vault
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.timestamps import from_iso


class Step(NamedTuple):
    """An entry of the case's stream; `note` as the reviewer wrote it, "" where there is none to show."""

    words: str
    who: str
    at: datetime
    note: str


class Verdict(NamedTuple):
    """What was said of a case: a verdict that was taken back, or one being given."""

    value: str = ""
    reason_code: str = ""
    note: str = ""


def timeline_of(case: Case, *, personal: bool) -> tuple[list[Step], Verdict]:
    """The steps of a case, the latest first, and the verdict that the last step took back, if it did.

    Claims that only renew the one before are left out. Notes are told only if `personal`.
    """
    entries = read_stream(f"case/{case.event_stream}")
    digests = {entry.data["note"] for entry in entries if entry.data.get("note")}
    notes = vault.reveal(digests) if digests and personal else {}
    pairs = zip([None, *entries], entries, strict=False)
    told = [entry for before, entry in pairs if not _renews(before, entry)]
    return [_step(entry, notes) for entry in reversed(told)], _taken_back(entries, notes)


def _step(entry: Entry, notes: Mapping[str, str]) -> Step:
    data = entry.data
    return Step(
        words=_WORDS.get(entry.type, _plain)(entry),
        who=data.get("reviewer") or entry.metadata.get("actor", "").removeprefix("user/"),
        at=entry.recorded_at,
        note=notes.get(data.get("note", ""), ""),
    )


def _renews(before: Entry | None, entry: Entry) -> bool:
    return (
        before is not None
        and entry.type == "case.claimed"
        and before.data.get("until") is not None
        and before.data["reviewer"] == entry.data["reviewer"]
        and entry.recorded_at <= from_iso(before.data["until"])
    )


def _taken_back(entries: Sequence[Entry], notes: Mapping[str, str]) -> Verdict:
    steps = [entry for entry in entries if entry.type != "case.claimed"]
    if len(steps) < 2 or (steps[-2].type, steps[-1].type) != ("case.decided", "case.reopened"):
        return Verdict()
    data: dict[str, Any] = steps[-2].data
    return Verdict(data["verdict"], data["reason_code"], notes.get(data["note"], ""))


def _opened(entry: Entry) -> str:
    return f"Opened: {Case.Why(entry.data['why']).label}"


def _rescored(entry: Entry) -> str:
    by = (
        "The event was corrected, and decided anew"
        if entry.data.get("corrected")
        else "Decided anew by a model"
    )
    return f"{by}: {entry.data['outcome']}, score {percent_text(entry.data['score'])}"


def _decided(entry: Entry) -> str:
    return f"Decided as {entry.data['verdict']}: {words_of(entry.data['reason_code'])}"


def _reopened(entry: Entry) -> str:
    if entry.data["reviewer"]:
        return "Verdict taken back"
    return "Opened again: a later decision sent it to review"


def _closed(entry: Entry) -> str:
    return f"Closed: {entry.data['because']}"


def _plain(entry: Entry) -> str:
    return entry.type.removeprefix("case.").replace("_", " ").capitalize()


_WORDS: dict[str, Callable[[Entry], str]] = {
    "case.opened": _opened,
    "case.rescored": _rescored,
    "case.decided": _decided,
    "case.reopened": _reopened,
    "case.closed": _closed,
}
